// Which formulas are there? The four lists, included once for everything that is not vector code,
// and look-up by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/check.hpp"
#include "base/fields.hpp"
#include "base/index.hpp"
#include "base/scalar_math.hpp"
#include "base/type_list.hpp"
#include "formulas/initializers.hpp"
#include "formulas/lbfgs.hpp"

namespace chainrule {

#include "formulas/activations.inl"
#include "formulas/losses.inl"
#include "formulas/optimizers.inl"

// Kernels know those that work element by element, in Optimizers; users and files know all.
using AllOptimizers = decltype(joined(Optimizers{}, TypeList<Lbfgs>{}));

// A member of a family with the values of its fields in order (a bool is 0 or 1): what
// descriptions, files and plans hold. Identity is the name.
struct FormulaSpec {
  std::string name;
  std::vector<double> values;

  bool operator==(const FormulaSpec&) const = default;
};

// The names of a list, in order.
template <class List>
std::vector<std::string> names(List list) {
  std::vector<std::string> all;
  for_each_type(list, [&]<class F>() { all.emplace_back(F::name); });
  return all;
}

// "activation: unknown name 'rleu'; did you mean relu? Known: identity, ..."
std::string unknown_text(std::string_view family, std::string_view name,
                         const std::vector<std::string>& known);

// std::invalid_argument with these words.
[[noreturn]] void throw_unknown(std::string_view family, std::string_view name,
                                const std::vector<std::string>& known);

// Calls f.template operator()<F>() for the member called `name`; std::invalid_argument if there is
// none. f may change what `name` is part of.
template <class List, class Function>
void with_member(List list, std::string_view family, std::string_view name, Function&& f) {
  bool found = false;
  for_each_type(list, [&]<class F>() {
    if (!found && name == F::name) {
      found = true;
      f.template operator()<F>();
    }
  });
  if (!found) throw_unknown(family, name, names(list));
}

// Where the slopes of an activation that learns them begin; nothing for all others.
std::optional<double> initial_slope(const FormulaSpec& activation);

template <class F>
FormulaSpec to_spec(const F& formula) {
  return {F::name, values_of(formula)};
}

// The formula with the values of `spec`; ranges are checked.
template <class F>
F from_spec(const FormulaSpec& spec) {
  check(are_values<F>(spec.values.data(), spec.values.size()), F::name,
        ": expected a value for each field");
  const F formula = from_values<F>(spec.values.data());
  check_fields(formula);
  return formula;
}

// How many slots an optimiser with these fields has, and what each is called.
template <class F>
Index count_slots(const F& formula) {
  if constexpr (requires { formula.count_slots(); })
    return formula.count_slots();
  else
    return F::n_slots;
}
template <class F>
std::string name_of_slot(Index s) {
  if constexpr (requires { F::slot_name(s); })
    return F::slot_name(s);
  else
    return F::slots[s];
}

// Whether it remembers anything in slot s.
template <class F>
bool uses_slot(const F& formula, Index s) {
  if constexpr (requires { formula.uses_slot(s); })
    return s < F::n_slots_always || formula.uses_slot(s);
  else
    return true;
}

// The member called `name` with its defaults.
template <class List>
FormulaSpec default_spec(List list, std::string_view family, std::string_view name) {
  FormulaSpec spec;
  with_member(list, family, name, [&]<class F>() { spec = to_spec(F{}); });
  return spec;
}

}  // namespace chainrule
