// How does a method answer within nanoseconds what needs no conversion and no words, and leave the
// rest to Python? A descriptor in the place of the Python function: called, it asks the core first.
#pragma once

#include <pybind11/pybind11.h>

namespace chainrule {

namespace py = pybind11;

// What a plain call returns; null if this one is not plain: nothing has been done then. `arguments`
// are by position, `self` first, then those that `names` (a tuple, or null) names.
using PlainCall = PyObject* (*)(PyObject* const* arguments, py::ssize_t n_by_position,
                                PyObject* names);

// `slow` as a method whose plain calls are answered by `call`; it keeps name, signature and
// documentation.
py::object plain_first(PlainCall call, const py::function& slow);

}  // namespace chainrule
