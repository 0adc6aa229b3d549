// In which floating-point state does the core compute? Round to nearest, subnormals as 0, no traps;
// the caller's state comes back before anything else runs.
//
// Subnormal numbers, which training makes in Adam's averages and behind saturated activations,
// would cost a hundred times the time of others. The state belongs to a thread.
#pragma once

#include <cstdint>

namespace chainrule {

class FloatEnvironment {
 public:
  FloatEnvironment() : caller_(read()) { write(kOurs); }
  ~FloatEnvironment() { write(caller_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  using State = std::uint32_t;
  // MXCSR: flush to zero (bit 15), all exceptions masked (7 to 12), subnormals are zero (6).
  static constexpr State kOurs = 0x9fc0;
  static State read() { return __builtin_ia32_stmxcsr(); }
  static void write(State state) { __builtin_ia32_ldmxcsr(state); }
#elif defined(__aarch64__)
  using State = std::uint64_t;
  // FPCR: FZ (bit 24), which flushes operands and results.
  static constexpr State kOurs = std::uint64_t{1} << 24;
  static State read() {
    State state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
  }
  static void write(State state) { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
#else
#error "chainrule knows the floating-point state of x86-64 and AArch64 only."
#endif

  State caller_;
};

}  // namespace chainrule
