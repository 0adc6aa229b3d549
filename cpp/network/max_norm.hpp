// How long may the weights of a unit be? After an update, a row of W whose Euclidean norm is above
// the layer's max_norm is scaled down to it.
#pragma once

#include "network/parameters.hpp"

namespace chainrule {

// Frozen layers stay as they are. The norm is a float64 chain over the inputs of the unit.
template <class T>
void limit_norms(const ParameterTable<T>& table, T* parameters);

}  // namespace chainrule
