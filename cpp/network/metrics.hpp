// How good are predictions? Measured here, so that a training decision has the same bits
// everywhere.
#pragma once

#include <cstdint>

#include "base/matrix_view.hpp"

namespace chainrule {

// The weighted share of right predictions (d, m). By row: the largest output is that of the class
// (`classes`) or of the largest target, ties to the lowest index. By entry: p > 0.5 where the
// target is. `weights` are those of the rows, or null.
template <class T>
double accuracy(MatrixView<const T> y_hat, MatrixView<const T> y, const std::int64_t* classes,
                const double* weights, bool by_entry);

}  // namespace chainrule
