// Are all numbers finite? By their bits, without a branch per number, so that it costs little more
// than reading them.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/matrix_view.hpp"

namespace chainrule {

// Infinity and NaN have an exponent of ones: one more in it carries into the sign.
template <class T>
bool all_finite(std::span<const T> numbers) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(T) - 1);
  constexpr Bits kExponentOne = Bits{1} << (sizeof(T) == 4 ? 23 : 52);
  Bits carries = 0;
  for (const T number : numbers) carries |= (std::bit_cast<Bits>(number) & ~kSign) + kExponentOne;
  return (carries & kSign) == 0;
}

// m (rows, cols), whatever stands between its rows.
template <class T>
bool all_finite(MatrixView<const T> m) {
  for (Index i = 0; i < m.rows; ++i)
    if (!all_finite(std::span<const T>(m.row(i), static_cast<std::size_t>(m.cols)))) return false;
  return true;
}

}  // namespace chainrule
