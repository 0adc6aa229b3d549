// How do descriptions, states and traces become Python objects, and back?
#pragma once

#include <string>

#include "bindings/bound_formula.hpp"
#include "bindings/network_object.hpp"
#include "network/state.hpp"

namespace chainrule {

// The description of a model as a dict: what files hold, without the versions. TypeError for kinds
// that JSON does not have.
ModelDescription description_from_python(const py::dict& description);
py::dict description_to_python(const ModelDescription& description);

// All tensors of a network under the names of files, optimiser state included, and the description
// as its text in files, under "chainrule".
template <class T>
py::dict state_to_python(const Network<T>& network);

// The data of the arrays in the order of `expected`; names, shapes and dtypes must be exactly
// those. What is missing, if it may be, is null.
std::vector<const void*> tensors_from_python(const std::vector<TensorShape>& expected,
                                             const py::dict& tensors, bool may_be_missing = false);

// What initialize() takes for the initialisers that are arrays; nothing if there are none.
std::vector<const void*> given_from_python(const NetworkSpec& spec, const py::dict& arrays);

// One step looked at, as nested dicts of arrays.
template <class T>
py::dict trace_to_python(const Network<T>& network, Index rows, const Trace<T>& trace);

}  // namespace chainrule
