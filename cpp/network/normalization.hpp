// How is a batch normalised, feature by feature? Each column by its own mean and variance, so that
// threads may take the columns in any order, whole panels at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernel_table.hpp"

namespace chainrule {

// Vectors with one element for each column, padded as rows are.
template <class T>
struct ColumnMoments {
  T* mean;
  T* variance;  // divided by the number of rows
  T* inverse;   // 1 / sqrt(variance + epsilon)

  ColumnMoments from(Index column) const {
    return {mean + column, variance + column, inverse + column};
  }
};

// An epsilon of T: not 0, as the core takes subnormal numbers, so that the division stays finite.
template <class T>
T rounded_epsilon(double epsilon) {
  return static_cast<T>(std::max<double>(epsilon, std::numeric_limits<T>::min()));
}

// 1 / sqrt(variance + epsilon)
template <class T>
void inverse_deviations(Index n, const T* variance, double epsilon, T* inverse) {
  const T rounded = rounded_epsilon<T>(epsilon);
  for (Index j = 0; j < round_up(n, kLanes<T>); ++j)
    inverse[j] = T(1) / std::sqrt(variance[j] + rounded);
}

template <class T>
void divide(Index n, T* x, T divisor) {
  for (Index j = 0; j < round_up(n, kLanes<T>); ++j) x[j] /= divisor;
}

// a = (z - mean) inverse with the moments of the batch, which are kept.
template <class T>
void normalize_batch(const KernelTable<T>& kernels, MatrixView<const T> z, double epsilon,
                     ColumnMoments<T> moments, MatrixView<T> a) {
  const T rows = static_cast<T>(z.rows);
  kernels.sum_rows(z, false, moments.mean);
  divide(z.cols, moments.mean, rows);
  kernels.sum_squares(z, moments.mean, moments.variance);
  divide(z.cols, moments.variance, rows);
  inverse_deviations(z.cols, moments.variance, epsilon, moments.inverse);
  kernels.normalize_columns(z, moments.mean, moments.inverse, a);
}

// dz = (da - mean of da - a (mean of a da)) inverse; `sums` and `along` are memory for those means.
template <class T>
void normalize_batch_backward(const KernelTable<T>& kernels, MatrixView<const T> a,
                              MatrixView<const T> da, const T* inverse, T* sums, T* along,
                              MatrixView<T> dz) {
  const T rows = static_cast<T>(a.rows);
  kernels.sum_rows(da, false, sums);
  kernels.sum_products(a, da, false, along);
  divide(a.cols, sums, rows);
  divide(a.cols, along, rows);
  kernels.normalize_columns_backward(a, da, sums, along, inverse, dz);
}

// next = (1 - momentum) running + momentum factor batch, worked out in float64 and rounded once.
template <class T>
void follow(Index n, double momentum, const T* batch, double factor, const T* running, T* next) {
  for (Index j = 0; j < n; ++j)
    next[j] = static_cast<T>((1.0 - momentum) * static_cast<double>(running[j]) +
                             momentum * (factor * static_cast<double>(batch[j])));
}

}  // namespace chainrule
