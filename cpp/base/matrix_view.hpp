// How do we point at a matrix that somebody else owns? Row-major, one example per row.
#pragma once

#include <algorithm>
#include <type_traits>

#include "base/index.hpp"

namespace chainrule {

// Element (i, j) is data[i * stride + j].
template <class T>
struct MatrixView {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  T* row(Index i) const { return data + i * stride; }
  T& operator()(Index i, Index j) const { return data[i * stride + j]; }
  MatrixView rows_from(Index first, Index count) const { return {row(first), count, cols, stride}; }
  operator MatrixView<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, cols, stride};
  }
};

// Copies as many rows as `from` has and as many columns as `to` has.
template <class T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), to.cols, to.row(i));
}

}  // namespace chainrule
