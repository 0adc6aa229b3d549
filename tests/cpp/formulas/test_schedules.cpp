// Do factors of the learning rate follow their formulas, in long double, and hit their ends
// exactly?
#include "formulas/schedules.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr long double kPi = std::numbers::pi_v<long double>;

// 20 roundings of numbers up to 1.
bool near(double found, long double expected) {
  return std::fabs(static_cast<long double>(found) - expected) <= 20 * 0x1p-53L;
}

}  // namespace

TEST(schedules_of_powers) {
  constexpr std::array<Index, 3> milestones{2, 5, 6};
  CHECK_EQUAL(step_factor(0, 3, 0.5), 1.0);
  CHECK_EQUAL(step_factor(2, 3, 0.5), 1.0);
  CHECK_EQUAL(step_factor(3, 3, 0.5), 0.5);
  CHECK_EQUAL(step_factor(8, 3, 0.5), 0.25);
  const double reached[] = {1, 1, 0.5, 0.5, 0.5, 0.25, 0.125, 0.125};
  for (Index t = 0; t < 8; ++t) CHECK_EQUAL(multi_step_factor(t, milestones, 0.5), reached[t]);
  CHECK_EQUAL(multi_step_factor(7, {}, 0.5), 1.0);
  for (const Index t : {0, 1, 2, 63, 64, 65, 1000, 100000}) {
    const auto steps = static_cast<long double>(t);
    CHECK(near(exponential_factor(t, 0.999), std::pow(static_cast<long double>(0.999), steps)));
    CHECK(near(inverse_factor(t, 0.01, 0.5),
               1 / std::sqrt(1 + static_cast<long double>(0.01) * steps)));
  }
  CHECK_EQUAL(exponential_factor(1, 0.3), 0.3);
  CHECK_EQUAL(exponential_factor(100, 0.0), 0.0);
  CHECK_EQUAL(inverse_factor(3, 1.0, 1.0), 0.25);
}

TEST(schedules_of_all_steps) {
  constexpr Index kTotal = 37;
  for (Index t = 0; t < 2 * kTotal; ++t) {
    const auto share = std::fmin(static_cast<long double>(t) / kTotal, 1.0L);
    CHECK(near(polynomial_factor(t, kTotal, 1.5, 0.25), 0.25L + 0.75L * std::pow(1 - share, 1.5L)));
    CHECK(near(cosine_factor(t, kTotal, 0.25), 0.25L + 0.375L * (1 + std::cos(kPi * share))));
  }
  CHECK_EQUAL(polynomial_factor(0, kTotal, 1.0, 0.0), 1.0);
  CHECK_EQUAL(polynomial_factor(8, 32, 1.0, 0.0), 0.75);
  CHECK_EQUAL(polynomial_factor(kTotal, kTotal, 0.0, 0.5), 0.5);
  CHECK_EQUAL(cosine_factor(0, kTotal, 0.5), 1.0);
  CHECK_EQUAL(cosine_factor(0, 0, 0.5), 0.5);
}

// Cycles of 4, 8, 16, ... steps begin at 0, 4, 12, 28.
TEST(schedules_with_restarts) {
  for (Index t = 0; t < 100; ++t)
    CHECK_EQUAL(cosine_factor_with_restarts(t, 7, 1, 0.1), cosine_factor(t % 7, 7, 0.1));
  Index begin = 0, period = 4;
  for (Index t = 0; t < 200; ++t) {
    if (t == begin + period) begin = t, period *= 2;
    CHECK_EQUAL(cosine_factor_with_restarts(t, 4, 2, 0.1), cosine_factor(t - begin, period, 0.1));
  }
  CHECK(cosine_factor_with_restarts((Index{1} << 53) - 1, Index{1} << 52, 100, 0.0) > 0.99);
}

TEST(schedules_of_one_cycle) {
  for (const bool linear : {false, true}) {
    const OneCycleShape shape{0.25, 10.0, 100.0, false, linear};
    CHECK(near(one_cycle_factor(0, 40, shape), 0.1L));
    CHECK_EQUAL(one_cycle_factor(9, 40, shape), 1.0);
    CHECK(near(one_cycle_factor(24, 40, shape), (1 + 0.001L) / 2));
    CHECK(near(one_cycle_factor(39, 40, shape), 0.001L));
    CHECK(near(one_cycle_factor(1000, 40, shape), 0.001L));
    const OneCycleShape three{0.25, 10.0, 100.0, true, linear};
    CHECK_EQUAL(one_cycle_factor(9, 40, three), 1.0);
    CHECK(near(one_cycle_factor(18, 40, three), 0.1L));
    CHECK(near(one_cycle_factor(39, 40, three), 0.001L));
    for (const Index total : {1, 2, 3})  // no room for a phase
      for (Index t = 0; t < total; ++t) {
        const double factor = one_cycle_factor(t, total, three);
        CHECK(factor > 0 && factor <= 1);
      }
  }
}

}  // namespace chainrule
