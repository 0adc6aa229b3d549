// How is noise added to the activations of a batch? Each element by random numbers of its own, so
// that threads may take the rows in any order.
#pragma once

#include "base/matrix_view.hpp"
#include "formulas/noises.hpp"

namespace chainrule {

// out = scale a + shift for all rows, which are those of the batch from `first_row` on; `scale` is
// kept for the way back. Drawn in float64, rounded once.
template <class T, class N>
void add_noise(const N& noise, const RandomStream& stream, Index first_row, MatrixView<const T> a,
               MatrixView<T> scale, MatrixView<T> out) {
  constexpr Index kWords = 4;
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; j += kWords) {
      const NoiseBlock factors = noise.draw(stream.block(first_row + i, j / kWords));
      for (Index k = j; k < a.cols && k < j + kWords; ++k) {
        const NoiseFactors& f = factors[static_cast<std::size_t>(k - j)];
        scale(i, k) = static_cast<T>(f.scale);
        out(i, k) = a(i, k) * scale(i, k) + static_cast<T>(f.shift);
      }
    }
}

// dz = da * scale; dz may be da.
template <class T>
void remove_noise(MatrixView<const T> da, MatrixView<const T> scale, MatrixView<T> dz) {
  for (Index i = 0; i < da.rows; ++i)
    for (Index j = 0; j < da.cols; ++j) dz(i, j) = da(i, j) * scale(i, j);
}

}  // namespace chainrule
