// What are the hyper-parameters of a formula? A name, a member, a range and a sentence for each,
// from which signatures, checks, documentation and files are made.
//
// A formula is a plain struct: the defaults of its fields are its default member initialisers, and
// `fields` is a tuple that lists them in the order of the Python signature.
#pragma once

#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/check.hpp"
#include "base/index.hpp"

namespace chainrule {

// The numbers a field may have; infinite ends are open, and NaN is in none.
struct Interval {
  double low, high;
  bool low_open, high_open;

  constexpr bool contains(double x) const {
    return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
  }
};

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr Interval any() { return {-kInfinity, kInfinity, true, true}; }
constexpr Interval at_least(double low) { return {low, kInfinity, false, true}; }
constexpr Interval above(double low) { return {low, kInfinity, true, true}; }
constexpr Interval positive() { return above(0); }
constexpr Interval from_to(double low, double high) { return {low, high, false, false}; }
constexpr Interval from_below(double low, double high) { return {low, high, false, true}; }
constexpr Interval between(double low, double high) { return {low, high, true, true}; }

// A few numbers, at least one.
struct Numbers {
  static constexpr Index kMost = 64;

  constexpr Numbers() = default;
  constexpr Numbers(std::initializer_list<double> numbers) {
    for (const double x : numbers) add(x);
  }
  constexpr void add(double x) { values[size++] = x; }
  constexpr const double* begin() const { return values; }
  constexpr const double* end() const { return values + size; }
  bool operator==(const Numbers&) const = default;

  Index size = 0;
  double values[kMost] = {};
};

// Of a field that is not in files of the versions before it came: there it is at its default.
inline constexpr bool kAddedLater = true;

using MaybeNumber = std::optional<double>;

// T is double, Index, bool, MaybeNumber or Numbers; the range of a bool is any(), that of Numbers
// is that of each. A model file from before the field was there lacks it if it is `added_later`.
template <class Owner, class T>
struct Field {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, Index> || std::is_same_v<T, bool> ||
                std::is_same_v<T, MaybeNumber> || std::is_same_v<T, Numbers>);
  using Value = T;

  const char* name;
  T Owner::* member;
  Interval range;
  const char* doc;
  bool added_later = false;
};

template <class Owner, class T>
Field(const char*, T Owner::*, Interval, const char*) -> Field<Owner, T>;
template <class Owner, class T>
Field(const char*, T Owner::*, Interval, const char*, bool) -> Field<Owner, T>;

// A field that is one of a few words; T is an enumeration, whose values are their positions.
template <class Owner, class T, std::size_t n>
struct Choice {
  static_assert(std::is_enum_v<T>);
  using Value = T;

  const char* name;
  T Owner::* member;
  std::array<const char*, n> words;
  const char* doc;
  static constexpr bool added_later = false;

  const char* word(T value) const { return words[static_cast<std::size_t>(value)]; }
  // False if there is no such word.
  bool find(std::string_view word, T& value) const {
    for (std::size_t i = 0; i < n; ++i)
      if (word == words[i]) return value = static_cast<T>(i), true;
    return false;
  }
};

template <class Owner, class T, std::size_t n>
Choice(const char*, T Owner::*, std::array<const char*, n>, const char*) -> Choice<Owner, T, n>;

template <class F>
inline constexpr bool is_choice = std::is_enum_v<typename std::remove_cvref_t<F>::Value>;

// "'none' or 'tanh'"
template <class Owner, class T, std::size_t n>
std::string to_text(const Choice<Owner, T, n>& choice) {
  std::string all;
  for (const char* word : choice.words) all += text(all.empty() ? "'" : " or '", word, "'");
  return all;
}

// The shortest text that reads back as the same number.
inline std::string shortest(double x) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), x).ptr;
  return {digits.data(), end};
}

// "[0, inf)"
inline std::string to_text(const Interval& range) {
  return text(range.low_open ? '(' : '[', shortest(range.low), ", ", shortest(range.high),
              range.high_open ? ')' : ']');
}

// Calls f(field) for each field of F, in order.
template <class F, class Function>
void for_each_field(const F& /*formula*/, Function&& f) {
  std::apply([&](const auto&... field) { (f(field), ...); }, F::fields);
}

// The value of a field as users see it: a choice is its word.
template <class F, class FieldOfF>
auto shown(const F& formula, const FieldOfF& field) {
  if constexpr (is_choice<FieldOfF>)
    return field.word(formula.*(field.member));
  else
    return formula.*(field.member);
}

// ---- Values as numbers: a MaybeNumber and Numbers begin with how many follow, a bool is 0 or 1,
// a choice its position --

template <class T>
void append_value(std::vector<double>& to, const T& value) {
  if constexpr (std::is_same_v<T, MaybeNumber>) {
    to.push_back(value ? 1.0 : 0.0);
    if (value) to.push_back(*value);
  } else if constexpr (std::is_same_v<T, Numbers>) {
    to.push_back(static_cast<double>(value.size));
    to.insert(to.end(), value.begin(), value.end());
  } else {
    to.push_back(static_cast<double>(value));
  }
}

// Returns what follows.
template <class T, class Number>
const Number* take_value(const Number* from, T& value) {
  if constexpr (std::is_same_v<T, MaybeNumber>) {
    const bool is_there = *from++ != 0;
    value = is_there ? MaybeNumber(*from++) : MaybeNumber();
  } else if constexpr (std::is_same_v<T, Numbers>) {
    value = Numbers();
    for (auto n = static_cast<Index>(*from++); n > 0; --n) value.add(*from++);
  } else {
    value = static_cast<T>(*from++);
  }
  return from;
}

// How many of the numbers tell a value, or more than there are.
template <class T>
std::size_t n_numbers(const double* from, std::size_t n_left) {
  constexpr bool is_counted = std::is_same_v<T, MaybeNumber> || std::is_same_v<T, Numbers>;
  if (!is_counted || n_left == 0) return 1;
  const double most = std::is_same_v<T, Numbers> ? static_cast<double>(Numbers::kMost) : 1.0;
  return *from >= 0.0 && *from <= most ? 1 + static_cast<std::size_t>(*from) : n_left + 1;
}

// The formula with the values of its fields in order.
template <class F, class Number>
F from_values(const Number* values) {
  F formula;
  for_each_field(formula,
                 [&](const auto& field) { values = take_value(values, formula.*(field.member)); });
  return formula;
}

// The values of all fields, as from_values takes them.
template <class F>
std::vector<double> values_of(const F& formula) {
  std::vector<double> values;
  for_each_field(formula,
                 [&](const auto& field) { append_value(values, formula.*(field.member)); });
  return values;
}

// Whether these numbers, and no more, are values of all fields.
template <class F>
bool are_values(const double* values, std::size_t n_left) {
  bool enough = true;
  for_each_field(F{}, [&](const auto& field) {
    using Value = typename std::remove_reference_t<decltype(field)>::Value;
    const std::size_t n = enough ? n_numbers<Value>(values, n_left) : 0;
    enough = enough && n <= n_left;
    if (!enough) return;
    values += n;
    n_left -= n;
  });
  return enough && n_left == 0;
}

// f(number) for each of the numbers in a value.
template <class T, class Function>
void for_each_number(const T& value, Function&& f) {
  if constexpr (std::is_same_v<T, Numbers>) {
    for (const double x : value) f(x);
  } else if constexpr (std::is_same_v<T, MaybeNumber>) {
    if (value) f(*value);
  } else {
    f(static_cast<double>(value));
  }
}

// Refuses a value outside its range, as in "Normal: stddev: expected a number in [0, inf), got -1",
// and what F::conflict() says against all values together (a sentence, or null).
template <class F>
void check_fields(const F& formula) {
  for_each_field(formula, [&](const auto& field) {
    using Value = typename std::remove_reference_t<decltype(field)>::Value;
    if constexpr (!std::is_same_v<Value, bool> && !is_choice<decltype(field)>)
      for_each_number(formula.*(field.member), [&](double number) {
        if (field.range.contains(number)) return;  // each step asks: no words are made for it
        const char* kind = std::is_same_v<Value, Index> ? "an integer" : "a number";
        check(false, F::class_name, ": ", field.name, ": expected ", kind, " in ",
              to_text(field.range), ", got ", shortest(number));
      });
    if constexpr (std::is_same_v<Value, Numbers>)
      check((formula.*(field.member)).size > 0, F::class_name, ": ", field.name,
            ": expected at least one number, got none");
  });
  if constexpr (requires { formula.conflict(); }) {
    const char* conflict = formula.conflict();
    check(conflict == nullptr, conflict == nullptr ? "" : conflict);
  }
}

}  // namespace chainrule
