#include "memory_peak.hpp"

#include <atomic>

namespace chainrule::test {

namespace {
constinit std::atomic<long> n_held = 0, n_peak = 0;
}

MemoryPeak::MemoryPeak() : before_(n_held) { n_peak = before_; }
long MemoryPeak::n_bytes() const { return n_peak - before_; }

void count_held(long n_bytes) {
  const long now = n_held += n_bytes;
  long peak = n_peak;
  while (peak < now && !n_peak.compare_exchange_weak(peak, now)) {
  }
}

void count_given_back(long n_bytes) { n_held -= n_bytes; }

}  // namespace chainrule::test
