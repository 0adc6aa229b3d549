#include <array>
#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

#include <sys/mman.h>

#include "allocations.hpp"
#include "test.hpp"

namespace chainrule::test {

// What all tests of memory rely on: each way to request it is counted, and can be made to fail.
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
