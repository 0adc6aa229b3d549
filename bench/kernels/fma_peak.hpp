// How fast can this processor multiply and add? The yardstick beside every measurement: products of
// a vector tier cannot be faster than independent chains of FMAs that never leave the registers.
#pragma once

#include <string_view>

#include "base/index.hpp"
#include "stopwatch.hpp"

namespace chainrule::bench {

// Runs `steps` steps of all accumulators of a tier and returns their sum, so that nothing is left
// out.
template <class T>
using PeakLoop = T (*)(Index steps);

template <class T>
struct Peak {
  PeakLoop<T> loop;
  double flops_per_step;
};

// std::invalid_argument if there is no such tier.
template <class T>
Peak<T> fma_peak(std::string_view tier);

// GFLOP/s of `n_threads` threads at once, over about `seconds`.
template <class T>
double measure_peak(std::string_view tier, Index n_threads, double seconds, Clock clock);

}  // namespace chainrule::bench
