// How often has this program requested memory, how many of these allocations does it still hold,
// and what happens when a request fails? For the test program only. The linker redirects calls of
// the C library to allocations.cpp (see CMakeLists.txt), which works with sanitizers, too.
#pragma once

namespace chainrule::test {

// Since the start, by all threads: operator new, malloc, calloc, realloc, posix_memalign,
// aligned_alloc, mmap.
long n_allocations();

// Allocations that have not been freed; those by mmap are not counted.
long n_held_allocations();

// While one lives, the n-th request from now on (n = 1, 2, ...) fails, alone or with all later
// ones.
class OutOfMemory {
 public:
  enum Extent { once, from_then_on };
  OutOfMemory(long n, Extent extent);
  ~OutOfMemory();
  OutOfMemory(const OutOfMemory&) = delete;
  OutOfMemory& operator=(const OutOfMemory&) = delete;

  // Whether there was such a request.
  bool happened() const;

 private:
  long number_;
};

}  // namespace chainrule::test
