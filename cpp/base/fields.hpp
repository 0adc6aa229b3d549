// What are the hyper-parameters of a formula? A name, a member, a range and a sentence for each,
// from which signatures, checks, documentation and files are made.
//
// A formula is a plain struct: the defaults of its fields are its default member initialisers, and
// `fields` is a tuple that lists them in the order of the Python signature.
#pragma once

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

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

// Two numbers that belong together.
struct Pair {
  double first, second;
};

// Of a field that is not in files of the versions before it came: there it is at its default.
inline constexpr bool kCameLater = true;

// T is double, Index, bool or Pair; the range of a bool is any(), that of a Pair holds for both.
template <class Owner, class T>
struct Field {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, Index> || std::is_same_v<T, bool> ||
                std::is_same_v<T, Pair>);
  using Value = T;

  const char* name;
  T Owner::* member;
  Interval range;
  const char* doc;
  bool came_later = false;
};

template <class Owner, class T>
Field(const char*, T Owner::*, Interval, const char*, bool = false) -> Field<Owner, T>;

// A field that is one of a few words; T is an enumeration, whose values are their positions.
template <class Owner, class T, std::size_t n>
struct Choice {
  static_assert(std::is_enum_v<T>);
  using Value = T;

  const char* name;
  T Owner::* member;
  std::array<const char*, n> words;
  const char* doc;

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

// Calls f(number) for the number, or the two of them, that a field has for its value; a choice has
// its position.
template <class Value, class Function>
void for_each_number(Value& value, Function&& f) {
  if constexpr (std::is_same_v<std::remove_const_t<Value>, Pair>) {
    f(value.first);
    f(value.second);
  } else {
    f(value);
  }
}

// The value of a field as users see it: a choice is its word.
template <class F, class FieldOfF>
auto shown(const F& formula, const FieldOfF& field) {
  if constexpr (is_choice<FieldOfF>)
    return field.word(formula.*(field.member));
  else
    return formula.*(field.member);
}

// The formula with the values of its fields in order, a bool being 0 or 1 and a choice its
// position.
template <class F, class T>
F from_values(const T* values) {
  F formula;
  for_each_field(formula, [&](const auto& field) {
    for_each_number(formula.*(field.member), [&](auto& number) {
      number = static_cast<std::remove_reference_t<decltype(number)>>(*values++);
    });
  });
  return formula;
}

// Refuses a value outside its range, as in "Normal: stddev: expected a number in [0, inf), got -1",
// and what F::conflict() says against all values together (a sentence, or null).
template <class F>
void check_fields(const F& formula) {
  for_each_field(formula, [&](const auto& field) {
    using Value = typename std::remove_reference_t<decltype(field)>::Value;
    if constexpr (!std::is_same_v<Value, bool> && !is_choice<decltype(field)>) {
      for_each_number(formula.*(field.member), [&](const auto& number) {
        const auto value = static_cast<double>(number);
        if (field.range.contains(value)) return;  // each step asks: no words are made for it
        const char* kind = std::is_same_v<Value, Index>  ? "an integer"
                           : std::is_same_v<Value, Pair> ? "two numbers"
                                                         : "a number";
        check(false, F::class_name, ": ", field.name, ": expected ", kind, " in ",
              to_text(field.range), ", got ", shortest(value));
      });
    }
  });
  if constexpr (requires { formula.conflict(); }) {
    const char* conflict = formula.conflict();
    check(conflict == nullptr, conflict == nullptr ? "" : conflict);
  }
}

}  // namespace chainrule
