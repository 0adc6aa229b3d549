// Do the kernels of a table work on this machine? What a compiler or a processor has broken must
// not reach anybody's weights.
#pragma once

#include "kernels/kernel_table.hpp"

namespace chainrule {

// Whether the three products agree exactly with plain loops on small integers.
template <class T>
bool products_are_exact(const KernelTable<T>& table);

}  // namespace chainrule
