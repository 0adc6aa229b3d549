#include "network/metrics.hpp"

#include <algorithm>

#include "base/float_environment.hpp"
#include "network/chunks.hpp"

namespace chainrule {

namespace {

template <class T>
Index largest(const T* row, Index n) {
  return std::max_element(row, row + n) - row;
}

// NaN is no decision, and never right.
template <class T>
bool is_number(T x) {
  return x == x;
}

}  // namespace

template <class T>
double accuracy(MatrixView<const T> y_hat, MatrixView<const T> y, const std::int64_t* classes,
                const double* weights, bool by_entry) {
  const FloatEnvironment environment;
  const auto share_of_row = [&](Index i) {
    const T* p = y_hat.row(i);
    if (by_entry) {
      Index n_right = 0;
      for (Index j = 0; j < y_hat.cols; ++j)
        n_right += is_number(p[j]) && (p[j] > T(0.5)) == (y(i, j) > T(0.5));
      return static_cast<double>(n_right) / static_cast<double>(y_hat.cols);
    }
    const Index target =
        classes != nullptr ? static_cast<Index>(classes[i]) : largest(y.row(i), y.cols);
    return is_number(p[target]) && largest(p, y_hat.cols) == target ? 1.0 : 0.0;
  };
  const auto weight = [&](Index i) { return weights == nullptr ? 1.0 : weights[i]; };
  const double right =
      sum_in_chunks(y_hat.rows, 0.0, [&](Index i) { return weight(i) * share_of_row(i); });
  const double all = sum_in_chunks(y_hat.rows, 0.0, weight);
  return right / all;
}

template double accuracy(MatrixView<const float>, MatrixView<const float>, const std::int64_t*,
                         const double*, bool);
template double accuracy(MatrixView<const double>, MatrixView<const double>, const std::int64_t*,
                         const double*, bool);

}  // namespace chainrule
