// Where does a call work that must neither lock nor allocate? In memory of its thread, which is
// freed when the thread ends. Stacks have no room for it: some threads' are of 128 KiB.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.hpp"

namespace chainrule {

// At least `bytes`, of any content, as many as the largest call needed; valid until the next call
// on the same thread. std::bad_alloc if there is no memory.
inline std::byte* thread_memory(Index bytes) {
  static thread_local AlignedBuffer<std::byte> memory;
  if (memory.size() < bytes) memory = AlignedBuffer<std::byte>(bytes);
  return memory.data();
}

// For the sums of a block of a product, kBlockBytes. Who runs one has reserved it before, where
// failing does no harm; for a worker, who starts it.
inline constexpr Index kBlockBytes = 192 << 10;
std::byte* block_memory();  // null if it is not reserved
void reserve_block_memory();
void set_block_memory(AlignedBuffer<std::byte> memory);

}  // namespace chainrule
