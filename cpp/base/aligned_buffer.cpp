#include "base/aligned_buffer.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace chainrule {

namespace {
constexpr Index kHugePage = 2 << 20;
}

std::unique_ptr<void, AlignedDelete> allocate_zeroed(Index bytes) {
  if (bytes <= 0) return {};
  const Index alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  const auto size = static_cast<std::size_t>(round_up(bytes, alignment));
  void* memory = std::aligned_alloc(static_cast<std::size_t>(alignment), size);
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (alignment == kHugePage) madvise(memory, size, MADV_HUGEPAGE);
#endif
  std::memset(memory, 0, size);
  return std::unique_ptr<void, AlignedDelete>(memory);
}

void AlignedDelete::operator()(void* memory) const noexcept { std::free(memory); }

}  // namespace chainrule
