// Which formulas does Python see? The base of their classes, and a submodule for each family.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/bound_formula.hpp"
#include "bindings/text.hpp"

namespace chainrule {

namespace {

// A submodule with the classes of a family, names(), get() and from_description().
void bind_family(py::module_& module, const FamilyInfo& family) {
  py::module_ submodule = module.def_submodule(family.name, text("The ", family.name, ".").c_str());
  py::dict classes;
  py::list public_names;
  for (const FormulaInfo& member : family.members) {
    classes[member.name] = bind_formula(submodule, member);
    public_names.append(member.class_name);
  }
  const auto class_of = [classes, &family](const std::string& name) -> py::object {
    if (!classes.contains(name)) throw_unknown(family.word, name, family.names());
    return classes[name.c_str()];
  };
  submodule.def(
      "names", [&family] { return family.names(); },
      text("The names that are accepted wherever one of the ", family.name,
           " is.\n\nReturns\n-------\n", "list of str\n    In the order of the documentation.\n")
          .c_str());
  submodule.def(
      "get",
      [class_of, classes, &family](const py::object& given) -> py::object {
        if (py::isinstance<py::str>(given)) return class_of(to_utf8(given))();
        for (const auto& item : classes)
          if (py::isinstance(given, item.second)) return given;
        throw py::type_error(text(family.word, ": expected a name or an object of chainrule.",
                                  family.name, ", got ", to_utf8(py::repr(given))));
      },
      py::arg("given"));
  submodule.def(
      "from_description",
      [class_of](const py::dict& description) {
        const auto arguments = py::reinterpret_steal<py::dict>(PyDict_Copy(description.ptr()));
        const py::object cls = class_of(to_utf8(arguments.attr("pop")("name")));
        return py::object(cls(**arguments));
      },
      py::arg("description"));
  submodule.attr("__all__") = public_names;
  // So that `from chainrule._core.<family> import ...` finds it, and pickle its classes.
  py::module_::import("sys").attr("modules")[submodule.attr("__name__")] = submodule;
}

std::string representation(const BoundFormula& self) {
  std::string arguments;
  for (const auto& [name, value] : describe(self.spec))
    if (name.cast<std::string>() != "name")
      arguments += text(arguments.empty() ? "" : ", ", name.cast<std::string>(), "=",
                        std::string(py::repr(value)));
  return text(formula_info(self.spec.name).class_name, "(", arguments, ")");
}

}  // namespace

void bind_formulas(py::module_& module) {
  py::class_<BoundFormula>(
      module, "Formula",
      "What activations, losses, optimisers and initialisers have in common: immutable "
      "descriptions, compared by value.")
      .def_property_readonly(
          "name", [](const BoundFormula& self) { return self.spec.name; },
          "The string that stands for it.")
      .def(
          "describe", [](const BoundFormula& self) { return describe(self.spec); },
          "The name and the fields, as files hold them.")
      // As Python does it at protocol 2 and above: at protocols 0 and 1, too.
      .def("__reduce__",
           [](const py::object& self) -> py::tuple {
             return py::make_tuple(py::module_::import("copyreg").attr("__newobj__"),
                                   py::make_tuple(py::type::of(self)), self.attr("__getstate__")());
           })
      .def("__repr__", representation)
      .def("__eq__",
           [](const BoundFormula& self, const py::object& other) {
             return py::isinstance<BoundFormula>(other) &&
                    other.cast<const BoundFormula&>().spec == self.spec;
           })
      .def("__hash__",
           [](const BoundFormula& self) { return py::hash(py::str(representation(self))); });
  for (const FamilyInfo& family : formula_families()) bind_family(module, family);
  // For lists that Python has.
  module.def(
      "check_name",
      [](const std::string& family, const py::str& name, const std::vector<std::string>& known) {
        const std::string word = to_utf8(name);
        if (std::find(known.begin(), known.end(), word) == known.end())
          throw_unknown(family, word, known);
      },
      py::arg("family"), py::arg("name"), py::arg("known"));
}

}  // namespace chainrule
