// The scalar tier: no intrinsics and no fma, for any processor of the baseline.
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

namespace chainrule::scalar {

#include "kernels/isa/vec_scalar.inl"

template <class T>
inline constexpr Index kSquare = 4;

template <class T>
CHAINRULE_INLINE void transpose_square(const T* from, Index from_stride, T* to, Index to_stride) {
  for (Index i = 0; i < kSquare<T>; ++i)
    for (Index j = 0; j < kSquare<T>; ++j) to[j * to_stride + i] = from[i * from_stride + j];
}

// 16 registers: 12 accumulators.
inline constexpr int kTileRows = 3;
inline constexpr int kTilePanels = 1;
inline constexpr Index kDepth = 256;
inline constexpr Index kBlockRows = 96;
inline constexpr Index kBlockPanels = 8;

#include "kernels/generic/all.inl"

constinit const KernelTable<float> table_float = make_table<float>("scalar");
constinit const KernelTable<double> table_double = make_table<double>("scalar");

}  // namespace chainrule::scalar
