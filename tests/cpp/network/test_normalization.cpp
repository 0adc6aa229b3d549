// Is a batch normalised by the mean and variance of its columns, and do running ones follow?
#include "network/normalization.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/dispatch.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 300, kCols = 5, kStride = 16;

template <class T>
struct Batch {
  std::vector<T> data = std::vector<T>(kRows * kStride);
  MatrixView<T> view() { return {data.data(), kRows, kCols, kStride}; }
};

template <class T>
struct Columns {
  std::vector<T> mean = std::vector<T>(kStride), variance = mean, inverse = mean;
  ColumnMoments<T> moments() { return {mean.data(), variance.data(), inverse.data()}; }
};

template <class T>
Batch<T> drawn(std::uint64_t seed) {
  const std::vector<double> normals = random_normals(kRows * kCols, seed);
  Batch<T> batch;
  for (Index i = 0; i < kRows; ++i)
    for (Index j = 0; j < kCols; ++j)
      batch.view()(i, j) = static_cast<T>(2 * normals[static_cast<std::size_t>(i * kCols + j)] + 3);
  return batch;
}

}  // namespace

TEST(normalization_has_the_moments_of_its_columns) {
  for_each_dtype([]<class T>() {
    Batch<T> z = drawn<T>(1), a;
    Columns<T> columns;
    constexpr double epsilon = 0.25;
    normalize_batch<T>(kernels<T>(), z.view(), epsilon, columns.moments(), a.view());
    // A sum of 300 rounded terms, each below 20^2, and a division.
    const double tolerance = 302 * kRoundoff<T> * 400;
    for (Index j = 0; j < kCols; ++j) {
      double mean = 0, variance = 0;
      for (Index i = 0; i < kRows; ++i) mean += z.view()(i, j) / static_cast<double>(kRows);
      for (Index i = 0; i < kRows; ++i)
        variance += std::pow(z.view()(i, j) - mean, 2) / static_cast<double>(kRows);
      const auto at = static_cast<std::size_t>(j);
      CHECK(std::abs(columns.mean[at] - mean) < tolerance);
      CHECK(std::abs(columns.variance[at] - variance) < tolerance);
      CHECK_EQUAL(columns.inverse[at], T(1) / std::sqrt(columns.variance[at] + T(epsilon)));
      CHECK_EQUAL(a.view()(7, j), (z.view()(7, j) - columns.mean[at]) * columns.inverse[at]);
    }
  });
}

TEST(normalization_has_an_epsilon_that_is_not_0) {
  for_each_dtype([]<class T>() {
    using Limits = std::numeric_limits<T>;
    CHECK_EQUAL(rounded_epsilon<T>(1e-5), T(1e-5));
    for (const double least : {5e-324, 1e-310, static_cast<double>(Limits::min())})
      CHECK_EQUAL(rounded_epsilon<T>(least), Limits::min());
    const T variance[kStride] = {};
    T inverse[kStride];
    inverse_deviations(kCols, variance, 5e-324, inverse);
    CHECK(std::isfinite(inverse[0]));
  });
}

// By central differences of sum_ij da_ij a_ij, with h = 1e-5.
TEST(normalization_backward_is_the_derivative) {
  Batch<double> z = drawn<double>(1), a, dz, da = drawn<double>(2);
  Columns<double> columns;
  constexpr double h = 1e-5;
  const auto value = [&] {
    normalize_batch<double>(kernels<double>(), z.view(), 0.25, columns.moments(), a.view());
    double sum = 0;
    for (Index i = 0; i < kRows; ++i)
      for (Index j = 0; j < kCols; ++j) sum += da.view()(i, j) * a.view()(i, j);
    return sum;
  };
  value();
  std::vector<double> sums(kStride), along(kStride);
  normalize_batch_backward<double>(kernels<double>(), a.view(), da.view(), columns.inverse.data(),
                                   sums.data(), along.data(), dz.view());
  for (const Index i : {Index{0}, Index{100}, kRows - 1})
    for (Index j = 0; j < kCols; ++j) {
      const double kept = z.view()(i, j);
      z.view()(i, j) = kept + h;
      const double more = value();
      z.view()(i, j) = kept - h;
      const double less = value();
      z.view()(i, j) = kept;
      CHECK(std::abs((more - less) / (2 * h) - dz.view()(i, j)) < 1e-7);
    }
}

TEST(normalization_of_some_columns_alone_is_the_same) {
  for_each_dtype([]<class T>() {
    Batch<T> z = drawn<T>(1), a, part;
    Columns<T> columns;
    normalize_batch<T>(kernels<T>(), z.view(), 0.25, columns.moments(), a.view());
    const MatrixView<T> first{z.data.data(), kRows, 1, kStride};
    normalize_batch<T>(kernels<T>(), first, 0.25, columns.moments(),
                       {part.data.data(), kRows, 1, kStride});
    for (Index i = 0; i < kRows; ++i) CHECK_EQUAL(part.view()(i, 0), a.view()(i, 0));
  });
}

TEST(normalization_statistics_follow_the_batch) {
  const std::vector<float> batch = {2, 4, 8}, running = {1, 0, -8};
  std::vector<float> next = {0, 0, 0, 7};
  follow(3, 0.25, batch.data(), 1.5, running.data(), next.data());
  CHECK(next == std::vector<float>({0.75F + 0.75F, 1.5F, -6 + 3, 7}));
  std::vector<float> same = running;
  follow(3, 0.0, batch.data(), 1.5, same.data(), same.data());
  CHECK(same == running);
  follow(3, 1.0, batch.data(), 1.0, same.data(), same.data());
  CHECK(same == batch);
}

}  // namespace chainrule
