// Who owns numeric memory? The one owner: zero-filled, 64-byte aligned, on huge pages when large.
#pragma once

#include <memory>
#include <span>

#include "base/index.hpp"

namespace chainrule {

inline constexpr Index kAlignment = 64;

// `bytes` zero bytes; std::bad_alloc when there are none. Blocks of 2 MiB and more start on a 2 MiB
// boundary and ask for huge pages, which spares the products most of their TLB misses.
struct AlignedDelete {
  void operator()(void* memory) const noexcept;
};
std::unique_ptr<void, AlignedDelete> allocate_zeroed(Index bytes);

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(Index size)
      : memory_(allocate_zeroed(size * static_cast<Index>(sizeof(T)))), size_(size) {}

  T* data() const { return static_cast<T*>(memory_.get()); }
  Index size() const { return size_; }
  std::span<T> span() const { return {data(), static_cast<std::size_t>(size_)}; }

 private:
  std::unique_ptr<void, AlignedDelete> memory_;
  Index size_ = 0;
};

}  // namespace chainrule
