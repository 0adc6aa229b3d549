// The avx2 tier: its vector type, its block sizes, and the generic bodies compiled for it.
#include <immintrin.h>

#include <cstdint>
#include <tuple>
#include <type_traits>

#include "base/fields.hpp"
#include "base/index.hpp"
#include "base/matrix_view.hpp"
#include "base/scalar_math.hpp"
#include "base/thread_memory.hpp"
#include "base/type_list.hpp"
#include "kernels/isa/target_region.hpp"
#include "kernels/isa/tables.hpp"
#include "kernels/kernel_table.hpp"

CHAINRULE_BEGIN_TARGET("avx2,fma")
namespace chainrule::avx2 {

#include "kernels/isa/vec_avx2.inl"
#include "kernels/isa/x86_transpose.inl"

// 16 registers: 12 accumulators, 2 of B, 1 of A.
inline constexpr int kTileRows = 6;
inline constexpr int kTilePanels = 1;
// One step of k reads kTilePanels * 64 bytes of B: B of 256 steps stays in L1.
inline constexpr Index kDepth = 256;
// 192 rows of A by kDepth (192 KiB) and 8 panels of accumulators (96 KiB) stay in an L2 of 512 KiB.
// With 96 rows, products of 2048 x 2048 lose up to 5 % where other processes use the L3 as well.
inline constexpr Index kBlockRows = 192;
inline constexpr Index kBlockPanels = 8;

#include "kernels/generic/all.inl"

constinit const KernelTable<float> table_float = make_table<float>("avx2");
constinit const KernelTable<double> table_double = make_table<double>("avx2");

}  // namespace chainrule::avx2
CHAINRULE_END_TARGET
