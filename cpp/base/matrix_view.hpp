// How do we point at a matrix that somebody else owns? Row-major, one example per row.
#pragma once

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

}  // namespace chainrule
