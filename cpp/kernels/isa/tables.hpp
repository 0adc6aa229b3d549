// Where are the tiers? One pair of tables each; a tier is listed once more, in dispatch.cpp.
#pragma once

#include "kernels/kernel_table.hpp"

namespace chainrule {

#define CHAINRULE_DECLARE_TIER(tier)             \
  namespace tier {                               \
  extern const KernelTable<float> table_float;   \
  extern const KernelTable<double> table_double; \
  }

CHAINRULE_DECLARE_TIER(scalar)
#if defined(__x86_64__)
CHAINRULE_DECLARE_TIER(avx2)
CHAINRULE_DECLARE_TIER(avx512)
#elif defined(__aarch64__)
CHAINRULE_DECLARE_TIER(neon)
#endif

#undef CHAINRULE_DECLARE_TIER

}  // namespace chainrule
