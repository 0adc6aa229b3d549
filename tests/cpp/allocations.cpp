#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace chainrule::test {

namespace {
constinit std::atomic<long> n_asked = 0;
}

long n_allocations() { return n_asked; }

}  // namespace chainrule::test

// The array and nothrow forms of the standard library call this one.
void* operator new(std::size_t size) {
  ++chainrule::test::n_asked;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#if defined(__linux__)
// In place of that of the C library, which AlignedBuffer calls.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++chainrule::test::n_asked;
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}
#endif
