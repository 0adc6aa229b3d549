// Does a line search end where both conditions hold, wherever it begins, and give up where it must?
#include "network/line_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Phi = std::function<Trial(double)>;

// A line with everything that was asked.
class Asked final : public Line {
 public:
  explicit Asked(Phi phi) : phi_(std::move(phi)) {}
  Trial at(double step) override {
    trials.push_back(phi_(step));
    return trials.back();
  }
  std::vector<Trial> trials;

 private:
  Phi phi_;
};

Trial quadratic(double t) { return {t, (t - 1) * (t - 1), 2 * (t - 1)}; }

// More and Thuente (1994), Line search algorithms with guaranteed sufficient decrease, functions
// 5.1 to 5.3: a long slope, a sharp minimum, and noise of rounding's kind.
Trial long_slope(double t) {
  const double below = t * t + 2;
  return {t, -t / below, (t * t - 2) / (below * below)};
}
Trial sharp(double t) {
  const double u = t + 0.004;
  return {t, std::pow(u, 5) - 2 * std::pow(u, 4), 5 * std::pow(u, 4) - 8 * std::pow(u, 3)};
}
Trial wavy(double t) {
  const double wave = 39 * M_PI / 2;
  const double base =
      std::fabs(t - 1) <= 0.01 ? ((t - 1) * (t - 1) / 0.01 + 0.01) / 2 : std::fabs(t - 1);
  const double slope = std::fabs(t - 1) <= 0.01 ? (t - 1) / 0.01 : (t > 1 ? 1.0 : -1.0);
  return {t, base + 2 * 0.99 / (39 * M_PI) * std::sin(wave * t), slope + 0.99 * std::cos(wave * t)};
}
// Not finite beyond its pole, in value or in slope alone.
Trial barrier(double t) {
  return {t, -2 * t - std::log(0.01 - t) / 100, -2 + 1 / (0.01 - t) / 100};
}
Trial broken_slope(double t) {
  Trial trial = quadratic(t);
  if (t > 2) trial.slope = kNaN;
  return trial;
}
Trial bottomless_hole(double t) {
  Trial trial = quadratic(t);
  if (t > 3) trial.value = -std::numeric_limits<double>::infinity();
  return trial;
}
// Goes up at once, whatever its slope at 0 says.
Trial wrong_slope(double t) { return {t, t, -1}; }
Trial linear(double t) { return {t, -t, -1}; }
// Down to a cliff, so that no step is flat.
Trial cliff(double t) { return {t, t <= 1 ? -t : 5.0, -1}; }
Trial not_finite(double t) { return {t, t == 0 ? 1.0 : kNaN, t == 0 ? -1.0 : kNaN}; }

bool is_one_of(const Trial& found, const std::vector<Trial>& trials) {
  for (const Trial& trial : trials)
    if (trial.step == found.step) return trial.value == found.value && trial.slope == found.slope;
  return false;
}

}  // namespace

TEST(line_search_meets_both_conditions) {
  for (Trial (*phi)(double) :
       {quadratic, long_slope, sharp, wavy, barrier, broken_slope, bottomless_hole})
    for (const double first : {1e-6, 1e-3, 0.1, 0.5, 1.0, 1.9, 5.0, 1e3, 1e6}) {
      Asked line(phi);
      const Trial start = phi(0.0), found = search_line(line, start, first);
      CHECK(is_one_of(found, line.trials));
      CHECK(std::ssize(line.trials) <= kMostTrials);
      CHECK_EQUAL(line.trials.front().step, first);
      CHECK(found.value <= start.value + 1e-4 * found.step * start.slope);
      CHECK(std::fabs(found.slope) <= 0.9 * std::fabs(start.slope));
      CHECK(std::isfinite(found.value) && std::isfinite(found.slope) && found.step > 0);
    }
}

// A first step that does is taken as it is; a parabola is known after one.
TEST(line_search_asks_no_more_than_it_needs) {
  for (const auto& [first, n] :
       {std::pair{0.2, 1}, std::pair{1.0, 1}, std::pair{1.9, 1}, std::pair{0.01, 2},
        std::pair{1.95, 2}, std::pair{3.0, 2}, std::pair{100.0, 2}}) {
    Asked line(quadratic);
    const Trial found = search_line(line, quadratic(0.0), first);
    CHECK_EQUAL(std::ssize(line.trials), n);
    const double most = 10 * first;
    CHECK(n == 1 || std::fabs(found.step - std::min(1.0, most)) < 1e-12);
  }
}

TEST(line_search_takes_the_best_where_no_step_is_flat) {
  for (Trial (*phi)(double) : {cliff, linear}) {
    Asked line(phi);
    const Trial found = search_line(line, phi(0.0), 0.3);
    CHECK_EQUAL(std::ssize(line.trials), kMostTrials);
    CHECK(is_one_of(found, line.trials));
    CHECK(decreases_enough(phi(0.0), found) && !meets_wolfe(phi(0.0), found));
    for (const Trial& trial : line.trials)
      CHECK(found.value <= trial.value || !decreases_enough(phi(0.0), trial));
  }
}

TEST(line_search_stays_where_there_is_no_way_down) {
  for (Trial (*phi)(double) : {wrong_slope, not_finite})
    for (const double first : {1e-3, 1.0, 1e3}) {
      Asked line(phi);
      const Trial start{0.0, phi(0.0).value, -1.0};
      CHECK_EQUAL(search_line(line, start, first).step, 0.0);
      CHECK_EQUAL(std::ssize(line.trials), kMostTrials);
    }
}

// What is too close to be told apart is not worth asking about.
TEST(line_search_ends_at_its_resolution) {
  const auto trials = [](double resolution) {
    Asked line(wrong_slope);
    CHECK_EQUAL(search_line(line, wrong_slope(0.0), 1.0, resolution).step, 0.0);
    return std::ssize(line.trials);
  };
  CHECK_EQUAL(trials(2.0), 1);
  CHECK_EQUAL(trials(0.6), 2);
  CHECK(trials(1e-3) < 12);
  CHECK_EQUAL(trials(0.0), kMostTrials);
}

TEST(line_search_conditions) {
  const Trial start{0.0, 1.0, -2.0};
  CHECK(decreases_enough(start, {0.5, 1.0 - 1e-4, 0.0}));
  CHECK(!decreases_enough(start, {0.5, 1.0 - 0.9e-4, 0.0}));
  CHECK(!decreases_enough(start, {0.5, kNaN, 0.0}));
  for (const double sign : {1.0, -1.0}) {
    CHECK(meets_wolfe(start, {0.5, 0.5, sign * 1.8}));
    CHECK(!meets_wolfe(start, {0.5, 0.5, sign * 1.81}));
  }
  CHECK(!meets_wolfe(start, {0.5, 1.0, 0.0}));
  CHECK(!meets_wolfe(start, {0.5, 0.5, kNaN}));
}

}  // namespace chainrule
