// What should every kernel compute? Plain loops straight from the equations: the oracle of the
// tests and of the check at first use. Logical row-major matrices, no panels.
#pragma once

#include "base/matrix_view.hpp"

namespace chainrule::reference {

// Z = X W^T + b, shapes (d, n_out) = (d, n_in) (n_out, n_in)^T; b may be null.
template <class T>
void forward(MatrixView<const T> x, MatrixView<const T> w, const T* b, MatrixView<T> z) {
  for (Index e = 0; e < x.rows; ++e)
    for (Index o = 0; o < w.rows; ++o) {
      T sum = 0;
      for (Index i = 0; i < w.cols; ++i) sum += x(e, i) * w(o, i);
      z(e, o) = b == nullptr ? sum : sum + b[o];
    }
}

// dA_prev = dZ W, shapes (d, n_in) = (d, n_out) (n_out, n_in)
template <class T>
void input_gradient(MatrixView<const T> dz, MatrixView<const T> w, MatrixView<T> da) {
  for (Index e = 0; e < dz.rows; ++e)
    for (Index i = 0; i < w.cols; ++i) {
      T sum = 0;
      for (Index o = 0; o < w.rows; ++o) sum += dz(e, o) * w(o, i);
      da(e, i) = sum;
    }
}

// dW = dZ^T X, shapes (n_out, n_in) = (d, n_out)^T (d, n_in)
template <class T>
void weight_gradient(MatrixView<const T> dz, MatrixView<const T> x, MatrixView<T> dw) {
  for (Index o = 0; o < dw.rows; ++o)
    for (Index i = 0; i < dw.cols; ++i) {
      T sum = 0;
      for (Index e = 0; e < x.rows; ++e) sum += dz(e, o) * x(e, i);
      dw(o, i) = sum;
    }
}

// db = sum of the rows of dZ
template <class T>
void bias_gradient(MatrixView<const T> dz, T* db) {
  for (Index o = 0; o < dz.cols; ++o) {
    db[o] = 0;
    for (Index e = 0; e < dz.rows; ++e) db[o] += dz(e, o);
  }
}

}  // namespace chainrule::reference
