// The neon tier: every AArch64 processor has it, so that no region is needed.
#include <arm_neon.h>

#include <cstdint>
#include <tuple>
#include <type_traits>

#include "base/fields.hpp"
#include "base/index.hpp"
#include "base/matrix_view.hpp"
#include "base/scalar_math.hpp"
#include "base/thread_memory.hpp"
#include "base/type_list.hpp"
#include "kernels/isa/tables.hpp"
#include "kernels/isa/target_region.hpp"
#include "kernels/kernel_table.hpp"

namespace chainrule::neon {

#include "kernels/isa/neon_transpose.inl"
#include "kernels/isa/vec_neon.inl"

// 32 registers: 24 accumulators, 4 of B, 1 of A.
inline constexpr int kTileRows = 6;
inline constexpr int kTilePanels = 1;
// One step of k reads kTilePanels * 64 bytes of B: B of 256 steps stays in L1.
inline constexpr Index kDepth = 256;
// Never measured on a real processor: the sizes of avx2 before those were.
inline constexpr Index kBlockRows = 96;
inline constexpr Index kBlockPanels = 8;

#include "kernels/generic/all.inl"

constinit const KernelTable<float> table_float = make_table<float>("neon");
constinit const KernelTable<double> table_double = make_table<double>("neon");

}  // namespace chainrule::neon
