#include "allocations.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <limits>
#include <new>
#include <vector>

#include <malloc.h>
#include <sys/mman.h>

#include "memory_peak.hpp"
#include "test.hpp"

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

// The forms for arrays and without exceptions call these, but for those of sanitizers.
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  void* memory = nullptr;
  if (posix_memalign(&memory, static_cast<std::size_t>(alignment), size) == 0) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// Of a call of f, the linker's --wrap=f makes one of __wrap_f; __real_f is f itself.
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

namespace chainrule::test {

// What all tests of memory rely on: each way to ask for it is counted, and can be refused.
TEST(allocations_are_counted_and_refused) {
  struct Way {
    std::function<void*()> ask;
    void (*give_back)(void*);
  };
  const auto deallocate = [](void* memory) { ::operator delete(memory); };
  const auto deallocate_aligned = [](void* memory) {
    ::operator delete(memory, std::align_val_t(64));
  };
  const std::vector<Way> ways = {
      {[] { return std::malloc(64); }, std::free},
      {[] { return std::calloc(8, 8); }, std::free},
      {[] { return std::realloc(nullptr, 64); }, std::free},
      {[] { return std::aligned_alloc(64, 64); }, std::free},
      {[] {
         void* memory = nullptr;
         return posix_memalign(&memory, 64, 64) == 0 ? memory : nullptr;
       },
       std::free},
      {[] { return ::operator new(64); }, deallocate},
      {[] { return ::operator new(64, std::align_val_t(64)); }, deallocate_aligned}};
  for (const Way& way : ways) {
    const auto ask = [&]() -> void* {
      try {
        return way.ask();
      } catch (const std::bad_alloc&) {
        return nullptr;
      }
    };
    const long asked = n_allocations(), held = n_held_allocations();
    void* const memory = ask();
    const long asked_then = n_allocations(), held_then = n_held_allocations();
    way.give_back(memory);
    const long held_after = n_held_allocations();
    CHECK(memory != nullptr);
    CHECK_EQUAL(asked_then - asked, 1);
    CHECK_EQUAL(held_then - held, 1);
    CHECK_EQUAL(held_after, held);
    for (const auto extent : {OutOfMemory::once, OutOfMemory::from_then_on}) {
      std::array<void*, 3> got{};
      {
        const OutOfMemory failure(2, extent);
        for (void*& each : got) each = ask();
      }
      CHECK(got[0] != nullptr && got[1] == nullptr);
      CHECK_EQUAL(got[2] != nullptr, extent == OutOfMemory::once);
      for (void* each : got) way.give_back(each);
    }
  }
  const long asked = n_allocations();
  void* const page = mmap(nullptr, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const long asked_then = n_allocations();
  munmap(page, 1);
  CHECK_EQUAL(asked_then - asked, 1);
}

}  // namespace chainrule::test
