#include "kernels/isa/cpu_features.hpp"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#endif

namespace chainrule {

#if defined(__x86_64__)

namespace {

// Which register files the operating system saves: bits 1, 2 for xmm and ymm, 5 to 7 for AVX-512.
std::uint64_t saved_registers() {
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

constexpr bool all_of(std::uint64_t word, std::uint64_t bits) { return (word & bits) == bits; }

}  // namespace

CpuFeatures cpu_features() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !all_of(c, bit_OSXSAVE | bit_AVX | bit_FMA)) return {};
  const std::uint64_t saved = saved_registers();
  if (!all_of(saved, 0x6) || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
  CpuFeatures features;
  features.avx2_fma = all_of(b, bit_AVX2);
#if defined(CHAINRULE_EMULATE_AVX512)
  features.avx512 = features.avx2_fma;
#else
  features.avx512 = features.avx2_fma && all_of(saved, 0xE6) &&
                    all_of(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL);
#endif
  return features;
}

#else

CpuFeatures cpu_features() { return {}; }

#endif

}  // namespace chainrule
