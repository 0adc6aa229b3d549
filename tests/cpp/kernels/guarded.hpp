// How do we see a kernel read or write where it must not? On matrices that lie in the middle of
// memory filled with one value.
#pragma once

#include <cstring>
#include <type_traits>

#include "base/aligned_buffer.hpp"
#include "base/matrix_view.hpp"
#include "base/type_list.hpp"

namespace chainrule::test {

template <class T>
bool same_bytes(MatrixView<const T> a, MatrixView<const T> b) {
  for (Index i = 0; i < a.rows; ++i)
    if (std::memcmp(a.row(i), b.row(i), static_cast<std::size_t>(a.cols) * sizeof(T)) != 0)
      return false;
  return a.rows == b.rows && a.cols == b.cols;
}

// Sets every element (i, j) to f(i, j).
template <class T, class F>
void fill(MatrixView<T> m, F f) {
  for (Index i = 0; i < m.rows; ++i)
    for (Index j = 0; j < m.cols; ++j) m(i, j) = f(i, j);
}

// A (rows, cols) matrix that begins `offset` elements behind an aligned address. Everything is
// filled with `guard`: a number for what kernels write, NaN for what they read, which then shows in
// every result.
template <class T>
class Guarded {
 public:
  Guarded(Index rows, Index cols, Index stride, Index offset = 0, double guard = -9753.25)
      : guard_(static_cast<T>(guard)),
        memory_(kMargin + offset + rows * stride + kMargin),
        view_{memory_.data() + kMargin + offset, rows, cols, stride} {
    for (T& x : memory_.span()) x = guard_;
  }

  MatrixView<T> view() const { return view_; }

  // Whether all memory but the matrix is as it was.
  bool rest_is_untouched() const {
    const T* const first = view_.data;
    for (const T& x : memory_.span()) {
      const Index at = &x - first;
      const bool inside =
          at >= 0 && at < view_.rows * view_.stride && at % view_.stride < view_.cols;
      if (!inside && std::memcmp(&x, &guard_, sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  static constexpr Index kMargin = 64;
  T guard_;
  AlignedBuffer<T> memory_;
  MatrixView<T> view_;
};

}  // namespace chainrule::test
