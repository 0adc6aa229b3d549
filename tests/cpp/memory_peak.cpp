#include "memory_peak.hpp"

#include <atomic>

namespace chainrule::test {

namespace {
constinit std::atomic<long> held_bytes = 0, peak_bytes = 0;
}

MemoryPeak::MemoryPeak() : before_(held_bytes) { peak_bytes = before_; }
long MemoryPeak::bytes() const { return peak_bytes - before_; }

void count_held(long bytes) {
  const long now = held_bytes += bytes;
  long peak = peak_bytes;
  while (peak < now && !peak_bytes.compare_exchange_weak(peak, now)) {
  }
}

void count_given_back(long bytes) { held_bytes -= bytes; }

}  // namespace chainrule::test
