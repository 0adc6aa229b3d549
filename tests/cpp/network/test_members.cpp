#include "network/members.hpp"

#include <limits>
#include <optional>

#include "formulas/settings.hpp"
#include "network/json_reader.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

json::Value parsed(std::string_view text) { return json::parse("text", text, {16, 1000}); }

// Calls f(reader) for the members of the object in `text`, at the place "here".
template <class F>
void read(std::string_view text, F&& f) {
  const json::Value value = parsed(text);
  MemberReader io(object_at("here", value), "here");
  f(io);
  io.finish();
}

double number_in(std::string_view text, const Interval& range) {
  double number = 0;
  read(text, [&](MemberReader& io) { io.number("x", number, range); });
  return number;
}

Index integer_in(std::string_view text, const Interval& range) {
  Index number = 0;
  read(text, [&](MemberReader& io) { io.number("x", number, range); });
  return number;
}

std::uint64_t seed_in(std::string_view text) {
  std::uint64_t seed = 0;
  read(text, [&](MemberReader& io) { io.number("x", seed); });
  return seed;
}

bool flag_in(std::string_view text) {
  bool flag = false;
  read(text, [&](MemberReader& io) { io.flag("x", flag); });
  return flag;
}

FormulaSpec formula_in(const json::Value& formula, Family family) {
  FormulaSpec spec;
  const json::Object object{{"x", formula}};
  MemberReader(object, "here").formula("x", spec, family);
  return spec;
}

FormulaSpec formula_of(std::string_view text, Family family) {
  return formula_in(parsed(text), family);
}

// The same formula with the field of this name at its default, if files of earlier versions lack
// it.
template <class F>
std::optional<F> without_later_field(const F& formula, std::string_view name) {
  std::optional<F> earlier;
  for_each_field(formula, [&](const auto& field) {
    if (name != field.name || !field.added_later) return;
    earlier = formula;
    (*earlier).*(field.member) = F{}.*(field.member);
  });
  return earlier;
}

template <class F>
void check_formula(const F& formula, Family family) {
  const FormulaSpec spec = to_spec(formula);
  MemberWriter io;
  io.formula("x", spec, family);
  const json::Value& value = io.object.front().value;
  CHECK(formula_in(value, family) == spec);
  CHECK(formula_of(json::write(value), family) == spec);
  const auto& object = *value.get_if<json::Object>();
  // Without a member, which files of earlier versions may lack, and with a member too many.
  for (std::size_t i = 0; i < object.size(); ++i) {
    json::Object changed = object;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    if (const auto earlier = without_later_field(formula, object[i].key))
      CHECK(formula_in(changed, family) == to_spec(*earlier));
    else
      CHECK_THROWS(formula_in(changed, family),
                   text("here.x.", object[i].key, ": expected a value, got none"));
  }
  json::Object longer = object;
  longer.push_back({"momentun", 0.5});
  CHECK_THROWS(formula_in(longer, family), "here.x: unknown key 'momentun'");
}

}  // namespace

TEST(members_that_are_numbers) {
  CHECK_EQUAL(number_in(R"({"x":0.25})", any()), 0.25);
  CHECK_EQUAL(number_in(R"({"x":-3})", any()), -3.0);
  CHECK_EQUAL(number_in(R"({"x":18446744073709551615})", any()), 18446744073709551616.0);
  CHECK_THROWS(number_in(R"({"x":-1})", at_least(0)),
               "here.x: expected a number in [0, inf), got -1");
  CHECK_THROWS(number_in(R"({"x":0})", positive()), "here.x: expected a positive number, got 0");
  CHECK_THROWS(number_in(R"({"x":"1"})", any()), "got '1'");
  CHECK_THROWS(number_in(R"({"x":true})", any()), "got true");
  CHECK_THROWS(number_in(R"({"x":null})", any()), "got null");
}

TEST(members_that_are_not_finite) {
  for (const double x : {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    const json::Object object{{"x", x}};
    double number = 0;
    CHECK_THROWS(MemberReader(object, "here").number("x", number, any()),
                 "here.x: expected a number in");
  }
}

TEST(members_that_are_integers) {
  CHECK_EQUAL(integer_in(R"({"x":7})", at_least(1)), 7);
  CHECK_EQUAL(integer_in(R"({"x":9007199254740992})", at_least(1)), Index{1} << 53);
  CHECK_THROWS(integer_in(R"({"x":-3})", at_least(1)),
               "here.x: expected a positive integer, got -3");
  CHECK_THROWS(integer_in(R"({"x":-1})", kCounts),
               "here.x: expected an integer in [0, 1099511627776), got -1");
  for (const char* text : {"1.5", "2.0", "2e0", "-0", "9007199254740993", "9223372036854775808",
                           "true", "\"1\"", "[]"})
    CHECK_THROWS(integer_in(chainrule::text("{\"x\":", text, "}"), at_least(1)),
                 "expected a positive integer");
}

TEST(members_that_are_seeds) {
  CHECK_EQUAL(seed_in(R"({"x":0})"), 0u);
  CHECK_EQUAL(seed_in(R"({"x":18446744073709551615})"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"-1", "18446744073709551616", "1.0", "null"})
    CHECK_THROWS(seed_in(chainrule::text("{\"x\":", text, "}")),
                 "here.x: expected an integer in [0, 2^64)");
}

TEST(members_that_are_flags) {
  CHECK(flag_in(R"({"x":true})") && !flag_in(R"({"x":false})"));
  for (const char* text : {"1", "0", "null", "\"true\""})
    CHECK_THROWS(flag_in(chainrule::text("{\"x\":", text, "}")), "here.x: expected true or false");
}

TEST(members_that_are_missing_or_unknown) {
  CHECK_THROWS(flag_in("{}"), "here.x: expected a value, got none");
  CHECK_THROWS(flag_in(R"({"x":true,"y":1})"), "here: unknown key 'y'");
  CHECK_THROWS(read("[]", [](MemberReader&) {}), "here: expected an object, got a list");
}

TEST(members_that_may_be_null) {
  for (const char* text : {R"({"x":null})", R"({"x":2.5})"})
    read(text, [&](MemberReader& io) {
      std::optional<double> number = 7.0;
      if (!io.is_null("x", number)) io.number("x", *number, any());
      CHECK(number == (text[5] == 'n' ? std::nullopt : std::optional(2.5)));
    });
  CHECK_THROWS(read(R"({"x":1})", [](MemberReader& io) { io.null("x"); }),
               "here.x: expected null, which is all");
}

TEST(members_that_are_names) {
  for (const char* text : {"1", "null", "\"a\\u0000b\"", "\"a\\nb\""})
    CHECK_THROWS(read(chainrule::text("{\"x\":", text, "}"),
                      [](MemberReader& io) {
                        std::string name;
                        io.name("x", name);
                      }),
                 "here.x: expected a name");
  CHECK_THROWS(formula_in(json::Object{{"name", std::string(10000, 'a')}}, Family::loss),
               "aaa...'");
}

TEST(members_that_are_lists_or_null) {
  const auto quantile = [](const char* quantiles) {
    return formula_of(text(R"({"name":"quantile","quantiles":)", quantiles, "}"), Family::loss);
  };
  CHECK(quantile("[0.25,0.5]").values == std::vector<double>({2, 0.25, 0.5}));
  for (const char* wrong : {"[]", "0.5", "null", "{}"})
    CHECK_THROWS(quantile(wrong), "here.x.quantiles: expected a list of 1 to 64 numbers");
  for (const char* wrong : {"[1]", "[0.5,-0.1]", "[null]", "[[0.5]]", "[\"0.5\"]"})
    CHECK_THROWS(quantile(wrong), "here.x.quantiles: expected numbers in (0, 1), got ");
  std::string many = "[0.5";
  for (Index i = 1; i < Numbers::kMost; ++i) many += ",0.5";
  CHECK_EQUAL(quantile((many + "]").c_str()).values.size(), std::size_t{65});
  CHECK_THROWS(quantile((many + ",0.5]").c_str()), "here.x.quantiles: expected a list of 1 to 64");
  const auto focal = [](const char* alpha) {
    return formula_of(text(R"({"name":"focal","gamma":1,"alpha":)", alpha, "}"), Family::loss);
  };
  CHECK(focal("null").values == std::vector<double>({1, 0}));
  CHECK(focal("0.25").values == std::vector<double>({1, 1, 0.25}));
  CHECK_THROWS(focal("2"), "here.x.alpha: expected a number in [0, 1], got 2");
  CHECK_THROWS(focal("[]"), "here.x.alpha: expected a number in [0, 1], got a list");
}

// Every formula of every list goes out and comes back, with other values than the defaults, too.
TEST(members_that_are_formulas) {
  const auto check_list = [](auto list, Family family) {
    for_each_type(list, [&]<class F>() {
      for (const F& formula : test::settings<F>()) check_formula(formula, family);
    });
  };
  check_list(Activations{}, Family::activation);
  check_list(Losses{}, Family::loss);
  check_list(AllOptimizers{}, Family::optimizer);
  check_list(Initializers{}, Family::initializer);
}

// The function itself is in no file, nor the number under which the caller keeps it.
TEST(members_that_are_losses_of_the_caller) {
  MemberWriter io;
  io.formula("x", {"own:<lambda>", {7.0}}, Family::loss);
  CHECK_EQUAL(json::write(io.object), R"({"x":{"name":"own:<lambda>"}})");
  CHECK(
      (formula_of(R"({"name":"own:<lambda>"})", Family::loss) == FormulaSpec{"own:<lambda>", {}}));
  CHECK_THROWS(formula_of(R"({"name":"own:f","values":[7]})", Family::loss),
               "here.x: unknown key 'values'");
  for (const Family family : {Family::activation, Family::optimizer, Family::initializer})
    CHECK_THROWS(formula_of(R"({"name":"own:f"})", family), "unknown name 'own:f'");
}

TEST(members_that_are_wrong_formulas) {
  CHECK_THROWS(formula_of(R"({"name":"gelu","approximate":"sigmoid"})", Family::activation),
               "here.x.approximate: expected 'none' or 'tanh', got 'sigmoid'");
  CHECK_THROWS(formula_of(R"({"name":"gelu","approximate":1})", Family::activation),
               "here.x.approximate: expected 'none' or 'tanh', got 1");
  CHECK_THROWS(formula_of(R"({"name":"rleu"})", Family::activation),
               "here.x: unknown name 'rleu'; did you mean");
  CHECK_THROWS(formula_of(R"({"name":"relu"})", Family::loss), "here.x: unknown name 'relu'");
  CHECK_THROWS(formula_of(R"("relu")", Family::activation),
               "here.x: expected an object, got 'relu'");
  CHECK_THROWS(formula_of(R"({"name":"normal","mean":0,"stddev":-1})", Family::initializer),
               "here.x.stddev: expected a number in [0, inf), got -1");
  CHECK_THROWS(
      formula_of(R"({"name":"sgd","learning_rate":0.1,"momentum":0,"dampening":0,"nesterov":true,)"
                 R"("weight_decay":0,"decay_biases":true})",
                 Family::optimizer),
      "here.x: SGD: nesterov=True needs");
  CHECK_THROWS(
      formula_of(R"({"name":"sgd","learning_rate":0.1,"momentum":0,"dampening":0,"nesterov":0,)"
                 R"("weight_decay":0,"decay_biases":true})",
                 Family::optimizer),
      "here.x.nesterov: expected true or false, got 0");
}

}  // namespace chainrule
