// The avx512 tier: its vector type, its block sizes, and the generic bodies compiled for it.
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

#if defined(CHAINRULE_EMULATE_AVX512)
CHAINRULE_BEGIN_TARGET("avx2,fma")
#else
CHAINRULE_BEGIN_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
namespace chainrule::avx512 {

#include "kernels/isa/vec_avx512.inl"
#include "kernels/isa/x86_transpose.inl"

// 32 registers: 24 accumulators, 4 of B, 1 of A; few loads per fma.
inline constexpr int kTileRows = 6;
inline constexpr int kTilePanels = 4;
// One step of k reads kTilePanels * 64 bytes of B: B of 128 steps stays in L1.
inline constexpr Index kDepth = 128;
// 192 rows of A by kDepth, and 16 panels of accumulators (192 KiB), stay in an L2 of 1 MiB. With 96
// rows and 8 panels, products of 2048 x 2048 lose 4 to 5 points of the peak in float64.
inline constexpr Index kBlockRows = 192;
inline constexpr Index kBlockPanels = 16;

#include "kernels/generic/all.inl"

constinit const KernelTable<float> table_float = make_table<float>("avx512");
constinit const KernelTable<double> table_double = make_table<double>("avx512");

}  // namespace chainrule::avx512
CHAINRULE_END_TARGET
