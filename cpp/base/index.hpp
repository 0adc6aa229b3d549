// What type counts things? One signed type for sizes, indices and strides, everywhere.
#pragma once

#include <cstddef>

namespace chainrule {

using Index = std::ptrdiff_t;

// Weights, gradients and optimiser slots are stored in panels of this many bytes per input, on
// every processor, so that the flat layout is the same everywhere: 16 float32 or 8 float64 outputs.
inline constexpr Index kPanelBytes = 64;

template <class T>
inline constexpr Index kLanes = kPanelBytes / static_cast<Index>(sizeof(T));

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index multiple) { return ceil_div(a, multiple) * multiple; }

}  // namespace chainrule
