// How does a formula become a Python class? One class per member of a list, with the fields as its
// signature; all derive from `Formula`.
#pragma once

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

// The value of a field; two numbers that belong together are a tuple.
template <class Value>
py::object field_to_python(const Value& value) {
  if constexpr (std::same_as<Value, Pair>)
    return py::make_tuple(value.first, value.second);
  else
    return py::cast(value);
}

// The formulas of the four families in submodules, and `Formula`.
void bind_formulas(py::module_& module);

}  // namespace chainrule

template <std::derived_from<chainrule::BoundFormula> F>
class pybind11::detail::type_caster<F> : public chainrule::CheckedCaster<F> {};
