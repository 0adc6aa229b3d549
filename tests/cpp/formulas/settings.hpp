// Which values may the fields of a formula have? Its defaults, and other ones for each field.
#pragma once

#include <cmath>
#include <vector>

#include "base/fields.hpp"

namespace chainrule::test {

// A value that the field may have, clearly not the one of `formula`.
template <class F, class FieldOfF>
typename FieldOfF::Value other_value(const F& formula, const FieldOfF& field) {
  using Value = typename FieldOfF::Value;
  const Value value = formula.*(field.member);
  if constexpr (is_choice<FieldOfF>) {
    return static_cast<Value>((static_cast<std::size_t>(value) + 1) % field.words.size());
  } else if constexpr (std::is_same_v<Value, bool>) {
    return !value;
  } else if constexpr (std::is_same_v<Value, Numbers>) {
    return {0.25, 0.75};
  } else if constexpr (std::is_same_v<Value, MaybeNumber>) {
    return value ? MaybeNumber() : 0.25;
  } else if constexpr (std::is_same_v<Value, Index>) {
    return value / 2;
  } else {
    const Value near = static_cast<Value>(value - Value(0.1));
    if (std::isinf(field.range.low)) return near;
    const Value inside = static_cast<Value>(field.range.high == 1 ? 0.5 : 0.25);
    return inside == value ? inside / 2 : inside;
  }
}

template <class F>
bool is_allowed(const F& formula) {
  bool allowed = true;
  for_each_field(formula, [&](const auto& field) {
    for_each_number(formula.*(field.member),
                    [&](double x) { allowed = allowed && field.range.contains(x); });
  });
  if constexpr (requires { formula.conflict(); })
    allowed = allowed && formula.conflict() == nullptr;
  return allowed;
}

// The defaults, then for each field the same with another value of it, where that is allowed.
template <class F>
std::vector<F> settings() {
  std::vector<F> all{F{}};
  for_each_field(F{}, [&](const auto& field) {
    F formula;
    formula.*(field.member) = other_value(formula, field);
    if constexpr (requires { formula.conflict(); })
      if (formula.conflict() != nullptr) return;
    check_fields(formula);
    all.push_back(formula);
  });
  return all;
}

// The defaults, then for each field, which are numbers, the ends of its range, small ones and large
// ones, as far as they are allowed.
template <class F>
std::vector<F> wide_settings() {
  std::vector<F> all{F{}};
  for_each_field(F{}, [&](const auto& field) {
    for (const double value : {-1.0, 0.0, 0.25, 0.5, 1.0, 2.0, 2.5}) {
      F formula;
      using Value = typename std::remove_reference_t<decltype(field)>::Value;
      if constexpr (std::is_same_v<Value, Numbers>)
        formula.*(field.member) = {value, 0.125};
      else
        formula.*(field.member) = static_cast<Value>(value);
      if (is_allowed(formula)) all.push_back(formula);
    }
  });
  return all;
}

}  // namespace chainrule::test
