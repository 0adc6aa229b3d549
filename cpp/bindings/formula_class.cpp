// How is the class of a formula made? From its table, as a class of Python that derives from
// `Formula`: compiled once for all of them.
#include <pybind11/stl.h>

#include "bindings/bound_formula.hpp"
#include "bindings/text.hpp"

namespace chainrule {

namespace {

// What signatures call the values of a field.
struct KindNames {
  const char* taken;
  const char* returned;
};

KindNames names_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::integer:
      return {"typing.SupportsInt | typing.SupportsIndex", "int"};
    case FieldKind::flag:
      return {"bool", "bool"};
    case FieldKind::maybe_number:
      return {"typing.SupportsFloat | typing.SupportsIndex | None", "float | None"};
    case FieldKind::numbers:
      return {"collections.abc.Sequence[float]", "tuple[float, ...]"};
    case FieldKind::word:
      return {"str", "str"};
    default:
      return {"typing.SupportsFloat | typing.SupportsIndex", "float"};
  }
}

// "Step size eta per update."
std::string sentence(std::string words) {
  if (words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words + '.';
}

std::string documentation(const FormulaInfo& info) {
  std::string doc = text(info.doc, "\n");
  const py::dict defaults = describe(info.defaults);
  if (!info.fields.empty()) doc += "\nParameters\n----------\n";
  for (const FieldInfo& field : info.fields) {
    const py::object value = defaults[field.name];
    doc += text(field.name, " : ", field.values, ", default ",
                field.kind == FieldKind::number ? shortest(value.cast<double>())
                                                : std::string(py::repr(value)),
                "\n    ", sentence(field.doc), "\n");
  }
  if (!info.fields.empty())
    doc += "\nRaises\n------\nValueError\n    If a value is outside its range.\n";
  return doc + text("\nReferences\n----------\n", info.reference, "\n\nExamples\n--------\n",
                    ">>> import chainrule as cr\n>>> cr.", info.family, ".", info.class_name,
                    "().name\n'", info.name, "'\n");
}

// "approximate: str = 'none'": the first field may be positional, the rest are keyword-only.
std::string parameters(const FormulaInfo& info) {
  std::string all;
  const py::dict defaults = describe(info.defaults);
  const char* separator = "";
  for (const FieldInfo& field : info.fields) {
    all += text(separator, field.name, ": ", names_of(field.kind).taken, " = ",
                std::string(py::repr(defaults[field.name])));
    separator = &field == info.fields.data() ? ", *, " : ", ";
  }
  return all;
}

std::vector<std::string> names_of_fields(const FormulaInfo& info) {
  std::vector<std::string> names;
  for (const FieldInfo& field : info.fields) names.emplace_back(field.name);
  return names;
}

// The arguments by name; a TypeError, as Python has it, if they are not those of the signature.
py::dict name_arguments(const FormulaInfo& info, const py::args& args, const py::kwargs& kwargs) {
  py::dict named(kwargs.attr("copy")());
  const std::vector<std::string> known = names_of_fields(info);
  if (known.empty() && args.size() + named.size() > 0)
    throw py::type_error(text(info.class_name, ": expected no arguments"));
  for (const auto& [name, value] : named)
    if (!info.has_field(to_utf8(name)))
      throw py::type_error(
          unknown_text(text(info.class_name, ": arguments"), to_utf8(name), known));
  if (args.empty()) return named;
  if (args.size() > 1)
    throw py::type_error(text(info.class_name, ": expected names for all arguments but ", known[0],
                              ", got ", args.size(), " without"));
  if (named.contains(known[0]))
    throw py::type_error(text(info.class_name, ": ", known[0], ": given twice"));
  named[known[0].c_str()] = args[0];
  return named;
}

using FormulaClass = py::class_<BoundFormula>;

void bind_constructor(FormulaClass& cls, const std::string& name, const FormulaInfo& info) {
  py::options options;
  options.disable_function_signatures();
  const std::string fields = parameters(info);
  cls.def(py::init([&info](const py::args& args, const py::kwargs& kwargs) {
            return formula_from_fields(info, name_arguments(info, args, kwargs));
          }),
          text("__init__(self: ", name, fields.empty() ? "" : ", ", fields, ") -> None\n").c_str());
}

void bind_fields(FormulaClass& cls, const std::string& name, const FormulaInfo& info) {
  py::options options;
  options.disable_function_signatures();
  for (const FieldInfo& field : info.fields)
    cls.def_property_readonly(
        field.name,
        py::cpp_function(
            [key = field.name](const BoundFormula& self) -> py::object {
              return describe(self.spec)[key];
            },
            text("(self: ", name, ") -> ", names_of(field.kind).returned, "\n").c_str()),
        sentence(field.doc).c_str());
}

// The fields, and the attributes that a derived class of Python has added.
void bind_pickling(FormulaClass& cls, const FormulaInfo& info) {
  using State = std::pair<py::dict, py::dict>;
  cls.def(py::pickle(
      [](const py::object& self) {
        const py::dict attributes = py::getattr(self, "__dict__", py::dict());
        return State(describe(self.cast<const BoundFormula&>().spec), attributes.attr("copy")());
      },
      [&info](const State& state) {
        for (const auto& [key, value] : state.first) {
          const std::string name = to_utf8(key);
          check(name == "name" || info.has_field(name), info.name, ": unknown field '", name, "'");
        }
        return std::pair(formula_from_fields(info, state.first), state.second);
      }));
}

}  // namespace

py::object bind_formula(py::module_& family, const FormulaInfo& info) {
  const py::type base = py::type::of<BoundFormula>();
  py::dict members;
  members["__doc__"] = documentation(info);
  members["__module__"] = family.attr("__name__");
  members["__slots__"] = py::tuple();  // no __dict__: nothing can be set
  FormulaClass cls(py::type::of(base)(info.class_name, py::make_tuple(base), members));
  py::delattr(cls, "__slots__");  // it has done its work, and stubs would list it
  const std::string name =
      text(std::string(py::str(family.attr("__name__"))), ".", info.class_name);
  bind_constructor(cls, name, info);
  bind_fields(cls, name, info);
  bind_pickling(cls, info);
  for (const auto& [attribute, value] : info.attributes) cls.attr(attribute) = py::cast(value);
  family.attr(info.class_name) = cls;
  return cls;
}

}  // namespace chainrule
