// What may be done to a whole gradient before the optimiser takes it?
#pragma once

#include "base/fields.hpp"
#include "network/parameters.hpp"

namespace chainrule {

// First each element is brought into [-value, value]; then, if the norm of all of them is larger
// than `norm`, they are scaled down to it.
struct Clipping {
  double value = kInfinity;
  double norm = kInfinity;

  bool any() const { return value < kInfinity || norm < kInfinity; }
};

template <class T>
void clip(const ParameterTable<T>& table, const Clipping& clipping, T* gradient);

}  // namespace chainrule
