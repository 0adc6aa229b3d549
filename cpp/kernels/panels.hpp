// How do weights lie in memory? W[panel][input][lane]: kLanes neighbouring outputs are 64 bytes, so
// that a register tile reads its weights as one stream and an update writes what the product left.
#pragma once

#include "base/index.hpp"
#include "base/matrix_view.hpp"

namespace chainrule {

template <class T>
constexpr Index n_panels(Index n_out) {
  return ceil_div(n_out, kLanes<T>);
}

// Elements of a packed (n_out, n_in) matrix, padding included.
template <class T>
constexpr Index panels_size(Index n_out, Index n_in) {
  return n_panels<T>(n_out) * n_in * kLanes<T>;
}

// Where W(o, i) lies.
template <class T>
constexpr Index panel_offset(Index n_in, Index o, Index i) {
  return (o / kLanes<T>)*n_in * kLanes<T> + i * kLanes<T> + o % kLanes<T>;
}

// Row-major (n_out, n_in) to panels, padding +0, and back.
template <class T>
void pack(MatrixView<const T> w, T* panels);
template <class T>
void unpack(const T* panels, MatrixView<T> w);

}  // namespace chainrule
