#include "base/scalar_math.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "base/float_environment.hpp"
#include "base/index.hpp"
#include "test.hpp"
#include "ulp.hpp"

namespace chainrule {

namespace {

constexpr Index kPoints = 1000000;
constexpr double kPi = std::numbers::pi;

// The largest error of f against `exact` at kPoints points x(0) < x(1) < ... and where it is.
struct Worst {
  double ulps = 0, x = 0;
};
template <class F, class Exact, class Point>
Worst worst(F f, Exact exact, Point point) {
  const FloatEnvironment environment;
  Worst found;
  for (Index i = 0; i < kPoints; ++i) {
    const double x = point(i);
    const double ulps = test::ulps(f(x), exact(static_cast<long double>(x)));
    if (!(ulps <= found.ulps)) found = {ulps, x};
  }
  return found;
}

long double exact_exp(long double x) { return std::exp(x); }
long double exact_log(long double x) { return std::log(x); }
long double exact_sin(long double x) { return std::sin(x); }
long double exact_cos(long double x) { return std::cos(x); }

// Evenly spaced in their bits: as many points in every binade.
double positive_normal(Index i) {
  constexpr auto first = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::min());
  constexpr auto last = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::max());
  return std::bit_cast<double>(first +
                               (last - first) / (kPoints - 1) * static_cast<std::uint64_t>(i));
}
double exponents(Index i) { return -708 + 1417.7 * static_cast<double>(i) / (kPoints - 1); }
double unit_interval(Index i) { return (static_cast<double>(i) + 0.5) / kPoints; }
double near_1(Index i) { return 1 + (static_cast<double>(i) - kPoints / 2) * 0x1p-40; }
double circle(Index i) { return 2 * kPi * static_cast<double>(i) / (kPoints - 1); }

// Doubles beside a multiple of pi/2, where the result is what the reduction leaves.
template <class F, class Exact>
void check_near_quadrants(F f, Exact exact) {
  for (int quadrant = 1; quadrant <= 4; ++quadrant) {
    double below = quadrant * (kPi / 2), above = below;
    for (int step = 0; step < 1000; ++step) {
      CHECK(test::ulps(f(below), exact(below)) < 1);
      if (quadrant < 4) CHECK(test::ulps(f(above), exact(above)) < 1);
      below = std::nextafter(below, 0.0);
      above = std::nextafter(above, 10.0);
    }
    for (double distance = 1e-15; distance < 0.5; distance *= 1.7) {
      const double x = quadrant * (kPi / 2) - distance;
      CHECK(test::ulps(f(x), exact(x)) < 1);
    }
  }
}

}  // namespace

TEST(exp_is_within_one_ulp) {
  for (const auto point : {exponents, unit_interval, near_1})
    CHECK(worst(exp, exact_exp, point).ulps < 1);
}

TEST(exp_at_the_edges) {
  using Limits = std::numeric_limits<double>;
  CHECK_EQUAL(exp(0.0), 1.0);
  CHECK_EQUAL(exp(-0.0), 1.0);
  CHECK(test::ulps(exp(709.782712893384), exact_exp(static_cast<long double>(709.782712893384))) <
        1);
  CHECK(test::ulps(exp(-708.3964), exact_exp(static_cast<long double>(-708.3964))) < 2);
  for (const double x : {710.0, Limits::max(), Limits::infinity()})
    CHECK_EQUAL(exp(x), Limits::infinity());
  for (const double x : {-708.4, -Limits::max(), -Limits::infinity()}) CHECK_EQUAL(exp(x), 0.0);
  CHECK(std::isnan(exp(Limits::quiet_NaN())));
}

TEST(log_is_within_one_ulp) {
  for (const auto point : {positive_normal, unit_interval, near_1}) {
    const Worst found = worst(log, exact_log, point);
    CHECK(found.ulps < 1);
  }
}

TEST(log_at_the_edges) {
  using Limits = std::numeric_limits<double>;
  CHECK_EQUAL(log(1.0), 0.0);
  CHECK(!std::signbit(log(1.0)));
  for (const double x : {Limits::min(), Limits::max(), std::sqrt(0.5), std::sqrt(2.0), 0.5, 2.0,
                         std::nextafter(1.0, 0.0), std::nextafter(1.0, 2.0),
                         std::nextafter(std::sqrt(0.5), 0.0), 0x1p-33})
    CHECK(test::ulps(log(x), exact_log(x)) < 1);
}

TEST(sin_and_cos_are_within_one_ulp) {
  CHECK(worst(sin, exact_sin, circle).ulps < 1);
  CHECK(worst(cos, exact_cos, circle).ulps < 1);
}

TEST(sin_and_cos_near_multiples_of_half_pi) {
  check_near_quadrants(sin, exact_sin);
  check_near_quadrants(cos, exact_cos);
}

TEST(sin_and_cos_at_the_edges) {
  CHECK_EQUAL(sin(0.0), 0.0);
  CHECK_EQUAL(cos(0.0), 1.0);
  CHECK_EQUAL(cos(kPi), -1.0);
  CHECK_EQUAL(sin(kPi / 2), 1.0);
  CHECK_EQUAL(sin(1.5 * kPi), -1.0);
  CHECK_EQUAL(cos(2 * kPi), 1.0);
  for (const double x : {std::numeric_limits<double>::min(), 1e-300, 1e-17, 1e-8, kPi / 4,
                         std::nextafter(kPi / 4, 0.0), std::nextafter(kPi / 4, 1.0)}) {
    CHECK(test::ulps(sin(x), exact_sin(x)) < 1);
    CHECK(test::ulps(cos(x), exact_cos(x)) < 1);
  }
}

}  // namespace chainrule
