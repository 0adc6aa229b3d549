#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>

#include <malloc.h>
#include <sys/mman.h>

#include "memory_peak.hpp"

namespace chainrule::test {

namespace {

constexpr long kNever = std::numeric_limits<long>::max();

constinit std::atomic<long> n_asked = 0, n_held = 0;
// The numbers of the requests that are refused: [first, last].
constinit std::atomic<long> first_refused = kNever, last_refused = kNever;

bool granted() {
  const long number = ++n_asked;
  if (number < first_refused || number > last_refused) return true;
  errno = ENOMEM;
  return false;
}

long size_of(void* memory) { return static_cast<long>(malloc_usable_size(memory)); }

void* held(void* memory) {
  if (memory != nullptr) ++n_held;
  count_held(size_of(memory));
  return memory;
}

}  // namespace

long n_allocations() { return n_asked; }
long n_held_allocations() { return n_held; }

OutOfMemory::OutOfMemory(long n, Extent extent) : number_(n_asked + n) {
  last_refused = extent == once ? number_ : kNever;
  first_refused = number_;
}
OutOfMemory::~OutOfMemory() { first_refused = last_refused = kNever; }

bool OutOfMemory::happened() const { return n_asked >= number_; }

}  // namespace chainrule::test

// The forms for arrays call these. (With sanitizers they do not, and are not counted.)
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  void* memory = nullptr;
  if (posix_memalign(&memory, static_cast<std::size_t>(alignment), size) == 0) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// The linker's --wrap=f turns a call of f into one of __wrap_f; __real_f is f itself.
extern "C" {

using namespace chainrule::test;

void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* memory, std::size_t size);
int __real_posix_memalign(void** memory, std::size_t alignment, std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void __real_free(void* memory);
void* __real_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset);

void* __wrap_malloc(std::size_t size) { return granted() ? held(__real_malloc(size)) : nullptr; }
void* __wrap_calloc(std::size_t count, std::size_t size) {
  return granted() ? held(__real_calloc(count, size)) : nullptr;
}
void* __wrap_realloc(void* memory, std::size_t size) {
  if (!granted()) return nullptr;
  const long size_before = size_of(memory);
  void* const moved = __real_realloc(memory, size);
  if (memory == nullptr) return held(moved);
  if (moved != nullptr) count_held(size_of(moved) - size_before);
  return moved;
}
int __wrap_posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  if (!granted()) return ENOMEM;
  const int error = __real_posix_memalign(memory, alignment, size);
  if (error == 0) held(*memory);
  return error;
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  return granted() ? held(__real_aligned_alloc(alignment, size)) : nullptr;
}
void __wrap_free(void* memory) {
  if (memory != nullptr) --n_held;
  count_given_back(size_of(memory));
  __real_free(memory);
}
void* __wrap_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  return granted() ? __real_mmap(at, size, protection, flags, file, offset) : MAP_FAILED;
}
}
