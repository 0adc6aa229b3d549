// How does a formula become a Python class? One class per member of a list, with the fields as its
// signature; all derive from `Formula`.
#pragma once

#include <pybind11/pybind11.h>

#include "formulas/registry.hpp"

namespace chainrule {

namespace py = pybind11;

// The base class: an immutable description, compared and hashed by value.
struct BoundFormula {
  FormulaSpec spec;
  const char* class_name = "";
  py::dict (*describe)(const FormulaSpec& spec) = nullptr;
};

// The formulas of the four families in submodules, and `Formula`.
void bind_formulas(py::module_& module);

}  // namespace chainrule
