#include "kernels/isa/cpu_features.hpp"

#include "test.hpp"

namespace chainrule {

// The compiler's run-time library asks CPUID and XGETBV on its own; other processors have neither
// tier.
TEST(cpu_features_are_those_the_compiler_finds) {
  const CpuFeatures features = cpu_features();
#if defined(__x86_64__)
  CHECK_EQUAL(features.avx2_fma,
              __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0);
#if defined(CHAINRULE_EMULATE_AVX512)
  CHECK_EQUAL(features.avx512, features.avx2_fma);
#else
  CHECK_EQUAL(features.avx512, __builtin_cpu_supports("avx512f") != 0 &&
                                   __builtin_cpu_supports("avx512bw") != 0 &&
                                   __builtin_cpu_supports("avx512dq") != 0 &&
                                   __builtin_cpu_supports("avx512vl") != 0);
#endif
#else
  CHECK(!features.avx2_fma && !features.avx512);
#endif
}

TEST(cpu_features_include_those_below) {
  const CpuFeatures features = cpu_features();
  CHECK(!features.avx512 || features.avx2_fma);
}

}  // namespace chainrule
