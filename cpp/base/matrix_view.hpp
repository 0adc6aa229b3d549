// How do we point at a matrix that somebody else owns? Row-major, one example per row.
#pragma once

#include <algorithm>
#include <cstring>
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

// n elements; short rows in pieces of 16 bytes, of which the last may overlap the one before, since
// a call of memmove takes longer than they do.
template <class T>
void copy_row(const T* from, Index n, T* to) {
  constexpr Index piece = 16 / static_cast<Index>(sizeof(T)), most = 16 * piece;
  if (n < piece || n > most) {
    std::copy_n(from, n, to);
    return;
  }
  for (Index i = 0; i + piece <= n; i += piece) std::memcpy(to + i, from + i, 16);
  std::memcpy(to + n - piece, from + n - piece, 16);
}

// Copies as many rows as `from` has and as many columns as `to` has.
template <class T>
void copy_rows(MatrixView<const T> from, MatrixView<T> to) {
  for (Index i = 0; i < from.rows; ++i) copy_row(from.row(i), to.cols, to.row(i));
}

// +0 behind the columns, up to the next multiple of kLanes.
template <class T>
void pad_rows(MatrixView<T> m) {
  for (Index i = 0; i < m.rows; ++i)
    std::fill(m.row(i) + m.cols, m.row(i) + round_up(m.cols, kLanes<T>), T(0));
}

}  // namespace chainrule
