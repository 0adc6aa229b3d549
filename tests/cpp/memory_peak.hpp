// How much memory does a call take? The most bytes that it held at once.
#pragma once

namespace chainrule::test {

// The most bytes held since its construction, beyond those held then. Only one may live at a time.
class MemoryPeak {
 public:
  MemoryPeak();
  long bytes() const;

 private:
  long before_;
};

// Called by what sees each allocation: allocations.cpp in the tests, memory_hooks.cpp in a fuzzer.
void count_held(long bytes);
void count_given_back(long bytes);

}  // namespace chainrule::test
