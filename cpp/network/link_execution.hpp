// How is what stands between two Dense layers computed, forward and back? Noise, norms, scales and
// sums, each a pass over the rows of a buffer or over its columns.
#pragma once

#include "network/execution.hpp"

namespace chainrule {

template <class T>
void execute_link(Run<T>& run, const LinkOperation& operation);

}  // namespace chainrule
