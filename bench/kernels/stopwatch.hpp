// How long did it take? By the clock on the wall, or by the time that the processor gave to this
// process: on a busy machine only the latter says how fast the code is. It means nothing for
// several threads, whose times add up.
#pragma once

#include <chrono>
#include <ctime>

namespace chainrule::bench {

enum class Clock { wall, cpu };

class Stopwatch {
 public:
  explicit Stopwatch(Clock clock) : clock_(clock), start_(now()) {}
  double seconds() const { return now() - start_; }

 private:
  double now() const {
    if (clock_ == Clock::cpu) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  Clock clock_;
  double start_;
};

}  // namespace chainrule::bench
