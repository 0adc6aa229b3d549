// What does an initialiser know, and which draws do several share? The layer's numbers of inputs
// and outputs, and the random numbers of each unit.
#pragma once

#include <cmath>
#include <span>

#include "base/index.hpp"
#include "base/random.hpp"

namespace chainrule {

// One unit of a layer: the layer's numbers of inputs and outputs, and which random numbers are the
// unit's.
struct LayerUnit {
  double fan_in;
  double fan_out;
  RandomStream random;
  Index unit;
};

// low + (high - low) u
inline void fill_uniform(double low, double high, const LayerUnit& at, std::span<double> w) {
  at.random.fill_uniform(at.unit, w);
  for (double& value : w) value = low + (high - low) * value;
}

// mean + stddev n
inline void fill_normal(double mean, double stddev, const LayerUnit& at, std::span<double> w) {
  at.random.fill_normal(at.unit, w);
  for (double& value : w) value = mean + stddev * value;
}

// mean + stddev n, with the normal numbers of the steps 0, 1, 2, ... of a stream: the first within
// two standard deviations counts, so that none depends on its neighbours.
inline void fill_truncated_normal(double mean, double stddev, const LayerUnit& at,
                                  std::span<double> w) {
  at.random.fill_normal(at.unit, w);
  for (std::size_t j = 0; j < w.size(); ++j) {
    RandomStream random = at.random;
    while (std::abs(w[j]) > 2) {
      ++random.step;
      w[j] = random.normal(at.unit, static_cast<Index>(j));
    }
    w[j] = mean + stddev * w[j];
  }
}

}  // namespace chainrule
