// How is a family of formulas enumerated? One list per family; everything else loops over it.
#pragma once

#include <string_view>

#include "base/index.hpp"

namespace chainrule {

template <class... Members>
struct TypeList {
  static constexpr Index size = sizeof...(Members);
};

// The members of both, in order.
template <class... Members, class... Others>
TypeList<Members..., Others...> joined(TypeList<Members...>, TypeList<Others...>);

// Calls f.template operator()<Member>() for each member, in order.
template <class F, class... Members>
constexpr void for_each_type(TypeList<Members...>, F&& f) {
  (f.template operator()<Members>(), ...);
}

// Position of the member called `name`; -1 if there is none.
template <class... Members>
constexpr Index find_by_name(TypeList<Members...>, std::string_view name) {
  Index position = 0, found = -1;
  ((name == Members::name ? void(found = position++) : void(++position)), ...);
  return found;
}

}  // namespace chainrule
