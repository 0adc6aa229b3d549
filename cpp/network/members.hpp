// How does a struct become the members of a JSON object and come back? One list of calls serves
// both directions: a MemberWriter makes the members, a MemberReader takes them and checks each.
//
//   template <class IO, class S> void members(IO& io, S& dense) {
//     io.number("units", dense.units, at_least(1));
//     io.flag("bias", dense.bias);
//   }
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fields.hpp"
#include "network/json.hpp"
#include "network/spec.hpp"

namespace chainrule {

enum class Family { activation, loss, optimizer, initializer };

// What a counter may say: random numbers have 40 bits for the step that they belong to.
inline constexpr Interval kCounts = from_below(0, 0x1p40);

class MemberWriter {
 public:
  void name(const char* key, const std::string& name) { put(key, name); }
  void flag(const char* key, bool flag) { put(key, flag); }
  void number(const char* key, std::uint64_t number) { put(key, number); }
  void number(const char* key, const auto& number, const Interval&) { put(key, number); }
  void formula(const char* key, const FormulaSpec& spec, Family family);
  void optimizer(const char* key, const OptimizerSpec& spec);
  void null(const char* key) { put(key, nullptr); }
  // Writes null for an optional that is empty; otherwise its content is for the caller to write.
  bool is_null(const char* key, const auto& optional) {
    if (!optional) null(key);
    return !optional;
  }
  void put(const char* key, json::Value value) { object.push_back({key, std::move(value)}); }

  json::Object object;
};

// Every failure is std::invalid_argument with the place: "layers[1].units: expected a positive
// integer, got -3".
class MemberReader {
 public:
  // `place` is "" for the whole description, then "layers[1]" and so on.
  MemberReader(const json::Object& object, std::string_view place)
      : object_(object), place_(place) {}

  void name(const char* key, std::string& name);
  void flag(const char* key, bool& flag);
  void number(const char* key, std::uint64_t& number);
  void number(const char* key, double& number, const Interval& range);
  template <std::signed_integral Integer>
  void number(const char* key, Integer& number, const Interval& range) {
    number = static_cast<Integer>(integer(key, range));
  }
  // One of the words of a field.
  template <class T, class ChoiceOfT>
  void choice(const char* key, T& value, const ChoiceOfT& words) {
    const json::Value& given = take(key);
    const auto* word = given.get_if<std::string>();
    if (word == nullptr || !words.find(*word, value)) refuse(key, to_text(words), given);
  }
  void formula(const char* key, FormulaSpec& spec, Family family);
  void optimizer(const char* key, OptimizerSpec& spec);
  // Of a formula, whichever kind it has.
  void field(const char* key, bool& value, const Interval&) { flag(key, value); }
  void field(const char* key, MaybeNumber& value, const Interval& range);
  void field(const char* key, Numbers& value, const Interval& range);
  void field(const char* key, auto& value, const Interval& range) { number(key, value, range); }
  // Nothing but null is known here yet.
  void null(const char* key);
  // Empties the optional if there is null; otherwise its content is for the caller to read.
  template <class T>
  bool is_null(const char* key, std::optional<T>& optional) {
    optional.reset();
    if (find(key).template get_if<std::nullptr_t>() == nullptr)
      optional.emplace();
    else
      null(key);
    return !optional;
  }

  // To be called last: a member that nobody has asked for is unknown.
  void finish() const;

 private:
  [[noreturn]] void refuse(const char* key, const std::string& expected,
                           const json::Value& got) const;
  const json::Value& find(const char* key) const;
  const json::Value& take(const char* key);
  bool has(std::string_view key) const;
  std::int64_t integer(const char* key, const Interval& range);
  FormulaSpec formula_members(Family family);
  std::string at(const char* key) const { return place_.empty() ? key : place_ + "." + key; }

  const json::Object& object_;
  std::string place_;
  std::vector<std::string_view> taken_;
};

// The members of an object; anything else is refused.
const json::Object& object_at(std::string_view place, const json::Value& value);

}  // namespace chainrule
