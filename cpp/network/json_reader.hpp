// How is JSON read that may come from anybody? In one pass, in linear time, strictly by RFC 8259,
// within limits that are checked before anything is stored.
//
// The reader is a cursor, so that a long text need never be in memory as a value: whoever knows
// what comes next takes it piece by piece.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"
#include "network/json.hpp"

namespace chainrule::json {

struct Limits {
  int depth;       // of objects and arrays in each other
  Index n_values;  // in one call of value()
};

// Every failure is std::invalid_argument: "header: byte 17: expected ',' or '}'".
class Reader {
 public:
  // The text must be UTF-8; both must outlive the reader. `name` is for messages.
  Reader(const char* name, std::string_view text, Limits limits);

  // enter_object(); while (next_key(key)) { take the value }
  void enter_object() { enter('{'); }
  bool next_key(std::string& key);
  void expect_key(std::string_view key);  // the next one must be this
  void expect_no_key();                   // there must be none left

  // enter_array(); while (next_element()) { take the value }
  void enter_array() { enter('['); }
  bool next_element();

  std::string string();
  // Anything, with each key once in an object.
  Value value();

  // Nothing but white space may follow.
  void finish();

  std::size_t position() const { return position_; }
  // What was read since the reader was there.
  std::string_view text_from(std::size_t position) const {
    return text_.substr(position, position_ - position);
  }

 private:
  [[noreturn]] void fail(const char* what) const;
  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool take(char c);
  void skip_space();
  void enter(char bracket);
  bool next(char bracket);
  Value any_value();
  Array array();
  Object object();
  Value number();
  Value word(std::string_view name, Value value);
  void check_unique(const Object& members) const;
  void escape(std::string& out);
  unsigned hex4();

  const char* name_;
  std::string_view text_;
  Limits limits_;
  std::size_t position_ = 0;
  int depth_ = 0;
  bool first_ = false;  // no element of the innermost object or array has been taken
  Index n_values_left_ = 0;
};

// The whole text as one value.
Value parse(const char* name, std::string_view text, Limits limits);

bool is_utf8(std::string_view text);

}  // namespace chainrule::json
