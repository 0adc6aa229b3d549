#include "network/json.hpp"

#include <cmath>
#include <limits>

#include "base/fields.hpp"
#include "network/json_reader.hpp"
#include "test.hpp"

namespace chainrule::json {

namespace {

constexpr Limits kLimits{16, 1000};

}  // namespace

TEST(json_is_written_without_white_space) {
  const Value value = Object{{"a", Array{1, -2, 2.5, "x"}},
                             {"b", Object{}},
                             {"c", nullptr},
                             {"d", Array{}},
                             {"e", true},
                             {"f", false}};
  CHECK_EQUAL(write(value), R"({"a":[1,-2,2.5,"x"],"b":{},"c":null,"d":[],"e":true,"f":false})");
}

TEST(json_strings_are_escaped) {
  CHECK_EQUAL(write(Value("\"\\/\n\x1f\x7f")), "\"\\\"\\\\/\\u000a\\u001f\x7f\"");
  CHECK_EQUAL(write(Value(std::string("\0", 1))), R"("\u0000")");
  CHECK_EQUAL(write(Value("ü€😀")), "\"ü€😀\"");
  for (int c = 0; c < 128; ++c) {
    const std::string text(3, static_cast<char>(c));
    CHECK_EQUAL(*parse("text", write(Value(text)), kLimits).get_if<std::string>(), text);
  }
}

TEST(json_integers_are_exact) {
  using Signed = std::numeric_limits<std::int64_t>;
  using Unsigned = std::numeric_limits<std::uint64_t>;
  for (const std::int64_t number :
       {Signed::min(), Signed::min() + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1},
        (std::int64_t{1} << 53) + 1, Signed::max()}) {
    CHECK_EQUAL(write(Value(number)), std::to_string(number));
    const Value value = parse("text", write(Value(number)), kLimits);
    CHECK(value.get_if<std::int64_t>() != nullptr && *value.get_if<std::int64_t>() == number);
  }
  for (const std::uint64_t number :
       {std::uint64_t{1} << 63, Unsigned::max() - 1, Unsigned::max()}) {
    const Value value = parse("text", write(Value(number)), kLimits);
    CHECK(value.get_if<std::uint64_t>() != nullptr && *value.get_if<std::uint64_t>() == number);
  }
  CHECK(Value(std::uint64_t{7}).get_if<std::int64_t>() != nullptr);
}

TEST(json_numbers_read_back_as_the_same) {
  using Real = std::numeric_limits<double>;
  for (const double x : {0.1, 1.0 / 3.0, -1e-7, 1e300, 5e-324, Real::min(), Real::max(), -0.0, 1e22,
                         18446744073709551616.0, 0.30000000000000004}) {
    const std::string text = write(Value(x));
    const Value value = parse("text", text, kLimits);
    const auto* real = value.get_if<double>();
    CHECK(real != nullptr && *real == x && std::signbit(*real) == std::signbit(x));
    CHECK_EQUAL(write(value), text);
  }
  CHECK_EQUAL(write(Value(0.1)), "0.1");
  CHECK_EQUAL(write(Value(1.0)), "1");
  CHECK_EQUAL(write(Value(-0.0)), "-0");
  for (const double x : {kInfinity, -kInfinity, Real::quiet_NaN()})
    CHECK_THROWS(write(Array{x}), "expected a finite number");
}

TEST(json_values_are_equal_in_kind_too) {
  CHECK(Value(2) == Value(2) && !(Value(2) == Value(2.0)) && !(Value(1) == Value(true)));
  CHECK(Value(Array{1, "a"}) == Value(Array{1, "a"}) && !(Value(Array{1}) == Value(Array{1, 2})));
  CHECK(Value(Object{{"a", 1}}) == Value(Object{{"a", 1}}));
  CHECK(!(Value(Object{{"a", 1}}) == Value(Object{{"a", 2}})));
  CHECK(!(Value(Object{{"a", 1}}) == Value(Object{{"b", 1}})));
}

TEST(json_values_in_messages) {
  CHECK_EQUAL(brief(Value(-3)), "-3");
  CHECK_EQUAL(brief(Value(std::numeric_limits<double>::quiet_NaN())), "nan");
  CHECK_EQUAL(brief(Value("relu")), "'relu'");
  CHECK_EQUAL(brief(Value()), "null");
  CHECK_EQUAL(brief(Value(false)), "false");
  CHECK_EQUAL(brief(Array{1}), "a list");
  CHECK_EQUAL(brief(Object{}), "an object");
}

TEST(json_texts_in_messages_are_short_and_whole) {
  CHECK_EQUAL(quoted("a\n\0b"), "'a'");
  CHECK_EQUAL(quoted(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
  CHECK_EQUAL(quoted(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
  for (std::size_t start = 0; start < 4; ++start) {
    std::string text(start, 'x');
    while (text.size() < 100) text += "😀";
    CHECK(is_utf8(quoted(text)) && quoted(text).size() <= 65);
  }
}

}  // namespace chainrule::json
