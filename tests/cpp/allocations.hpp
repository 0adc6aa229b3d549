// How often has this program asked for memory, how much of it is still held, and what happens when
// there is none? Counted and refused in the test program only. The linker leads calls of the C
// library here (CMakeLists.txt), so that this works beside sanitizers, which replace its functions.
#pragma once

namespace chainrule::test {

// Since the start, by all threads: operator new, malloc, calloc, realloc, posix_memalign,
// aligned_alloc, mmap.
long n_allocations();

// Those that have not been given back; what mmap gave is not among them.
long n_held_allocations();

// While one lives, the n-th request from now on finds no memory, n = 1, 2, ..., or that one and all
// later ones.
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
