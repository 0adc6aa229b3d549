// How does a matrix become orthonormal? By Householder's reflections, in float64 and without fma,
// so that every machine gets the same bits.
#pragma once

#include "base/matrix_view.hpp"

namespace chainrule {

// The k rows, of n >= k numbers, become the Q of A = L Q with Q Q^T = I, where L is lower
// triangular with a positive diagonal: the one answer, whatever way leads to it. So row j lies in
// the span of rows 0 to j, and rows of independent normal numbers become uniformly distributed
// among all orthonormal ones (Mezzadri 2007). Numbers are neither tiny nor huge.
//
// Householder (1958), Unitary triangularization of a nonsymmetric matrix.
void orthonormalize_rows(MatrixView<double> a);

}  // namespace chainrule
