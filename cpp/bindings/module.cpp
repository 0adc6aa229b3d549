// What does Python see? The table of contents of `chainrule._core`.
#include "bindings/bound_formula.hpp"
#include "bindings/network_object.hpp"
#include "network/model_file.hpp"

PYBIND11_MODULE(_core, module) {
  namespace py = pybind11;
  module.doc() = "The compiled core of chainrule. Private: use the package chainrule.";
  py::register_exception<chainrule::ModelFileError>(module, "ModelFileError", PyExc_ValueError);
  chainrule::bind_formulas(module);
  chainrule::bind_training(module);
  chainrule::bind_network(module);
  chainrule::bind_runtime(module);
  py::list public_names;
  for (const auto& item : module.attr("__dict__").cast<py::dict>())
    if (item.first.cast<std::string>()[0] != '_') public_names.append(item.first);
  module.attr("__all__") = public_names;
}
