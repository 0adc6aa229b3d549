#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include "bindings/bound_formula.hpp"
#include "bindings/text.hpp"

namespace chainrule {

namespace {

// What Python sees of a field.
template <class Field>
using ShownValue = std::conditional_t<is_choice<Field>, std::string, typename Field::Value>;

// What Python gives for a field; signatures show the kind that it has to be.
template <class Value>
class Given : public py::object {
 public:
  using py::object::object;
  static bool check_(py::handle /*object*/) { return true; }
};

}  // namespace

}  // namespace chainrule

template <class Value>
struct pybind11::detail::handle_type_name<chainrule::Given<Value>> {
  static constexpr auto name = make_caster<Value>::name;
};
template <>
struct pybind11::detail::handle_type_name<chainrule::Given<chainrule::Numbers>> {
  static constexpr auto name = const_name("collections.abc.Sequence[float]");
};

namespace chainrule {

namespace {

[[noreturn]] void refuse_number(const std::string& words, const py::handle& given) {
  // A whole number of hundreds of digits is of the right kind.
  if (PyLong_CheckExact(given.ptr())) throw std::invalid_argument(words);
  throw py::type_error(words);
}

// A field, or an error that names it, as in "Gelu: approximate: expected 'none' or 'tanh', got 3".
template <class F, class Field>
typename Field::Value field_from_python(const Field& field, const py::handle& given)
  requires is_choice<Field>
{
  typename Field::Value value{};
  const bool is_word = py::isinstance<py::str>(given);
  if (is_word && field.find(to_utf8(given), value)) return value;
  const std::string words = text(F::class_name, ": ", field.name, ": expected ", to_text(field),
                                 ", got ", to_utf8(py::repr(given)));
  if (is_word) throw std::invalid_argument(words);
  throw py::type_error(words);
}

// Numbers of Python, which is no text and no single number.
template <class F>
Numbers numbers_from_python(const char* name, const py::handle& given) {
  const std::string words = text(F::class_name, ": ", name, ": expected 1 to ", Numbers::kMost,
                                 " numbers, got ", to_utf8(py::repr(given)));
  if (!py::isinstance<py::iterable>(given) || py::isinstance<py::str>(given))
    throw py::type_error(words);
  Numbers numbers;
  for (const py::handle item : given) {
    py::detail::make_caster<double> value;
    if (py::isinstance<py::bool_>(item) || !value.load(item, true)) refuse_number(words, item);
    check(numbers.size < Numbers::kMost, words);
    numbers.add(value);
  }
  return numbers;
}

// A number or a flag: "Adam: beta_1: expected a number, got None".
template <class F, class Value>
Value plain_field(const char* name, const py::handle& given) {
  constexpr bool wants_flag = std::is_same_v<Value, bool>;
  py::detail::make_caster<bool> flag;
  py::detail::make_caster<Value> value;
  if (flag.load(given, false) == wants_flag && value.load(given, !wants_flag)) return value;
  const std::string words =
      text(F::class_name, ": ", name, ": expected ", wants_flag ? "True or False" : "a number",
           ", got ", to_utf8(py::repr(given)));
  if (!wants_flag) refuse_number(words, given);
  throw py::type_error(words);
}

template <class F, class Field>
typename Field::Value field_from_python(const Field& field, const py::handle& given)
  requires(!is_choice<Field>)
{
  using Value = typename Field::Value;
  if constexpr (std::is_same_v<Value, Numbers>) {
    return numbers_from_python<F>(field.name, given);
  } else if constexpr (std::is_same_v<Value, MaybeNumber>) {
    if (given.is_none()) return std::nullopt;
    return plain_field<F, double>(field.name, given);
  } else {
    return plain_field<F, Value>(field.name, given);
  }
}

template <class F>
struct Bound : BoundFormula {};

// What a property returns: the value, or for numbers a tuple.
auto as_property(const auto& value) { return value; }
auto as_property(const Numbers& numbers) {
  return py::typing::Tuple<double, py::ellipsis>(field_to_python(numbers));
}

template <class F>
Bound<F> bound(const F& formula) {
  check_fields(formula);
  return Bound<F>{{to_spec(formula), F::class_name, describe_formula<F>}};
}

template <class F>
F from_description(const py::dict& description) {
  F formula;
  for_each_field(formula, [&](const auto& field) {
    if (description.contains(field.name))
      formula.*(field.member) = field_from_python<F>(field, description[field.name]);
  });
  for (const auto& [key, value] : description) {
    const std::string name = to_utf8(key);
    bool known = name == "name";
    for_each_field(formula, [&](const auto& field) { known = known || name == field.name; });
    check(known, F::name, ": unknown field '", name, "'");
  }
  return formula;
}

// "Step size eta per update."
std::string sentence(std::string words) {
  if (words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words + '.';
}

template <class Value>
constexpr const char* kind_of() {
  if (std::is_same_v<Value, Index>) return "int";
  if (std::is_same_v<Value, MaybeNumber>) return "float or None";
  return std::is_same_v<Value, Numbers> ? "sequence of float" : "float";
}

std::string default_text(double value) { return shortest(value); }
std::string default_text(const auto& value) { return py::repr(field_to_python(value)); }

template <class F>
std::string documentation(const std::string& family) {
  std::string doc = text(F::doc, "\n");
  const F defaults;
  bool first = true;
  for_each_field(defaults, [&](const auto& field) {
    using Value = typename std::remove_reference_t<decltype(field)>::Value;
    if (first) doc += "\nParameters\n----------\n";
    first = false;
    const auto& value = defaults.*(field.member);
    if constexpr (is_choice<decltype(field)>)
      doc += text(field.name, " : ", to_text(field), ", default '", shown(defaults, field), "'");
    else if constexpr (std::is_same_v<Value, bool>)
      doc += text(field.name, " : bool, default ", value ? "True" : "False");
    else
      doc += text(field.name, " : ", kind_of<Value>(), " in ", to_text(field.range), ", default ",
                  default_text(value));
    doc += text("\n    ", sentence(field.doc), "\n");
  });
  if (!first) doc += "\nRaises\n------\nValueError\n    If a value is outside its range.\n";
  return doc + text("\nReferences\n----------\n", F::reference, "\n\nExamples\n--------\n",
                    ">>> import chainrule as cr\n>>> cr.", family, ".", F::class_name, "().name\n'",
                    F::name, "'\n");
}

// The constructor: the first field may be positional, the rest are keyword-only.
template <class F, std::size_t... I>
void bind_constructor(py::class_<Bound<F>, BoundFormula>& cls, std::index_sequence<I...>) {
  using Fields = std::remove_const_t<decltype(F::fields)>;
  const F defaults;
  const auto make = [](const Given<ShownValue<std::tuple_element_t<I, Fields>>>&... given) {
    F formula;
    ((formula.*(std::get<I>(F::fields).member) =
          field_from_python<F>(std::get<I>(F::fields), given)),
     ...);
    return bound(formula);
  };
  const auto argument = [&](const auto& field) {
    return py::arg(field.name) = field_to_python(shown(defaults, field));
  };
  if constexpr (sizeof...(I) == 0)
    cls.def(py::init([] { return bound(F{}); }));
  else
    [&]<std::size_t... Rest>(std::index_sequence<Rest...>) {
      cls.def(py::init(make), argument(std::get<0>(F::fields)), py::kw_only(),
              argument(std::get<Rest + 1>(F::fields))...);
    }(std::make_index_sequence<sizeof...(I) - 1>());
}

template <class F>
py::object bind_formula(py::module_& module, const std::string& family) {
  py::class_<Bound<F>, BoundFormula> cls(module, F::class_name, documentation<F>(family).c_str());
  bind_constructor<F>(cls, std::make_index_sequence<std::tuple_size_v<decltype(F::fields)>>());
  for_each_field(F{}, [&](const auto& field) {
    cls.def_property_readonly(
        field.name,
        [field](const Bound<F>& self) {
          return as_property(ShownValue<std::remove_cvref_t<decltype(field)>>(
              shown(from_spec<F>(self.spec), field)));
        },
        sentence(field.doc).c_str());
  });
  // The fields, and the attributes that a derived class of Python has added.
  using State = std::pair<py::dict, py::dict>;
  cls.def(py::pickle(
      [](const py::object& self) {
        const py::dict attributes = py::getattr(self, "__dict__", py::dict());
        return State(describe_formula<F>(self.cast<const Bound<F>&>().spec),
                     py::reinterpret_steal<py::dict>(PyDict_Copy(attributes.ptr())));
      },
      [](const State& state) {
        return std::pair(bound(from_description<F>(state.first)), state.second);
      }));
  if constexpr (requires { F::initializer; }) {
    cls.attr("default_initializer") = F::initializer;
    cls.attr("default_loss") =
        F::loss == nullptr ? py::object(py::none()) : py::object(py::str(F::loss));
    cls.attr("row_wise") = F::row_wise;
  }
  if constexpr (requires { F::averages_outputs; }) {
    cls.attr("takes_classes") = std::string_view(F{}.targets()) == "classes";
    cls.attr("averages_outputs") = F::averages_outputs;
    cls.attr("gradient_factor") = F::gradient_factor;
    // The gradient by z behind the matching activation: y_hat - y times the factor, or another one.
    cls.attr("has_plain_gradient") = !requires(Mse v) { F{}.fused_gradient(v, v); };
    cls.attr("matching_activation") = std::is_same_v<typename F::Matching, NoActivation>
                                          ? py::object(py::none())
                                          : py::object(py::str(F::Matching::name));
  }
  return cls;
}

// A submodule with the classes of a list, names(), get() and from_description().
template <class List>
void bind_family(py::module_& module, const char* family, const char* word, List list) {
  py::module_ submodule = module.def_submodule(family, text("The ", family, ".").c_str());
  py::dict classes;
  py::list public_names;
  for_each_type(list, [&]<class F>() {
    classes[F::name] = bind_formula<F>(submodule, family);
    public_names.append(F::class_name);
  });
  const auto class_of = [classes, word = std::string(word),
                         list](const std::string& name) -> py::object {
    if (!classes.contains(name)) throw_unknown(word, name, names(list));
    return classes[name.c_str()];
  };
  submodule.def(
      "names", [list] { return names(list); },
      text("The names that are accepted wherever one of the ", family, " is.\n\nReturns\n-------\n",
           "list of str\n    In the order of the documentation.\n")
          .c_str());
  submodule.def(
      "get",
      [class_of, classes, word = std::string(word),
       family = std::string(family)](const py::object& given) -> py::object {
        if (py::isinstance<py::str>(given)) return class_of(to_utf8(given))();
        for (const auto& item : classes)
          if (py::isinstance(given, item.second)) return given;
        throw py::type_error(text(word, ": expected a name or an object of chainrule.", family,
                                  ", got ", std::string(py::str(py::type::of(given)))));
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
  for (const auto& [name, value] : self.describe(self.spec))
    if (name.cast<std::string>() != "name")
      arguments += text(arguments.empty() ? "" : ", ", name.cast<std::string>(), "=",
                        std::string(py::repr(value)));
  return text(self.class_name, "(", arguments, ")");
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
          "describe", [](const BoundFormula& self) { return self.describe(self.spec); },
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
  bind_family(module, "activations", "activation", Activations{});
  bind_family(module, "losses", "loss", Losses{});
  bind_family(module, "optimizers", "optimizer", Optimizers{});
  bind_family(module, "initializers", "initializer", Initializers{});
}

}  // namespace chainrule
