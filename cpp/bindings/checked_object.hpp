// What holds for every object of Python with something of the core inside? Nobody uses it before
// its __init__ has run, and no protocol of pickle ends the process.
#pragma once

#include <pybind11/pybind11.h>

#include <stdexcept>

#include "base/check.hpp"

namespace chainrule {

namespace py = pybind11;

// Whether everything inside an object of a bound class is there.
inline bool is_constructed(py::handle object) {
  auto* instance = reinterpret_cast<py::detail::instance*>(object.ptr());
  if (instance->simple_layout) return instance->simple_holder_constructed;
  for (const auto& held : py::detail::values_and_holders(instance))
    if (!held.holder_constructed()) return false;
  return true;
}

// What is inside an object of the bound class `type`, found without a table; null if it is another
// one, or has not been constructed.
template <class T>
T* object_or_null(PyObject* object, PyTypeObject* type) {
  if (!PyObject_TypeCheck(object, type)) return nullptr;
  auto* instance = reinterpret_cast<py::detail::instance*>(object);
  if (!instance->simple_layout) return nullptr;
  return static_cast<T*>(instance->get_value_and_holder().value_ptr());
}

// Python to C++ for bound classes: pybind11 alone would hand out memory that nothing has written
// to.
template <class T>
class CheckedCaster : public py::detail::type_caster_base<T> {
  using Base = py::detail::type_caster_base<T>;

 public:
  bool load(py::handle object, bool convert) {
    if (PyObject_TypeCheck(object.ptr(), this->typeinfo->type) && !is_constructed(object))
      throw std::runtime_error(text("this ", Py_TYPE(object.ptr())->tp_name,
                                    " was never built; its __init__ never ran"));
    return Base::load(object, convert);
  }
};

// Python's own way to pickle, at the protocols 0 and 1, makes an object of a base that has none.
template <class Class>
void refuse_pickling(Class& cls) {
  cls.def("__reduce__", [](const py::object& self) -> py::object {
    throw py::type_error(text("cannot pickle '", Py_TYPE(self.ptr())->tp_name, "' object"));
  });
}

}  // namespace chainrule
