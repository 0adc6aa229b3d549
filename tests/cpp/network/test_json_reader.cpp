#include "network/json_reader.hpp"

#include "test.hpp"

namespace chainrule::json {

namespace {

constexpr Limits kLimits{16, 1000};

// The text that is written of what was read.
std::string again(std::string_view text) { return write(parse("text", text, kLimits)); }

}  // namespace

TEST(json_reader_takes_what_the_standard_allows) {
  CHECK_EQUAL(again(" \t\r\n{ \"b\" : [ 1 , 2.5e0 ,\"x\" ] , \"a\" : { } } \n"),
              R"({"b":[1,2.5,"x"],"a":{}})");
  for (const char* text :
       {"null", "true", "false", "0", "-1", "[]", "{}", "\"\"", "[[],[{}]]", "-0", "1e-07"})
    CHECK_EQUAL(again(text), text);
  CHECK_EQUAL(again("[0.0,-0.0,1.50,10E2,1e+3,0e5]"), "[0,-0,1.5,1000,1000,0]");
  CHECK_EQUAL(again(R"("\"\\\/\b\f\n\r\t\u0041\u00fc\u20ac\ud83d\uDE00")"),
              again("\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009Aü€😀\""));
}

TEST(json_reader_refuses_everything_else) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulL",
                           "True",
                           "NaN",
                           "Infinity",
                           "-",
                           "-a",
                           "+1",
                           "01",
                           "-01",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "1.e5",
                           "0x10",
                           "1_000",
                           "1 2",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "}",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\" 1}",
                           "{1:2}",
                           "\"",
                           "\"a",
                           "\"\\",
                           "\"\\x41\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\u-123\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\ud800x\"",
                           "\"a\nb\"",
                           "\"\t\"",
                           "// c\n1",
                           "/**/1",
                           "[1}",
                           "{\"a\":1]",
                           "\x01"})
    CHECK_THROWS(parse("text", text, kLimits), "text: byte ");
  CHECK_THROWS(parse("text", std::string_view("1\0", 2), kLimits),
               "text: byte 1: expected nothing more");
  CHECK_THROWS(parse("text", std::string_view("\"a\0\"", 4), kLimits), "control character");
}

TEST(json_reader_says_where) {
  CHECK_THROWS(parse("text", "[1,2;3]", kLimits), "text: byte 4: expected ',' or ']'");
  CHECK_THROWS(parse("text", "{\"a\":1;3}", kLimits), "text: byte 6: expected ',' or '}'");
  CHECK_THROWS(parse("text", "{\"a\":,}", kLimits), "text: byte 5: expected a value");
  CHECK_THROWS(parse("text", "[1e999]", kLimits),
               "text: byte 6: the number in front of this is too large or too small");
  CHECK_THROWS(parse("text", "[1e-999]", kLimits), "too small");
}

TEST(json_reader_refuses_a_key_that_is_there_twice) {
  CHECK_THROWS(parse("text", R"({"a":1,"b":2,"a":1})", kLimits), "text: key 'a' is there twice");
  CHECK_THROWS(parse("text", R"({"a":1,"\u0061":1})", kLimits), "text: key 'a' is there twice");
  CHECK_THROWS(parse("text", R"([{"":1,"":1}])", kLimits), "text: key '' is there twice");
  CHECK_EQUAL(again(R"({"a":{"a":1},"b":{"a":1}})"), R"({"a":{"a":1},"b":{"a":1}})");
}

TEST(json_reader_limits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_EQUAL(again(nested(16)), nested(16));
  CHECK_THROWS(parse("text", nested(17), kLimits), "too many objects and lists in each other");
  CHECK_THROWS(parse("text", std::string(1000000, '['), kLimits), "in each other");
  CHECK_EQUAL(again("[[[]],[[]]]"), "[[[]],[[]]]");

  std::string list = "[0";
  for (int i = 1; i < 999; ++i) list += ",0";
  CHECK_EQUAL(again(list + "]"), list + "]");
  CHECK_THROWS(parse("text", list + ",0]", kLimits), "too many values");
}

TEST(json_reader_goes_piece_by_piece) {
  Reader reader("text", R"( {"a" : {"x":[1]}, "b" : [10, [20], "c"], "d": "e"} )", {3, 3});
  std::string key;
  reader.enter_object();
  CHECK(reader.next_key(key) && key == "a");
  CHECK_EQUAL(write(reader.value()), R"({"x":[1]})");
  CHECK(reader.next_key(key) && key == "b");
  reader.enter_array();
  std::string elements;
  while (reader.next_element()) elements += write(reader.value());
  CHECK_EQUAL(elements, "10[20]\"c\"");
  CHECK(reader.next_key(key) && key == "d");
  CHECK_EQUAL(reader.string(), "e");
  CHECK(!reader.next_key(key));
  reader.finish();
}

TEST(json_reader_demands_keys) {
  const auto read = [](std::string_view text) {
    Reader reader("text", text, kLimits);
    reader.enter_object();
    reader.expect_key("a");
    (void)reader.value();
    reader.expect_no_key();
    reader.finish();
  };
  read(R"({"a":1})");
  CHECK_THROWS(read("{}"), "text: expected key 'a', got none");
  CHECK_THROWS(read(R"({"b":1})"), "text: expected key 'a', got 'b'");
  CHECK_THROWS(read(R"({"a":1,"b":1})"), "text: unknown key 'b'");
  CHECK_THROWS(read("[1]"), "text: byte 0: expected an object");
}

TEST(json_reader_demands_utf8) {
  for (const char* text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(text));
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf",
        "\xe0\xa0", "\xed\xa0\x80", "\xef\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc2"})
    CHECK(!is_utf8(text));
  CHECK_THROWS(parse("text", "\"\xff\"", kLimits), "text: expected UTF-8");
}

}  // namespace chainrule::json
