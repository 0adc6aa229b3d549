// How does text pass between Python and the core, when it is not what UTF-8 can hold?
#pragma once

#include <pybind11/pybind11.h>

#include <iterator>
#include <string>

namespace chainrule {

namespace py = pybind11;

// Text of Python; half a surrogate pair becomes what Python's source has for it, "\ud800".
inline std::string to_utf8(const py::handle& text) {
  return py::bytes(text.attr("encode")("utf-8", "backslashreplace"));
}

// Text of the core with names of files or values of the environment, whose bytes may be any: what
// is not UTF-8 becomes "\xff", so that everybody can print it.
inline py::str to_python(const std::string& text) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(text.data(), std::ssize(text), "backslashreplace"));
}

}  // namespace chainrule
