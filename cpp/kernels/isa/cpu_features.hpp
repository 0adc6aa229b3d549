// What do the processor and the operating system offer?
#pragma once

namespace chainrule {

// A tier counts only if the operating system saves its registers, too (XGETBV).
struct CpuFeatures {
  bool avx2_fma = false;
  bool avx512 = false;  // F, BW, DQ and VL
};

CpuFeatures cpu_features();

}  // namespace chainrule
