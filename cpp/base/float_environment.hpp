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
#if defined(__x86_64__)
  using State = std::uint32_t;
  static State now() { return __builtin_ia32_stmxcsr(); }
#elif defined(__aarch64__)
  using State = std::uint64_t;
  static State now() {
    State state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
  }
#else
#error "chainrule knows the floating-point state of x86-64 and AArch64 only."
#endif

  FloatEnvironment() : FloatEnvironment(kOurs) {}
  // For what the caller does in the middle of a call: the state in which he came.
  explicit FloatEnvironment(State state) : before_(now()) { write(state); }
  ~FloatEnvironment() { write(before_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  // MXCSR: flush to zero (bit 15), all exceptions masked (7 to 12), subnormals are zero (6).
  static constexpr State kOurs = 0x9fc0;
  static void write(State state) { __builtin_ia32_ldmxcsr(state); }
#elif defined(__aarch64__)
  // FPCR: FZ (bit 24), which flushes operands and results.
  static constexpr State kOurs = std::uint64_t{1} << 24;
  static void write(State state) { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
#endif

  State before_;
};

}  // namespace chainrule
