// How are the parts of the class `Network` bound? Each file beside this one adds the methods of one
// subject; this is what they share.
#pragma once

#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include "bindings/bound_formula.hpp"
#include "bindings/network_object.hpp"

namespace chainrule {

using NetworkClass = py::class_<NetworkObject>;
using OptionalFormula = py::typing::Optional<BoundFormula>;

inline const FormulaSpec* spec_or_null(const OptionalFormula& formula) {
  return formula.is_none() ? nullptr : &formula.cast<const BoundFormula&>().spec;
}

inline const double* pointer_or_null(const std::optional<double>& x) { return x ? &*x : nullptr; }

void bind_prediction(NetworkClass& cls);
void bind_steps(NetworkClass& cls);
void bind_state(NetworkClass& cls);
void bind_saving(NetworkClass& cls);
void bind_plain_calls(py::module_& module, const NetworkClass& cls);

}  // namespace chainrule
