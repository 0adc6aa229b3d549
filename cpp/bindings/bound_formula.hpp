// How does a formula become a Python class? One class per member of a list, with the fields as its
// signature; all derive from `Formula`.
#pragma once

#include <pybind11/stl.h>

#include <concepts>

#include "bindings/checked_object.hpp"
#include "formulas/registry.hpp"

namespace chainrule {

// The base class: an immutable description, compared and hashed by value.
struct BoundFormula {
  FormulaSpec spec;
  const char* class_name = "";
  py::dict (*describe)(const FormulaSpec& spec) = nullptr;
};

// A field as Python has it.
template <class Value>
py::object field_to_python(const Value& value) {
  return py::cast(value);
}
inline py::object field_to_python(const Numbers& numbers) {
  return py::tuple(py::cast(std::vector<double>(numbers.begin(), numbers.end())));
}

// The name and the fields.
template <class F>
py::dict describe_formula(const FormulaSpec& spec) {
  py::dict description;
  description["name"] = F::name;
  const F formula = from_spec<F>(spec);
  for_each_field(formula, [&](const auto& field) {
    description[field.name] = field_to_python(shown(formula, field));
  });
  return description;
}

// The formulas of the four families in submodules, and `Formula`.
void bind_formulas(py::module_& module);

}  // namespace chainrule

template <std::derived_from<chainrule::BoundFormula> F>
class pybind11::detail::type_caster<F> : public chainrule::CheckedCaster<F> {};
