#include "formulas/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kIn = 300, kOut = 200;

LayerUnit unit_of(Index unit, std::uint64_t seed = 5) {
  return {kIn, kOut, {seed, Purpose::kWeights, 1, 0}, unit};
}

// The whole (kOut, kIn) tensor.
template <class F>
std::vector<double> tensor(const F& initializer) {
  std::vector<double> w(kOut * kIn);
  for (Index unit = 0; unit < kOut; ++unit)
    initializer.fill(unit_of(unit),
                     std::span(w).subspan(static_cast<std::size_t>(unit * kIn), kIn));
  return w;
}

struct Moments {
  double mean, variance, largest;
};

Moments moments(const std::vector<double>& w) {
  double sum = 0, squares = 0, largest = 0;
  for (const double value : w) {
    sum += value;
    squares += value * value;
    largest = std::max(largest, std::abs(value));
  }
  const auto n = static_cast<double>(w.size());
  return {sum / n, squares / n - sum / n * (sum / n), largest};
}

// Mean 0 and the wanted variance, within five standard errors (n = 60000; a normal's variance has
// the larger error, sqrt(2 / n)).
template <class F>
void check_variance(double variance) {
  const Moments m = moments(tensor(F{}));
  const double n = kIn * kOut;
  CHECK(std::abs(m.mean) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(m.variance / variance - 1) < 5 * std::sqrt(2 / n));
  const bool uniform = std::string_view(F::name).find("uniform") != std::string_view::npos;
  const double limit = std::sqrt(3 * variance);
  CHECK(uniform ? m.largest < limit && m.largest > 0.999 * limit : m.largest > 1.2 * limit);
}

}  // namespace

TEST(variances) {
  check_variance<Normal>(0.0025);
  check_variance<Uniform>(0.01 / 12);
  check_variance<GlorotUniform>(2.0 / (kIn + kOut));
  check_variance<GlorotNormal>(2.0 / (kIn + kOut));
  check_variance<HeUniform>(2.0 / kIn);
  check_variance<HeNormal>(2.0 / kIn);
  check_variance<LecunUniform>(1.0 / kIn);
  check_variance<LecunNormal>(1.0 / kIn);
}

TEST(values_are_those_of_the_stream) {
  std::vector<double> w(7);
  const RandomStream random = unit_of(3).random;
  HeUniform{}.fill(unit_of(3), w);
  const double limit = std::sqrt(6.0 / kIn);
  for (Index j = 0; j < 7; ++j)
    CHECK_EQUAL(w[static_cast<std::size_t>(j)], -limit + 2 * limit * random.uniform(3, j));
  HeNormal{}.fill(unit_of(3), w);
  for (Index j = 0; j < 7; ++j)
    CHECK_EQUAL(w[static_cast<std::size_t>(j)], std::sqrt(2.0 / kIn) * random.normal(3, j));
}

TEST(constants) {
  std::vector<double> w(5, 9.0);
  Zeros{}.fill(unit_of(0), w);
  CHECK(w == std::vector<double>(5, 0.0));
  Ones{}.fill(unit_of(0), w);
  CHECK(w == std::vector<double>(5, 1.0));
  Constant{-0.25}.fill(unit_of(0), w);
  CHECK(w == std::vector<double>(5, -0.25));
}

TEST(members_follow_their_fields) {
  std::vector<double> w(1000);
  Uniform{2.0, 3.0}.fill(unit_of(0), w);
  CHECK(moments(w).largest <= 3.0 && *std::min_element(w.begin(), w.end()) >= 2.0);
  Normal{7.0, 0.0}.fill(unit_of(0), w);
  CHECK(w == std::vector<double>(1000, 7.0));
}

TEST(every_initializer_fills_every_value_the_same_way_again) {
  for_each_type(Initializers{}, []<class F>() {
    std::vector<double> w(33, std::nan("")), again(20, std::nan("")), other(33);
    F{}.fill(unit_of(4), w);
    F{}.fill(unit_of(4), again);
    for (const double value : w) CHECK(std::isfinite(value));
    CHECK(std::equal(again.begin(), again.end(), w.begin()));
    F{}.fill(unit_of(5), other);
    const bool is_random = w[0] != w[1];
    CHECK_EQUAL(other != w, is_random);
  });
}

TEST(fields_of_initializers_are_checked) {
  for_each_type(Initializers{}, []<class F>() { check_fields(F{}); });
  CHECK_THROWS(check_fields(Normal{0.0, -1.0}),
               "Normal: stddev: expected a number in [0, inf), got -1");
  CHECK_THROWS(check_fields(Uniform{1.0, 0.0}), "Uniform: expected low <= high");
  CHECK_THROWS(check_fields(Constant{std::nan("")}), "got nan");
}

}  // namespace chainrule
