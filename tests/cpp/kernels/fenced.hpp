// How do we see a kernel read or write one element too far? In memory that ends at a page which
// nobody may touch: there it is a fault, also where AddressSanitizer sees nothing.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <functional>

#include "base/check.hpp"
#include "base/matrix_view.hpp"

namespace chainrule::test {

// At least `bytes` bytes between two unreadable pages.
class FencedMemory {
 public:
  explicit FencedMemory(Index bytes)
      : page_(static_cast<Index>(sysconf(_SC_PAGESIZE))), bytes_(round_up(bytes, page_)) {
    void* const all = mmap(nullptr, size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(all != MAP_FAILED, "fenced memory: none left");
    pages_ = static_cast<char*>(all);
    check(mprotect(pages_ + page_, static_cast<std::size_t>(bytes_), PROT_READ | PROT_WRITE) == 0,
          "fenced memory: cannot be made readable");
  }
  FencedMemory(const FencedMemory&) = delete;
  FencedMemory& operator=(const FencedMemory&) = delete;
  ~FencedMemory() { munmap(pages_, size()); }

  char* begin() const { return pages_ + page_; }
  char* end() const { return begin() + bytes_; }

 private:
  std::size_t size() const { return static_cast<std::size_t>(page_ + bytes_ + page_); }

  Index page_, bytes_;
  char* pages_ = nullptr;
};

// A (rows, cols) matrix that ends right before an unreadable page, or begins right after one. There
// is nothing after the last column of the last row. The matrix, the gaps between its rows and a
// margin on its other side are filled with `guard`.
template <class T>
class Fenced {
 public:
  Fenced(const FencedMemory& memory, MatrixView<T> shape, bool at_end, double guard)
      : view_(shape), guard_(static_cast<T>(guard)) {
    const Index n = (shape.rows - 1) * shape.stride + shape.cols, all = n + kMargin;
    check(memory.end() - memory.begin() >= all * static_cast<Index>(sizeof(T)),
          "fenced matrix: larger than its memory");
    first_ = reinterpret_cast<T*>(at_end ? memory.end() : memory.begin()) - (at_end ? all : 0);
    view_.data = first_ + (at_end ? kMargin : 0);
    std::fill_n(first_, all, guard_);
  }

  MatrixView<T> view() const { return view_; }

  // Whether the margin and what lies between rows are as they were.
  bool rest_is_untouched() const {
    const Index n = (view_.rows - 1) * view_.stride + view_.cols;
    for (Index i = 0; i < n + kMargin; ++i) {
      const Index at = first_ + i - view_.data;
      const bool inside = at >= 0 && at < n && at % view_.stride < view_.cols;
      if (!inside && std::memcmp(first_ + i, &guard_, sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  static constexpr Index kMargin = 64;
  MatrixView<T> view_;
  T guard_;
  T* first_;
};

// Whether f touches an unreadable page. It is abandoned at that point, so it must own nothing.
inline bool faults(const std::function<void()>& f) {
  static sigjmp_buf back;
  struct sigaction jump{};
  struct sigaction before{};
  jump.sa_handler = [](int) { siglongjmp(back, 1); };
  sigaction(SIGSEGV, &jump, &before);
  volatile bool faulted = true;
  if (sigsetjmp(back, 1) == 0) {
    f();
    faulted = false;
  }
  sigaction(SIGSEGV, &before, nullptr);
  return faulted;
}

}  // namespace chainrule::test
