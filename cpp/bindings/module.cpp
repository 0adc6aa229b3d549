// What does Python see? The table of contents of `chainrule._core`.
#include "base/files.hpp"
#include "bindings/bound_formula.hpp"
#include "bindings/network_object.hpp"
#include "bindings/text.hpp"
#include "network/model_file.hpp"

namespace py = pybind11;

namespace {

// OSError picks the class by the number: FileNotFoundError, PermissionError, ...
void raise_os_error(std::exception_ptr raised) {
  try {
    std::rethrow_exception(raised);
  } catch (const chainrule::FileError& error) {
    const py::str what = chainrule::to_python(error.what());
    PyErr_SetObject(PyExc_OSError, py::make_tuple(error.code().value(), what).ptr());
  }
}

}  // namespace

PYBIND11_MODULE(chainrule_core, module) {
  module.doc() = "The compiled core of chainrule. Private: use the package chainrule.";
  py::register_exception<chainrule::ModelFileError>(module, "ModelFileError", PyExc_ValueError);
  py::register_local_exception_translator(raise_os_error);
  chainrule::bind_formulas(module);
  chainrule::bind_training(module);
  chainrule::bind_network(module);
  chainrule::bind_predictor(module);
  chainrule::bind_runtime(module);
  chainrule::bind_schedules(module);
  py::list public_names;
  for (const auto& item : module.attr("__dict__").cast<py::dict>())
    if (item.first.cast<std::string>()[0] != '_') public_names.append(item.first);
  module.attr("__all__") = public_names;
}

// pybind11 would wait for ever in another interpreter of the process than its first, so this is
// asked before it begins.
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return PyInit_chainrule_core();
  PyErr_SetString(PyExc_ImportError,
                  "chainrule works in the main interpreter of a process only, not in "
                  "sub-interpreters (mod_wsgi: WSGIApplicationGroup %{GLOBAL})");
  return nullptr;
}
