#include "bindings/plain_first.hpp"

#include <structmember.h>

#include <cstddef>
#include <stdexcept>

namespace chainrule {

namespace {

struct PlainFirst {
  PyObject_HEAD vectorcallfunc vectorcall;
  PlainCall call;
  PyObject* slow;
  PyObject* weak_references;
};

PlainFirst* method_of(PyObject* self) { return reinterpret_cast<PlainFirst*>(self); }

PyObject* call(PyObject* self, PyObject* const* arguments, std::size_t n, PyObject* names) {
  try {
    PyObject* result = method_of(self)->call(arguments, PyVectorcall_NARGS(n), names);
    if (result != nullptr) return result;
  } catch (py::error_already_set& error) {
    error.restore();
    return nullptr;
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::invalid_argument& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
    return nullptr;
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
    return nullptr;
  }
  return PyObject_Vectorcall(method_of(self)->slow, arguments, n, names);
}

PyObject* bind(PyObject* self, PyObject* object, PyObject* /*type*/) {
  if (object != nullptr && object != Py_None) return PyMethod_New(self, object);
  return Py_NewRef(self);
}

// Whoever looks at it sees the Python function: name, signature, documentation, source.
PyObject* represent(PyObject* self) { return PyObject_Repr(method_of(self)->slow); }
PyObject* attribute(PyObject* self, PyObject* name) {
  for (const char* own : {"__class__", "__reduce__", "__reduce_ex__"})
    if (PyUnicode_CompareWithASCIIString(name, own) == 0)
      return PyObject_GenericGetAttr(self, name);
  if (PyUnicode_CompareWithASCIIString(name, "__wrapped__") == 0)
    return Py_NewRef(method_of(self)->slow);
  return PyObject_GetAttr(method_of(self)->slow, name);
}

// Pickled as a function is: by where it is found.
PyObject* reduce(PyObject* self, PyObject* /*unused*/) {
  return PyObject_GetAttrString(self, "__qualname__");
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(method_of(self)->slow);
  return 0;
}
int clear(PyObject* self) {
  Py_CLEAR(method_of(self)->slow);
  return 0;
}
void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (method_of(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyTypeObject* make_type() {
  static PyMemberDef members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(PlainFirst, vectorcall), READONLY, nullptr},
      {"__weaklistoffset__", T_PYSSIZET, offsetof(PlainFirst, weak_references), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr}};
  static PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr},
                                  {nullptr, nullptr, 0, nullptr}};
  static PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
                                {Py_tp_getattro, reinterpret_cast<void*>(attribute)},
                                {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                                {Py_tp_clear, reinterpret_cast<void*>(clear)},
                                {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                                {Py_tp_repr, reinterpret_cast<void*>(represent)},
                                {Py_tp_methods, methods},
                                {Py_tp_members, members},
                                {0, nullptr}};
  static PyType_Spec spec{"chainrule._core.PlainFirst", sizeof(PlainFirst), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                              Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                          slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) throw py::error_already_set();
  return reinterpret_cast<PyTypeObject*>(type);
}

}  // namespace

py::object plain_first(PlainCall plain, const py::function& slow) {
  static PyTypeObject* const type = make_type();
  auto* method = reinterpret_cast<PlainFirst*>(type->tp_alloc(type, 0));
  if (method == nullptr) throw py::error_already_set();
  method->vectorcall = call;
  method->call = plain;
  method->slow = Py_NewRef(slow.ptr());
  return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(method));
}

}  // namespace chainrule
