#include "network/metrics.hpp"

#include <algorithm>

namespace chainrule {

namespace {

template <class T>
Index largest(const T* row, Index n) {
  return std::max_element(row, row + n) - row;
}

}  // namespace

template <class T>
double accuracy(MatrixView<const T> y_hat, MatrixView<const T> y, const std::int64_t* classes,
                const double* weights, bool by_entry) {
  double right = 0.0, all = 0.0;
  for (Index i = 0; i < y_hat.rows; ++i) {
    const double w = weights == nullptr ? 1.0 : weights[i];
    const T* p = y_hat.row(i);
    if (by_entry) {
      Index n_right = 0;
      for (Index j = 0; j < y_hat.cols; ++j) n_right += (p[j] > T(0.5)) == (y(i, j) > T(0.5));
      right += w * static_cast<double>(n_right) / static_cast<double>(y_hat.cols);
    } else {
      const Index target = classes != nullptr ? static_cast<Index>(classes[i]) : largest(y.row(i), y.cols);
      right += largest(p, y_hat.cols) == target ? w : 0.0;
    }
    all += w;
  }
  return right / all;
}

template double accuracy(MatrixView<const float>, MatrixView<const float>, const std::int64_t*, const double*, bool);
template double accuracy(MatrixView<const double>, MatrixView<const double>, const std::int64_t*, const double*,
                         bool);

}  // namespace chainrule
