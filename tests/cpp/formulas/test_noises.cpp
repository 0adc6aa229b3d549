// Do layers of noise keep what they promise of means and variances, and drop what they should?
#include "formulas/noises.hpp"

#include <cmath>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 500, kCols = 200;

struct Moments {
  double mean, variance, dropped;
};

// Of a <- s a + t for normal a.
template <class N>
Moments moments(const N& noise) {
  const RandomStream inputs{3, Purpose::kWeights, 0, 0}, stream{5, N::purpose, 1, 2};
  double sum = 0, squares = 0, dropped = 0;
  for (Index i = 0; i < kRows; ++i)
    for (Index j = 0; j < kCols; ++j) {
      const NoiseFactors f = noise.draw(stream.block(i, j / 4))[static_cast<std::size_t>(j % 4)];
      const double a = f.scale * inputs.normal(i, j) + f.shift;
      sum += a;
      squares += a * a;
      dropped += f.scale == 0 ? 1 : 0;
    }
  constexpr double n = kRows * kCols;
  return {sum / n, squares / n - sum / n * (sum / n), dropped / n};
}

// Within five standard errors of n numbers, whose fourth moment is at most some 3 / (1 - p).
constexpr double kClose = 0.03;

}  // namespace

TEST(noises_drop_the_fraction_that_they_say) {
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    CHECK(std::abs(moments(Dropout{p}).dropped - p) < kClose);
    CHECK(std::abs(moments(AlphaDropout{p}).dropped - p) < kClose);
  }
  CHECK_EQUAL(moments(GaussianNoise{0.5}).dropped, 0.0);
}

TEST(noises_drop_by_the_word) {
  // round(0.25 * 2^32) = 2^30 words are dropped.
  const NoiseBlock factors = Dropout{0.25}.draw({0, (1u << 30) - 1, 1u << 30, 0xFFFFFFFF});
  CHECK_EQUAL(factors[0].scale, 0.0);
  CHECK_EQUAL(factors[1].scale, 0.0);
  CHECK_EQUAL(factors[2].scale, 1.0 / 0.75);
  CHECK_EQUAL(factors[3].scale, 1.0 / 0.75);
  for (const NoiseFactors& f : factors) CHECK_EQUAL(f.shift, 0.0);
  CHECK(!is_dropped(0, 0.0));
}

TEST(noises_keep_mean_and_variance) {
  for (const double p : {0.1, 0.5}) {
    const Moments dropout = moments(Dropout{p}), alpha = moments(AlphaDropout{p});
    CHECK(std::abs(dropout.mean) < kClose);
    CHECK(std::abs(dropout.variance - 1 / (1 - p)) < kClose * 2);
    CHECK(std::abs(alpha.mean) < kClose);
    CHECK(std::abs(alpha.variance - 1) < kClose);
  }
  const Moments gaussian = moments(GaussianNoise{0.5});
  CHECK(std::abs(gaussian.mean) < kClose);
  CHECK(std::abs(gaussian.variance - 1.25) < kClose);
}

}  // namespace chainrule
