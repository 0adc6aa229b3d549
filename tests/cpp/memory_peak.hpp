// How much memory does a call take? The most bytes that were held at once.
#pragma once

namespace chainrule::test {

// Since it began, on top of what was held then. One at a time.
class MemoryPeak {
 public:
  MemoryPeak();
  long n_bytes() const;

 private:
  long before_;
};

// Whoever watches the calls that get memory and give it back tells it here.
void count_held(long n_bytes);
void count_given_back(long n_bytes);

}  // namespace chainrule::test
