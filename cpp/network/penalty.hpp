// What do large weights cost? A penalty beside the loss, l1 sum |W| + l2/2 sum W^2 over the weights
// of the Dense layers.
#pragma once

#include <algorithm>
#include <limits>

#include "kernels/kernel_table.hpp"
#include "network/parameters.hpp"

namespace chainrule {

// What a segment pays: the settings of its layer and those of a call together.
inline Penalty penalty_of(const Segment& segment, const Penalty& of_call) {
  if (!segment.is_weight) return {};
  return {segment.settings.penalty.l1 + of_call.l1, segment.settings.penalty.l2 + of_call.l2};
}

// A coefficient as the kernels take it: rounded once, and finite, so that padding stays 0.
template <class T>
T rounded_coefficient(double c) {
  return static_cast<T>(std::min(c, static_cast<double>(std::numeric_limits<T>::max())));
}

// Whether anything is penalised.
template <class T>
bool is_penalised(const ParameterTable<T>& table, const Penalty& of_call) {
  return table.has_penalty || of_call.any();
}

// The penalty, frozen layers included: a float64 chain per output unit over its inputs, unit sums
// added in order.
template <class T>
double penalty(const ParameterTable<T>& table, const T* parameters, const Penalty& of_call);

// gradient += l1 sign(W) + l2 W, but for frozen layers; the same bits as in the tiles of dW.
template <class T>
void add_penalty(const ParameterTable<T>& table, const KernelTable<T>& kernels,
                 const Penalty& of_call, const T* parameters, T* gradient);

}  // namespace chainrule
