#include "base/fields.hpp"

#include <limits>
#include <string>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

struct Damped {
  static constexpr auto class_name = "Damped";
  double rate = 0.1;
  double share = 0.5;
  Index steps = 3;
  bool sharp = false;
  const char* conflict() const {
    return sharp && share > 0.9 ? "Damped: sharp=True needs share <= 0.9" : nullptr;
  }
  static constexpr auto fields =
      std::make_tuple(Field{"rate", &Damped::rate, positive(), "size of a step"},
                      Field{"share", &Damped::share, from_below(0, 1), "part that is kept"},
                      Field{"steps", &Damped::steps, at_least(1), "number of steps"},
                      Field{"sharp", &Damped::sharp, any(), "whether it is sharp"});
};

struct Waving {
  static constexpr auto class_name = "Waving";
  enum class Shape { flat, round, sharp };
  double height = 2.0;
  Shape shape = Shape::round;
  static constexpr auto fields = std::make_tuple(
      Field{"height", &Waving::height, positive(), "how high it is"},
      Choice{"shape", &Waving::shape, std::array{"flat", "round", "sharp"}, "what it looks like"});
};

struct Bare {
  static constexpr auto class_name = "Bare";
  static constexpr auto fields = std::make_tuple();
};

Damped with_rate(double rate) {
  Damped damped;
  damped.rate = rate;
  return damped;
}

Damped with_share(double share) {
  Damped damped;
  damped.share = share;
  return damped;
}

}  // namespace

TEST(fields_are_visited_in_order) {
  std::string names;
  const Damped damped;
  for_each_field(damped, [&](const auto& field) { names += std::string(field.name) + " "; });
  CHECK_EQUAL(names, "rate share steps sharp ");
  for_each_field(Bare{}, [&](const auto& /*field*/) { names.clear(); });
  CHECK(!names.empty());
}

TEST(fields_reach_the_members) {
  Damped damped;
  std::vector<double> values;
  for_each_field(damped, [&](const auto& field) {
    values.push_back(static_cast<double>(damped.*(field.member)));
  });
  CHECK(values == std::vector<double>({0.1, 0.5, 3.0, 0.0}));
}

TEST(interval_ends) {
  CHECK(at_least(0).contains(0.0) && at_least(0).contains(-0.0) && !positive().contains(0.0));
  CHECK(from_to(0, 1).contains(0) && from_to(0, 1).contains(1) && !from_below(0, 1).contains(1));
  CHECK(!between(0, 1).contains(0) && !between(0, 1).contains(1) && between(0, 1).contains(0.5));
  CHECK(!above(2).contains(2) && any().contains(-1e308));
  for (const Interval range : {any(), at_least(0), positive(), from_to(0, 1)}) {
    CHECK(!range.contains(std::numeric_limits<double>::quiet_NaN()));
    CHECK(!range.contains(kInfinity) && !range.contains(-kInfinity));
  }
}

TEST(fields_outside_their_range_are_refused) {
  check_fields(Damped{});
  check_fields(Bare{});
  CHECK_THROWS(check_fields(with_rate(0)), "Damped: rate: expected a number in (0, inf), got 0");
  CHECK_THROWS(check_fields(with_rate(std::numeric_limits<double>::quiet_NaN())), "got nan");
  CHECK_THROWS(check_fields(with_share(1)), "Damped: share: expected a number in [0, 1), got 1");
  CHECK_THROWS(check_fields(with_share(-1e-30)), "got -1e-30");
  Damped none;
  none.steps = 0;
  CHECK_THROWS(check_fields(none), "Damped: steps: expected an integer in [1, inf), got 0");
}

namespace {

struct Levels {
  static constexpr auto class_name = "Levels";
  double rate = 0.5;
  MaybeNumber share;
  Numbers levels{0.25, 0.75};
  bool sharp = true;
  static constexpr auto fields =
      std::make_tuple(Field{"rate", &Levels::rate, positive(), "a rate"},
                      Field{"share", &Levels::share, from_to(0, 1), "a share"},
                      Field{"levels", &Levels::levels, between(0, 1), "some levels", true},
                      Field{"sharp", &Levels::sharp, any(), "sharpness"});
};

std::vector<double> values_of(const Levels& levels) {
  std::vector<double> values;
  for_each_field(levels, [&](const auto& field) { append_value(values, levels.*(field.member)); });
  return values;
}

}  // namespace

TEST(fields_become_numbers_and_come_back) {
  Levels levels;
  CHECK(values_of(levels) == std::vector<double>({0.5, 0, 2, 0.25, 0.75, 1}));
  levels.share = 0.125;
  levels.levels = {0.5};
  const std::vector<double> values = values_of(levels);
  CHECK(values == std::vector<double>({0.5, 1, 0.125, 1, 0.5, 1}));
  const auto again = from_values<Levels>(values.data());
  CHECK(again.share == levels.share && again.levels == levels.levels && again.sharp);
  CHECK(are_values<Levels>(values.data(), values.size()));
  for (std::size_t n = 0; n < values.size(); ++n) CHECK(!are_values<Levels>(values.data(), n));
  for (const double wrong : {-1.0, 1e9, std::numeric_limits<double>::quiet_NaN()})
    for (const std::size_t at : {1u, 3u}) {
      std::vector<double> changed = values;
      changed[at] = wrong;
      CHECK(!are_values<Levels>(changed.data(), changed.size()));
    }
}

TEST(every_number_of_a_field_is_checked) {
  Levels levels;
  check_fields(levels);
  levels.share = 2.0;
  CHECK_THROWS(check_fields(levels), "Levels: share: expected a number in [0, 1], got 2");
  levels.share.reset();
  levels.levels = {0.5, 1.0};
  CHECK_THROWS(check_fields(levels), "Levels: levels: expected a number in (0, 1), got 1");
  levels.levels = {};
  CHECK_THROWS(check_fields(levels), "Levels: levels: expected at least one number, got none");
}

TEST(conflicting_fields_are_refused) {
  Damped damped = with_share(0.95);
  check_fields(damped);
  damped.sharp = true;
  CHECK_THROWS(check_fields(damped), "Damped: sharp=True needs share <= 0.9");
}

TEST(fields_that_are_one_of_a_few_words) {
  check_fields(Waving{});
  constexpr auto shape = std::get<1>(Waving::fields);
  CHECK_EQUAL(to_text(shape), "'flat' or 'round' or 'sharp'");
  CHECK_EQUAL(std::string_view(shown(Waving{}, shape)), "round");
  Waving::Shape found{};
  for (const char* word : shape.words)
    CHECK(shape.find(word, found) && shape.word(found) == std::string_view(word));
  for (const char* word : {"", "fla", "flat ", "Flat"}) CHECK(!shape.find(word, found));
  CHECK(found == Waving::Shape::sharp);
}

TEST(formulas_come_back_from_the_values_of_their_fields) {
  const std::vector<float> values = {0.5f, 2};
  const Waving waving = from_values<Waving>(values.data());
  CHECK(waving.height == 0.5 && waving.shape == Waving::Shape::sharp);
  from_values<Bare>(static_cast<const float*>(nullptr));
}

TEST(numbers_are_written_shortest) {
  CHECK_EQUAL(shortest(0.1), "0.1");
  CHECK_EQUAL(shortest(1.0), "1");
  CHECK_EQUAL(shortest(1.0 + std::numeric_limits<double>::epsilon()), "1.0000000000000002");
  CHECK_EQUAL(shortest(-2.2250738585072014e-308), "-2.2250738585072014e-308");
}

}  // namespace chainrule
