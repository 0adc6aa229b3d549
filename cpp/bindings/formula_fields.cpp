// How do the fields of a formula become values of Python, and back?
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/bound_formula.hpp"
#include "bindings/text.hpp"

namespace chainrule {

namespace {

std::string expected(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::integer:
      return "an integer";
    case FieldKind::flag:
      return "True or False";
    case FieldKind::numbers:
      return text("1 to ", Numbers::kMost, " numbers");
    case FieldKind::word:
      return field.values;
    default:
      return "a number";
  }
}

// "Gelu: approximate: expected 'none' or 'tanh', got 3"; ValueError for a value of the right kind.
[[noreturn]] void refuse(const FieldInfo& field, const py::handle& given, bool right_kind) {
  const std::string words = text(field.class_name, ": ", field.name, ": expected ", expected(field),
                                 ", got ", to_utf8(py::repr(given)));
  if (right_kind) throw std::invalid_argument(words);
  throw py::type_error(words);
}

// `number` is what was given, or one of it.
template <class Number>
Number number_from_python(const FieldInfo& field, const py::handle& given,
                          const py::handle& number) {
  py::detail::make_caster<bool> flag;
  py::detail::make_caster<Number> value;
  if (!flag.load(number, false) && value.load(number, true)) return value;
  // A whole number of hundreds of digits is of the right kind.
  refuse(field, given, PyLong_CheckExact(number.ptr()));
}

bool flag_from_python(const FieldInfo& field, const py::handle& given) {
  py::detail::make_caster<bool> flag;
  if (!flag.load(given, false)) refuse(field, given, false);
  return flag;
}

// Numbers of Python, which is no text and no single number.
Numbers numbers_from_python(const FieldInfo& field, const py::handle& given) {
  if (!py::isinstance<py::iterable>(given) || py::isinstance<py::str>(given))
    refuse(field, given, false);
  Numbers numbers;
  for (const py::handle item : given) {
    const auto number = number_from_python<double>(field, given, item);
    if (numbers.size == Numbers::kMost) refuse(field, given, true);
    numbers.add(number);
  }
  return numbers;
}

Index word_from_python(const FieldInfo& field, const py::handle& given) {
  if (!py::isinstance<py::str>(given)) refuse(field, given, false);
  const auto found = std::find(field.words.begin(), field.words.end(), to_utf8(given));
  if (found == field.words.end()) refuse(field, given, true);
  return found - field.words.begin();
}

void append_from_python(std::vector<double>& values, const FieldInfo& field,
                        const py::handle& given) {
  switch (field.kind) {
    case FieldKind::number:
      return append_value(values, number_from_python<double>(field, given, given));
    case FieldKind::integer:
      return append_value(values, number_from_python<Index>(field, given, given));
    case FieldKind::flag:
      return append_value(values, flag_from_python(field, given));
    case FieldKind::maybe_number:
      return append_value(values, given.is_none()
                                      ? MaybeNumber()
                                      : number_from_python<double>(field, given, given));
    case FieldKind::numbers:
      return append_value(values, numbers_from_python(field, given));
    case FieldKind::word:
      return append_value(values, word_from_python(field, given));
  }
}

py::tuple to_tuple(const Numbers& numbers) {
  return py::tuple(py::cast(std::vector<double>(numbers.begin(), numbers.end())));
}

// Moves `from` on to what follows.
py::object take_to_python(const double*& from, const FieldInfo& field) {
  const auto take = [&]<class T>(T value) {
    from = take_value(from, value);
    return value;
  };
  switch (field.kind) {
    case FieldKind::integer:
      return py::int_(take(Index()));
    case FieldKind::flag:
      return py::bool_(take(bool()));
    case FieldKind::maybe_number:
      return py::cast(take(MaybeNumber()));
    case FieldKind::numbers:
      return to_tuple(take(Numbers()));
    case FieldKind::word:
      return py::str(field.words[take(std::size_t())]);
    default:
      return py::float_(take(double()));
  }
}

}  // namespace

py::dict describe(const FormulaSpec& spec) {
  py::dict description;
  description["name"] = spec.name;
  const double* values = spec.values.data();
  for (const FieldInfo& field : formula_info(spec.name).fields)
    description[field.name] = take_to_python(values, field);
  return description;
}

BoundFormula formula_from_fields(const FormulaInfo& info, const py::dict& fields) {
  FormulaSpec spec{info.name, {}};
  const py::dict defaults = describe(info.defaults);
  for (const FieldInfo& field : info.fields)
    append_from_python(spec.values, field,
                       fields.contains(field.name) ? fields[field.name] : defaults[field.name]);
  info.check(spec);
  return {std::move(spec)};
}

py::object formula_to_python(const FormulaSpec& spec) {
  const FormulaInfo& info = formula_info(spec.name);
  const py::dict fields = describe(spec);
  fields.attr("pop")("name");
  return py::module_::import("chainrule._core").attr(info.family).attr(info.class_name)(**fields);
}

}  // namespace chainrule
