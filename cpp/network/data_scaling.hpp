// How do weights begin whose scale is made by data? Those of Lsuv: layer by layer, each is divided
// by the deviation of what it makes of some rows.
#pragma once

#include "network/execution.hpp"

namespace chainrule {

// Whether data are to scale the weights of a stage that are as they were drawn: the rows of W, or
// its columns if there are fewer of them, have length 1.
template <class T>
bool awaits_data(const ParameterTable<T>& table, Index stage, const T* block);

// W <- W / sqrt(Var(W A_prev)) in all stages that await it, from the first to the last. `block`
// holds the parameters of `run`, whose plan keeps all buffers. Returns the number l of the first
// layer that stays as it is because its W A_prev does not vary or is not finite; 0 if none does.
template <class T>
Index scale_by_data(Run<T>& run, T* block);

}  // namespace chainrule
