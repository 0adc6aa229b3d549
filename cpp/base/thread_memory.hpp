// Where does a call work that must neither lock nor allocate? In memory of its thread, which grows
// to what the largest call needed and is freed when the thread ends.
#pragma once

#include <cstddef>

#include "base/aligned_buffer.hpp"

namespace chainrule {

// At least `bytes`, of any content; valid until the next call on the same thread.
inline std::byte* thread_memory(Index bytes) {
  static thread_local AlignedBuffer<std::byte> memory;
  if (memory.size() < bytes) memory = AlignedBuffer<std::byte>(bytes);
  return memory.data();
}

}  // namespace chainrule
