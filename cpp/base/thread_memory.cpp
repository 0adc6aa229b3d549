#include "base/thread_memory.hpp"

#include <utility>

namespace chainrule {

namespace {
thread_local AlignedBuffer<std::byte> memory_of_block;
}

std::byte* block_memory() { return memory_of_block.data(); }

void reserve_block_memory() {
  if (memory_of_block.size() == 0) memory_of_block = AlignedBuffer<std::byte>(kBlockBytes);
}

void set_block_memory(AlignedBuffer<std::byte> memory) { memory_of_block = std::move(memory); }

}  // namespace chainrule
