#include "base/thread_memory.hpp"

#include <utility>

namespace chainrule {

namespace {
// Beside its owner, whose use begins with a look at whether this thread has made it.
constinit thread_local std::byte* block = nullptr;
}  // namespace

std::byte* block_memory() { return block; }

void reserve_block_memory() {
  if (block == nullptr) set_block_memory(AlignedBuffer<std::byte>(kBlockBytes));
}

void set_block_memory(AlignedBuffer<std::byte> memory) {
  static thread_local AlignedBuffer<std::byte> owner;
  owner = std::move(memory);
  block = owner.data();
}

}  // namespace chainrule
