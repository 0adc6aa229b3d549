// How does Python see a formula? As an object of a class with its fields; all classes derive from
// `Formula`, and hold the same.
#pragma once

#include "bindings/checked_object.hpp"
#include "bindings/formula_info.hpp"

namespace chainrule {

// An immutable description, compared and hashed by value.
struct BoundFormula {
  FormulaSpec spec;
};

// The name and the fields.
py::dict describe(const FormulaSpec& spec);

// The formula with these fields, the others at their defaults; errors name the field.
BoundFormula formula_from_fields(const FormulaInfo& info, const py::dict& fields);

// The object of its class.
py::object formula_to_python(const FormulaSpec& spec);

// The class of a formula, made in the module of its family.
py::object bind_formula(py::module_& family, const FormulaInfo& info);

// The formulas of the four families in submodules, and `Formula`.
void bind_formulas(py::module_& module);

}  // namespace chainrule

template <>
class pybind11::detail::type_caster<chainrule::BoundFormula>
    : public chainrule::CheckedCaster<chainrule::BoundFormula> {};
