#include "network/json.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/fields.hpp"

namespace chainrule::json {

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

// Appends the text of a value; the overload is chosen by its kind.
class Writer {
 public:
  void operator()(std::nullptr_t) { out += "null"; }
  void operator()(bool flag) { out += flag ? "true" : "false"; }
  void operator()(std::int64_t number) { out += std::to_string(number); }
  void operator()(std::uint64_t number) { out += std::to_string(number); }
  void operator()(double number) {
    check(std::isfinite(number), "expected a finite number, got ", shortest(number));
    out += shortest(number);
  }

  void operator()(const std::string& text) {
    out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\')
        (out += '\\') += c;
      else if (is_control(c))
        (((out += "\\u00") += c < 0x10 ? '0' : '1') += "0123456789abcdef"[c & 0xf]);
      else
        out += c;
    }
    out += '"';
  }

  void operator()(const Array& array) {
    out += '[';
    for (const Value& value : array) {
      if (&value != array.data()) out += ',';
      std::visit(*this, value.data);
    }
    out += ']';
  }

  void operator()(const Object& object) {
    out += '{';
    for (const Member& member : object) {
      if (&member != object.data()) out += ',';
      (*this)(member.key);
      out += ':';
      std::visit(*this, member.value.data);
    }
    out += '}';
  }

  std::string out;
};

}  // namespace

Value::Value(std::nullptr_t) : data(nullptr) {}
Value::Value(bool flag) : data(flag) {}
Value::Value(double number) : data(number) {}
Value::Value(const char* text) : data(std::string(text)) {}
Value::Value(std::string text) : data(std::move(text)) {}
Value::Value(Array array) : data(std::move(array)) {}
Value::Value(Object object) : data(std::move(object)) {}

bool operator==(const Value& a, const Value& b) { return a.data == b.data; }
bool operator==(const Member& a, const Member& b) { return a.key == b.key && a.value == b.value; }

std::string write(const Value& value) {
  Writer writer;
  std::visit(writer, value.data);
  return std::move(writer.out);
}

std::string brief(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return quoted(*text);
  if (value.get_if<Array>() != nullptr) return "a list";
  if (value.get_if<Object>() != nullptr) return "an object";
  if (const auto* number = value.get_if<double>()) return shortest(*number);
  return write(value);
}

std::string quoted(std::string_view text, std::size_t longest) {
  std::size_t size = std::min(text.size(), longest);
  // Not through the middle of a character: its further bytes are 10xxxxxx.
  while (size < text.size() && size > 0 && (text[size] & 0xc0) == 0x80) --size;
  std::string out = "'";
  for (const char c : text.substr(0, size))
    if (!is_control(c)) out += c;
  return out + (size < text.size() ? "...'" : "'");
}

}  // namespace chainrule::json
