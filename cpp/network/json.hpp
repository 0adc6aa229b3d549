// What is JSON to us? A value that keeps whole numbers exact and keys in order, and its text.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace chainrule::json {

struct Member;
struct Value;
// A type of its own: libstdc++ takes a variant of nothing but vectors, strings and numbers for one
// that is never empty, and destroys what is not there when copying one fails.
struct Array : std::vector<Value> {
  using vector::vector;
};
using Object = std::vector<Member>;  // in the order of the text, each key once

// A whole number is uint64_t only where int64_t cannot hold it, and double only where neither can.
struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data;

  Value(std::nullptr_t = nullptr);
  Value(bool flag);
  Value(double number);
  Value(const char* text);
  Value(std::string text);
  Value(Array array);
  Value(Object object);
  template <std::integral T>
  Value(T number);

  // Null if it is of another kind.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data);
  }
};

struct Member {
  std::string key;
  Value value;
};

template <std::integral T>
Value::Value(T number) {
  if (std::in_range<std::int64_t>(number))
    data = static_cast<std::int64_t>(number);
  else
    data = static_cast<std::uint64_t>(number);
}

// Kinds count: 2 and 2.0 differ.
bool operator==(const Value& a, const Value& b);
bool operator==(const Member& a, const Member& b);

// The shortest text, without white space. Numbers read back as the same numbers; those that are not
// finite have no text and are refused.
std::string write(const Value& value);

// For messages: "-3", "'relu'", "null", "a list", "an object".
std::string brief(const Value& value);

// For messages: the text in quotes, cut if it is long, control characters left out.
std::string quoted(std::string_view text, std::size_t longest = 60);

}  // namespace chainrule::json
