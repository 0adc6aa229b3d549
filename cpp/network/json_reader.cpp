#include "network/json_reader.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"

namespace chainrule::json {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned bits) { out += static_cast<char>(bits); };
  const auto tail = [&](unsigned shift) { byte(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) return byte(0xc0 | code >> 6), tail(0);
  if (code < 0x10000) return byte(0xe0 | code >> 12), tail(6), tail(0);
  byte(0xf0 | code >> 18), tail(12), tail(6), tail(0);
}

}  // namespace

Reader::Reader(const char* name, std::string_view text, Limits limits)
    : name_(name), text_(text), limits_(limits) {
  check(is_utf8(text), name, ": expected UTF-8");
}

void Reader::fail(const char* what) const {
  throw std::invalid_argument(chainrule::text(name_, ": byte ", position_, ": ", what));
}

bool Reader::take(char c) {
  if (peek() != c) return false;
  ++position_;
  return true;
}

void Reader::skip_space() {
  while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') ++position_;
}

void Reader::enter(char bracket) {
  skip_space();
  if (!take(bracket)) fail(bracket == '{' ? "expected an object" : "expected a list");
  if (++depth_ > limits_.depth) fail("too many objects and lists in each other");
  first_ = true;
}

// Steps to the next element, or out of the object or array behind the last.
bool Reader::next(char bracket) {
  skip_space();
  if (take(bracket)) {
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && !take(',')) fail(bracket == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
  first_ = false;
  return true;
}

bool Reader::next_key(std::string& key) {
  if (!next('}')) return false;
  key = string();
  skip_space();
  if (!take(':')) fail("expected ':'");
  return true;
}

void Reader::expect_key(std::string_view key) {
  std::string given;
  const bool found = next_key(given);
  check(found && given == key, name_, ": expected key ", quoted(key), ", got ",
        found ? quoted(given) : "none");
}

void Reader::expect_no_key() {
  std::string given;
  const bool found = next_key(given);
  check(!found, name_, ": unknown key ", quoted(given));
}

bool Reader::next_element() { return next(']'); }

void Reader::finish() {
  skip_space();
  if (position_ != text_.size()) fail("expected nothing more");
}

Value Reader::value() {
  n_values_left_ = limits_.n_values;
  return any_value();
}

Value Reader::any_value() {
  if (--n_values_left_ < 0) fail("too many values");
  skip_space();
  switch (peek()) {
    case '{':
      return object();
    case '[':
      return array();
    case '"':
      return string();
    case 'n':
      return word("null", nullptr);
    case 't':
      return word("true", true);
    case 'f':
      return word("false", false);
    default:
      return number();
  }
}

Array Reader::array() {
  Array elements;
  enter('[');
  while (next(']')) elements.push_back(any_value());
  return elements;
}

Object Reader::object() {
  Object members;
  std::string key;
  enter('{');
  while (next_key(key)) members.push_back({key, any_value()});
  check_unique(members);
  return members;
}

void Reader::check_unique(const Object& members) const {
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const Member& member : members) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  check(twice == keys.end(), name_, ": key ", twice == keys.end() ? "" : quoted(*twice),
        " is there twice");
}

Value Reader::word(std::string_view name, Value value) {
  if (text_.substr(position_, name.size()) != name) fail("expected a value");
  position_ += name.size();
  return value;
}

Value Reader::number() {
  const std::size_t begin = position_;
  const auto digits = [&] {
    if (!is_digit(peek())) fail(position_ == begin ? "expected a value" : "expected a digit");
    while (is_digit(peek())) ++position_;
  };
  bool whole = true;
  take('-');
  if (!take('0')) digits();
  if (take('.')) digits(), whole = false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    digits(), whole = false;
  }
  const std::string_view literal = text_.substr(begin, position_ - begin);
  const auto read = [&](auto number) {
    const char* end = literal.data() + literal.size();
    const auto result = std::from_chars(literal.data(), end, number);
    return std::pair(result.ec == std::errc() && result.ptr == end, number);
  };
  // The sign of -0 would be lost in an integer.
  if (whole && literal != "-0") {
    if (const auto [ok, integer] = read(std::int64_t()); ok) return integer;
    if (const auto [ok, integer] = read(std::uint64_t()); ok) return integer;
  }
  const auto [ok, real] = read(double());
  if (!ok) fail("the number in front of this is too large or too small");
  return real;
}

std::string Reader::string() {
  skip_space();
  if (!take('"')) fail("expected a string");
  // As much as it can take, so that a long text does not grow through copies of itself.
  std::size_t end = position_;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  std::string out;
  out.reserve(end - position_);
  while (!take('"')) {
    if (position_ == text_.size()) fail("expected '\"'");
    if (static_cast<unsigned char>(peek()) < 0x20)
      fail("expected no control character in a string");
    if (take('\\'))
      escape(out);
    else
      out += text_[position_++];
  }
  return out;
}

void Reader::escape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (take('u')) {
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xe000) {
      // A character above 0xffff is a high and a low surrogate, 10 bits each.
      const bool high = code < 0xdc00 && take('\\') && take('u');
      const unsigned low = high ? hex4() : 0;
      if (low < 0xdc00 || low >= 0xe000) fail("expected a pair of surrogates");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return append_utf8(out, code);
  }
  const std::size_t letter = kLetters.find(peek());
  if (letter == std::string_view::npos) fail("unknown escape in a string");
  ++position_;
  out += kMeanings[letter];
}

unsigned Reader::hex4() {
  const std::string_view digits = text_.substr(position_, 4);
  unsigned code = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (digits.size() != 4 || result.ptr != digits.data() + 4)
    fail("expected four hexadecimal digits");
  position_ += 4;
  return code;
}

Value parse(const char* name, std::string_view text, Limits limits) {
  Reader reader(name, text, limits);
  Value value = reader.value();
  reader.finish();
  return value;
}

// Unicode 15, table 3-7: no detours, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    const unsigned lead = byte(0), second = byte(1);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (size > 1 && (lead < 0xc2 || lead > 0xf4 || second < low || second > high)) return false;
    for (std::size_t k = 2; k < size; ++k)
      if ((byte(k) & 0xc0) != 0x80) return false;
    i += size;
  }
  return true;
}

}  // namespace chainrule::json
