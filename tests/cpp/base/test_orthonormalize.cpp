#include "base/orthonormalize.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// A matrix that owns its rows.
struct Matrix {
  Index rows, cols;
  std::vector<double> values = std::vector<double>(static_cast<std::size_t>(rows * cols));

  MatrixView<double> view() { return {values.data(), rows, cols, cols}; }
  double* row(Index i) { return values.data() + i * cols; }
};

Matrix normal_matrix(Index rows, Index cols) {
  Matrix a{rows, cols};
  for (Index i = 0; i < rows; ++i)
    RandomStream{3}.fill_normal(i, {a.row(i), static_cast<std::size_t>(cols)});
  return a;
}

double product(const double* x, const double* y, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

// The largest |(Q Q^T - I)_ij|, NaN if there is one.
double error_of_rows(Matrix& q) {
  double largest = 0;
  for (Index i = 0; i < q.rows; ++i)
    for (Index j = 0; j <= i; ++j) {
      const double error = std::abs(product(q.row(i), q.row(j), q.cols) - (i == j));
      if (error > largest || std::isnan(error)) largest = error;
    }
  return largest;
}

}  // namespace

// Across the sizes of groups and lanes. A chain of at most 2 * 100 reflections is off by a few
// units of roundoff.
TEST(orthonormalize_gives_orthonormal_rows_in_the_span_of_the_first) {
  for (const Index n : {1, 2, 7, 8, 9, 33, 100})
    for (const Index k : {Index{1}, n / 2, n - 1, n, Index{16}, Index{17}}) {
      if (k < 1 || k > n) continue;
      Matrix a = normal_matrix(k, n), q = a;
      orthonormalize_rows(q.view());
      CHECK(error_of_rows(q) < 1e-14);
      for (Index i = 0; i < k; ++i) {
        const double length = std::sqrt(product(a.row(i), a.row(i), n));
        CHECK(product(a.row(i), q.row(i), n) > 0);  // the diagonal of L
        for (Index j = i + 1; j < k; ++j)
          CHECK(std::abs(product(a.row(i), q.row(j), n)) < 1e-14 * length);
      }
    }
}

TEST(orthonormalize_leaves_orthonormal_rows_as_they_are) {
  for (const double sign : {1.0, -1.0}) {
    Matrix a{3, 5};
    for (Index i = 0; i < 3; ++i) a.row(i)[4 - i] = sign;
    Matrix q = a;
    orthonormalize_rows(q.view());
    for (std::size_t i = 0; i < a.values.size(); ++i)
      CHECK(std::abs(q.values[i] - a.values[i]) < 1e-15);
  }
}

// Where rows depend on each other there are many answers; one of them is given.
TEST(orthonormalize_of_rows_that_are_dependent) {
  Matrix zeros{3, 4};
  orthonormalize_rows(zeros.view());
  CHECK_EQUAL(error_of_rows(zeros), 0);
  Matrix equal{3, 4};
  std::fill(equal.values.begin(), equal.values.end(), 2.0);
  orthonormalize_rows(equal.view());
  CHECK(error_of_rows(equal) < 1e-14);
}

}  // namespace chainrule
