#include "base/aligned_buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kHugePage = 2 << 20;

bool starts_at_multiple_of(Index alignment, const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % static_cast<std::uintptr_t>(alignment) == 0;
}

template <class T>
bool is_zero(const AlignedBuffer<T>& buffer) {
  return std::all_of(buffer.span().begin(), buffer.span().end(), [](T x) { return x == T(0); });
}

}  // namespace

TEST(buffers_are_aligned_and_zero) {
  for (const Index bytes : {Index{1}, Index{63}, Index{64}, Index{65}, Index{4096}, kHugePage - 1,
                            kHugePage, kHugePage + 1}) {
    // Written memory that is given back comes again: the next buffer is not zero by chance.
    for (int time = 0; time < 2; ++time) {
      const AlignedBuffer<char> buffer(bytes);
      CHECK_EQUAL(buffer.size(), bytes);
      CHECK(starts_at_multiple_of(bytes >= kHugePage ? kHugePage : kAlignment, buffer.data()));
      CHECK(is_zero(buffer));
      std::fill(buffer.span().begin(), buffer.span().end(), char{1});
    }
  }
}

TEST(buffers_count_elements) {
  const AlignedBuffer<double> buffer(10);
  CHECK_EQUAL(buffer.size(), 10);
  CHECK_EQUAL(buffer.span().size(), 10u);
  CHECK(buffer.span().data() == buffer.data());
}

TEST(empty_buffers_have_no_memory) {
  CHECK(AlignedBuffer<float>().data() == nullptr);
  CHECK_EQUAL(AlignedBuffer<float>().size(), 0);
  CHECK(AlignedBuffer<float>(0).data() == nullptr);
  CHECK(AlignedBuffer<float>(0).span().empty());
}

TEST(buffers_move) {
  AlignedBuffer<float> from(5);
  from.data()[4] = 7;
  const float* memory = from.data();
  const AlignedBuffer<float> to = std::move(from);
  CHECK(to.data() == memory);
  CHECK_EQUAL(to.data()[4], 7.0f);
}

TEST(memory_that_is_not_there_is_an_exception) {
  bool thrown = false;
  try {
    allocate_zeroed(Index{1} << 62);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown);
}

}  // namespace chainrule
