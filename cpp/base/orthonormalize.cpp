#include "base/orthonormalize.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace chainrule {

namespace {

// Rows that stay in the cache while all reflections pass by. Each row meets the same reflections in
// the same order for any number of them.
constexpr Index kGroup = 16;

// In 8 lanes, which fold 4, 2, 1.
double dot(const double* x, const double* y, Index n) {
  constexpr Index kWide = 8;
  double lanes[kWide] = {};
  Index i = 0;
  for (; i + kWide <= n; i += kWide)
    for (Index lane = 0; lane < kWide; ++lane) lanes[lane] += x[i + lane] * y[i + lane];
  for (Index lane = 0; i + lane < n; ++lane) lanes[lane] += x[i + lane] * y[i + lane];
  for (Index half = kWide / 2; half > 0; half /= 2)
    for (Index lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

// x <- x - (x . v) v, a reflection, since v has the length sqrt(2) (or 0: nothing changes).
void reflect(double* x, const double* v, Index n) {
  const double product = dot(x, v, n);
  for (Index i = 0; i < n; ++i) x[i] -= product * v[i];
}

// Turns x into the v whose reflection takes it to a multiple of the first unit vector, and returns
// the sign of that: the one that no digits are lost for.
double make_reflection(double* x, Index n) {
  const double length = std::sqrt(dot(x, x, n));
  if (length == 0) return 1;
  const double sign = x[0] < 0 ? 1 : -1;
  const double scale = 1 / std::sqrt(length * (length + std::abs(x[0])));
  x[0] -= sign * length;
  for (Index i = 0; i < n; ++i) x[i] *= scale;
  return sign;
}

}  // namespace

void orthonormalize_rows(MatrixView<double> a) {
  const Index k = a.rows, n = a.cols;
  assert(k <= n);
  const auto reflect_row = [&](Index row, const double* v, Index j) {
    reflect(a.row(row) + j, v + j, n - j);
  };
  // Row j becomes the v of reflection j, which is zero before element j.
  std::vector<double> signs(static_cast<std::size_t>(k));
  for (Index first = 0; first < k; first += kGroup) {
    const Index end = std::min(first + kGroup, k);
    for (Index j = 0; j < first; ++j)
      for (Index row = first; row < end; ++row) reflect_row(row, a.row(j), j);
    for (Index j = first; j < end; ++j) {
      signs[static_cast<std::size_t>(j)] = make_reflection(a.row(j) + j, n - j);
      for (Index row = j + 1; row < end; ++row) reflect_row(row, a.row(j), j);
    }
  }
  // Row j of Q is the j-th unit vector after the reflections j, j - 1, ..., 0. The last rows come
  // first, since no other needs their v.
  std::vector<double> group(static_cast<std::size_t>(std::min(kGroup, k) * n));
  for (Index end = k; end > 0;) {
    const Index first = (end - 1) / kGroup * kGroup;
    std::copy(a.row(first), a.row(first) + (end - first) * n, group.begin());
    for (Index row = first; row < end; ++row) {
      std::fill_n(a.row(row), n, 0.0);
      a(row, row) = signs[static_cast<std::size_t>(row)];
    }
    for (Index j = end; j-- > 0;) {
      const double* v = j < first ? a.row(j) : group.data() + (j - first) * n;
      for (Index row = std::max(first, j); row < end; ++row) reflect_row(row, v, j);
    }
    end = first;
  }
}

}  // namespace chainrule
