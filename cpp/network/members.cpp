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
      return with_member(Optimizers{}, place, name, f);
    case Family::initializer:
      return with_member(Initializers{}, place, name, f);
  }
}

template <class T>
Value to_json(T value) {
  if constexpr (std::same_as<T, Pair>)
    return json::Array{value.first, value.second};
  else
    return value;
}

json::Object formula_object(const FormulaSpec& spec, Family family) {
  MemberWriter io;
  with_formula(family, "formula", spec.name, [&]<class F>() {
    const F formula = from_spec<F>(spec);
    io.name("name", F::name);
    for_each_field(formula,
                   [&](const auto& field) { io.put(field.name, to_json(shown(formula, field))); });
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

bool MemberReader::has(const char* key) const {
  return std::ranges::find(object_, key, &json::Member::key) != object_.end();
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

void MemberReader::number(const char* key, Pair& pair, const Interval& range) {
  const Value& value = take(key);
  const auto* both = value.get_if<json::Array>();
  const bool fits = both != nullptr && both->size() == 2 && to_double((*both)[0], pair.first) &&
                    to_double((*both)[1], pair.second);
  if (!fits || !range.contains(pair.first) || !range.contains(pair.second))
    refuse(key, text("two numbers in ", to_text(range)), value);
}

std::int64_t MemberReader::integer(const char* key, const Interval& range) {
  const Value& value = take(key);
  const auto* given = value.get_if<std::int64_t>();
  const bool exact = given != nullptr && -kMaxExact <= *given && *given <= kMaxExact;
  if (!exact || !range.contains(static_cast<double>(*given)))
    refuse(key, in_range("integer", range), value);
  return *given;
}

FormulaSpec MemberReader::formula_members(Family family) {
  FormulaSpec spec;
  name("name", spec.name);
  with_formula(family, place_, spec.name, [&]<class F>() {
    F formula;
    for_each_field(formula, [&](const auto& field) {
      if (field.came_later && !has(field.name)) return;
      auto& member = formula.*(field.member);
      if constexpr (is_choice<decltype(field)>)
        choice(field.name, member, field);
      else if constexpr (std::same_as<std::remove_reference_t<decltype(member)>, bool>)
        flag(field.name, member);
      else
        number(field.name, member, field.range);
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
