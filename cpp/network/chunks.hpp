// In which order are examples summed in float64? The one of the promise of equal bits: chunks of
// kChunk examples from the first one on, one chain inside a chunk, sums of chunks in order.
#pragma once

#include <algorithm>

#include "kernels/kernel_table.hpp"

namespace chainrule {

// total + f(0) + ... + f(n - 1)
template <class F>
double sum_in_chunks(Index n, double total, F&& f) {
  for (Index start = 0; start < n; start += kChunk) {
    double chunk = 0.0;
    for (Index i = start; i < std::min(n, start + kChunk); ++i) chunk += f(i);
    total += chunk;
  }
  return total;
}

}  // namespace chainrule
