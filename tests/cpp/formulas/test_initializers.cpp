#include "formulas/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
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
std::vector<double> tensor(const F& initializer, std::uint64_t seed = 5) {
  std::vector<double> w(kOut * kIn, std::nan(""));
  const Index n_units = fills_tensors<F> ? kOut : 1;
  for (Index unit = 0; unit < kOut; unit += n_units)
    initializer.fill(unit_of(unit, seed),
                     std::span(w).subspan(static_cast<std::size_t>(unit * kIn),
                                          static_cast<std::size_t>(n_units * kIn)));
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
// the larger error, sqrt(2 / n)), and the largest of many numbers: between the limits.
void check_moments(const Moments& m, double variance, double at_least, double at_most) {
  const double n = kIn * kOut;
  CHECK(std::abs(m.mean) < 5 * std::sqrt(variance / n));
  CHECK(std::abs(m.variance / variance - 1) < 5 * std::sqrt(2 / n));
  CHECK(m.largest > at_least && m.largest < at_most);
}

template <class F>
void check_variance(double variance, const F& initializer = {}) {
  const bool uniform = std::string_view(F::name).find("uniform") != std::string_view::npos;
  const double limit = std::sqrt(3 * variance);
  check_moments(moments(tensor(initializer)), variance, (uniform ? 0.999 : 1.2) * limit,
                uniform ? limit : kInfinity);
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

// Cut at two standard deviations, of which 0.8796 is left.
TEST(truncated_normals_end_at_two_standard_deviations) {
  const double stddev = 0.05, left = 0.87962566103423978 * stddev;
  check_moments(moments(tensor(TruncatedNormal{})), left * left, 1.99 * stddev, 2 * stddev);
  const Moments m = moments(tensor(TruncatedNormal{3.0, 0.5}));
  CHECK(std::abs(m.mean - 3) < 0.01 && m.largest <= 4 && m.largest > 3.99);
  CHECK(std::abs(m.variance / 0.25 - 0.7737413) < 5 * std::sqrt(2.0 / (kIn * kOut)));
}

TEST(variance_scaling_has_the_variance_of_its_mode) {
  using V = VarianceScaling;
  using D = V::Distribution;
  const std::pair<V::Mode, double> widths[] = {
      {V::Mode::fan_in, kIn}, {V::Mode::fan_out, kOut}, {V::Mode::fan_avg, (kIn + kOut) / 2}};
  for (const auto& width : widths) {
    const V::Mode mode = width.first;
    const double variance = 2.5 / width.second, limit = std::sqrt(3 * variance);
    const auto found = [&](D distribution) { return moments(tensor(V{2.5, mode, distribution})); };
    const double end = 2 / 0.87962566103423978 * std::sqrt(variance);
    check_moments(found(D::truncated_normal), variance, 0.99 * end, end);
    check_moments(found(D::untruncated_normal), variance, 1.2 * end, kInfinity);
    check_moments(found(D::uniform), variance, 0.999 * limit, limit);
  }
}

// As many zeros in each unit, at places that every unit draws for itself and none prefers.
TEST(sparse_units_have_the_same_number_of_zeros) {
  for (const auto& [sparsity, n_zeros] : {std::pair{0.0, 0}, {0.1, 30}, {0.501, 151}, {1.0, kIn}}) {
    const std::vector<double> w = tensor(Sparse{sparsity, 2.0});
    std::vector<Index> zeros_at(kIn);
    for (Index unit = 0; unit < kOut; ++unit) {
      const double* row = w.data() + unit * kIn;
      CHECK_EQUAL(std::count(row, row + kIn, 0.0), n_zeros);
      for (Index i = 0; i < kIn; ++i) zeros_at[static_cast<std::size_t>(i)] += row[i] == 0;
    }
    const double wanted = static_cast<double>(n_zeros) * kOut / kIn;
    for (const Index found : zeros_at)
      CHECK(std::abs(static_cast<double>(found) - wanted) <= 5 * std::sqrt(kOut * 0.25));
    if (n_zeros == kIn) continue;
    const Moments m = moments(w);
    const double part = 1 - static_cast<double>(n_zeros) / kIn;
    CHECK(std::abs(m.variance / (4 * part) - 1) < 5 * std::sqrt(3 / (part * kIn * kOut)));
  }
}

// The rows of a wide layer, the columns of a narrow one. Each mean product of two is a sum of
// 300 or 200 products.
TEST(orthogonal_weights_keep_lengths) {
  const auto product_of = [](const double* x, const double* y, Index n, Index stride) {
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum += x[i * stride] * y[i * stride];
    return sum;
  };
  for (const double gain : {1.0, -3.0}) {
    const std::vector<double> wide = tensor(Orthogonal{gain});
    std::vector<double> narrow(wide.size());  // (kIn, kOut)
    Orthogonal{gain}.fill({kOut, kIn, {5, Purpose::kWeights, 1, 0}, 0}, narrow);
    for (Index i = 0; i < kOut; ++i)
      for (Index j = 0; j <= i; ++j) {
        const double wanted = i == j ? gain * gain : 0.0;
        CHECK(std::abs(product_of(&wide[static_cast<std::size_t>(i * kIn)],
                                  &wide[static_cast<std::size_t>(j * kIn)], kIn, 1) -
                       wanted) < 1e-14 * gain * gain);
        CHECK(std::abs(product_of(&narrow[static_cast<std::size_t>(i)],
                                  &narrow[static_cast<std::size_t>(j)], kIn, kOut) -
                       wanted) < 1e-14 * gain * gain);
      }
    check_moments(moments(wide), gain * gain / kIn, 0, 1);
    check_moments(moments(narrow), gain * gain / kIn, 0, 1);
  }
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
    const std::vector<double> w = tensor(F{});
    for (const double value : w) CHECK(std::isfinite(value));
    CHECK(tensor(F{}) == w);
    const bool is_random = w[0] != w[1];
    CHECK_EQUAL(tensor(F{}, 6) != w, is_random);
    CHECK_EQUAL(!std::equal(w.begin(), w.begin() + kIn, w.begin() + kIn), is_random);
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
