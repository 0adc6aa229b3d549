#include "base/thread_memory.hpp"

#include <cstdint>
#include <cstring>
#include <thread>

#include "test.hpp"

namespace chainrule {

namespace {

TEST(thread_memory_grows_and_stays) {
  std::byte* const memory = thread_memory(1000);
  std::memset(memory, 1, 1000);
  CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(memory) % kAlignment, std::uintptr_t{0});
  CHECK_EQUAL(thread_memory(10), memory);
  std::memset(thread_memory(100'000), 1, 100'000);
  CHECK_EQUAL(thread_memory(100'000), thread_memory(0));
}

TEST(thread_memory_of_another_thread_is_another) {
  std::byte* const here = thread_memory(10);
  std::byte* there = nullptr;
  std::thread([&] { there = thread_memory(10); }).join();
  CHECK(there != here);
}

TEST(block_memory_is_reserved_once_for_each_thread) {
  std::thread([] {
    CHECK(block_memory() == nullptr);
    reserve_block_memory();
    std::byte* const memory = block_memory();
    std::memset(memory, 1, kBlockBytes);
    reserve_block_memory();
    CHECK_EQUAL(block_memory(), memory);
  }).join();
}

}  // namespace

}  // namespace chainrule
