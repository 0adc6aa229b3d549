#include "network/members.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace chainrule {

namespace {

using json::Value;

// Up to here every whole number is a double, as which formulas keep theirs.
constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;

// Calls f.template operator()<F>() for the member of the family that is called `name`.
template <class Function>
void with_formula(Family family, std::string_view place, std::string_view name, Function&& f) {
  switch (family) {
    case Family::activation:
      return with_member(Activations{}, place, name, f);
    case Family::loss:
      return with_member(Losses{}, place, name, f);
    case Family::optimizer:
      return with_member(AllOptimizers{}, place, name, f);
    case Family::initializer:
      return with_member(Initializers{}, place, name, f);
  }
}

// What stands in the place of a formula and has a name alone.
bool is_callers(const FormulaSpec& spec, Family family) {
  return (family == Family::loss && is_own(spec)) ||
         (family == Family::initializer && is_array(spec));
}

Value field_value(const auto& value) { return value; }
Value field_value(const MaybeNumber& value) { return value ? Value(*value) : Value(nullptr); }
Value field_value(const Numbers& value) { return json::Array(value.begin(), value.end()); }

json::Object formula_object(const FormulaSpec& spec, Family family) {
  MemberWriter io;
  if (is_callers(spec, family)) {
    io.name("name", spec.name);
    return std::move(io.object);
  }
  with_formula(family, "formula", spec.name, [&]<class F>() {
    const F formula = from_spec<F>(spec);
    io.name("name", F::name);
    for_each_field(formula, [&](const auto& field) {
      io.put(field.name, field_value(shown(formula, field)));
    });
  });
  return std::move(io.object);
}

// "a positive integer", "a number in [0, 1)"
std::string in_range(std::string_view kind, const Interval& range) {
  const bool positive = kind == "integer" ? range.low == 1 : range.low == 0 && range.low_open;
  if (positive && range.high == kInfinity) return text("a positive ", kind);
  return text(kind == "integer" ? "an " : "a ", kind, " in ", to_text(range));
}

// A name as long as none is, or with control characters, is not worth a search for what was meant.
bool can_be_name(std::string_view name) {
  constexpr std::size_t kLongest = 60;
  return name.size() <= kLongest &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

// False if the value is no number.
bool to_double(const Value& value, double& number) {
  if (const auto* i = value.get_if<std::int64_t>()) return number = static_cast<double>(*i), true;
  if (const auto* u = value.get_if<std::uint64_t>()) return number = static_cast<double>(*u), true;
  if (const auto* x = value.get_if<double>()) return number = *x, true;
  return false;
}

}  // namespace

const json::Object& object_at(std::string_view place, const Value& value) {
  const auto* object = value.get_if<json::Object>();
  check(object != nullptr, place, ": expected an object, got ", brief(value));
  return *object;
}

// ---- Writing ------------------------------------------------------------------------------------

void MemberWriter::formula(const char* key, const FormulaSpec& spec, Family family) {
  put(key, formula_object(spec, family));
}

void MemberWriter::optimizer(const char* key, const OptimizerSpec& spec) {
  MemberWriter io{formula_object(spec.formula, Family::optimizer)};
  io.number("updates", spec.updates, kCounts);
  put(key, std::move(io.object));
}

// ---- Reading ------------------------------------------------------------------------------------

void MemberReader::refuse(const char* key, const std::string& expected, const Value& got) const {
  throw std::invalid_argument(text(at(key), ": expected ", expected, ", got ", brief(got)));
}

const Value& MemberReader::find(const char* key) const {
  const auto member = std::ranges::find(object_, key, &json::Member::key);
  if (member == object_.end())
    throw std::invalid_argument(text(at(key), ": expected a value, got none"));
  return member->value;
}

const Value& MemberReader::take(const char* key) {
  const Value& value = find(key);
  taken_.push_back(key);
  return value;
}

void MemberReader::finish() const {
  for (const json::Member& member : object_)
    if (std::ranges::find(taken_, member.key) == taken_.end())
      throw std::invalid_argument(text(place_.empty() ? "description" : place_, ": unknown key ",
                                       json::quoted(member.key)));
}

void MemberReader::name(const char* key, std::string& name) {
  const Value& value = take(key);
  const auto* given = value.get_if<std::string>();
  if (given == nullptr || !can_be_name(*given)) refuse(key, "a name", value);
  name = *given;
}

void MemberReader::flag(const char* key, bool& flag) {
  const Value& value = take(key);
  const auto* given = value.get_if<bool>();
  if (given == nullptr) refuse(key, "true or false", value);
  flag = *given;
}

void MemberReader::number(const char* key, std::uint64_t& number) {
  const Value& value = take(key);
  const auto* small = value.get_if<std::int64_t>();
  const auto* large = value.get_if<std::uint64_t>();
  if (large == nullptr && (small == nullptr || *small < 0))
    refuse(key, "an integer in [0, 2^64)", value);
  number = large != nullptr ? *large : static_cast<std::uint64_t>(*small);
}

void MemberReader::number(const char* key, double& number, const Interval& range) {
  const Value& value = take(key);
  if (!to_double(value, number) || !range.contains(number))
    refuse(key, in_range("number", range), value);
}

std::int64_t MemberReader::integer(const char* key, const Interval& range) {
  const Value& value = take(key);
  const auto* given = value.get_if<std::int64_t>();
  const bool exact = given != nullptr && -kMaxExact <= *given && *given <= kMaxExact;
  if (!exact || !range.contains(static_cast<double>(*given)))
    refuse(key, in_range("integer", range), value);
  return *given;
}

void MemberReader::field(const char* key, MaybeNumber& value, const Interval& range) {
  if (!is_null(key, value)) number(key, *value, range);
}

void MemberReader::field(const char* key, Numbers& value, const Interval& range) {
  const Value& given = take(key);
  const auto* array = given.get_if<json::Array>();
  if (array == nullptr || array->empty() || std::ssize(*array) > Numbers::kMost)
    refuse(key, text("a list of 1 to ", Numbers::kMost, " numbers"), given);
  value = Numbers();
  for (const Value& item : *array) {
    double number = 0.0;
    if (!to_double(item, number) || !range.contains(number))
      refuse(key, text("numbers in ", to_text(range)), item);
    value.add(number);
  }
}

bool MemberReader::has(std::string_view key) const {
  return std::ranges::find(object_, key, &json::Member::key) != object_.end();
}

FormulaSpec MemberReader::formula_members(Family family) {
  FormulaSpec spec;
  name("name", spec.name);
  if (is_callers(spec, family)) return spec;
  with_formula(family, place_, spec.name, [&]<class F>() {
    F formula;
    for_each_field(formula, [&](const auto& field) {
      if constexpr (is_choice<decltype(field)>)
        choice(field.name, formula.*(field.member), field);
      else if (!field.added_later || has(field.name))
        this->field(field.name, formula.*(field.member), field.range);
    });
    if constexpr (requires { formula.conflict(); }) {
      const char* conflict = formula.conflict();
      check(conflict == nullptr, place_, ": ", conflict == nullptr ? "" : conflict);
    }
    spec = to_spec(formula);
  });
  return spec;
}

void MemberReader::formula(const char* key, FormulaSpec& spec, Family family) {
  MemberReader io(object_at(at(key), take(key)), at(key));
  spec = io.formula_members(family);
  io.finish();
}

void MemberReader::optimizer(const char* key, OptimizerSpec& spec) {
  MemberReader io(object_at(at(key), take(key)), at(key));
  spec.formula = io.formula_members(Family::optimizer);
  io.number("updates", spec.updates, kCounts);
  io.finish();
}

void MemberReader::null(const char* key) {
  const Value& value = take(key);
  if (value.get_if<std::nullptr_t>() == nullptr)
    refuse(key, "null, which is all that this version knows", value);
}

}  // namespace chainrule
