// How is code compiled for one instruction set inside a portable build?
//
// A file in this folder includes every standard and project header first, then opens a region with
// CHAINRULE_BEGIN_TARGET("avx2,fma"), includes the `.inl` bodies inside a namespace of its own, and
// closes with CHAINRULE_END_TARGET. Nothing outside the region takes or returns a Vec.
#pragma once

#define CHAINRULE_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define CHAINRULE_BEGIN_TARGET(features) \
  CHAINRULE_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define CHAINRULE_END_TARGET CHAINRULE_PRAGMA(clang attribute pop)
#define CHAINRULE_UNROLL CHAINRULE_PRAGMA(clang loop unroll(full))
#elif defined(__GNUC__)
// GCC 12 says that its own AVX-512 header uses values before they are set.
#define CHAINRULE_BEGIN_TARGET(features)                           \
  CHAINRULE_PRAGMA(GCC diagnostic push)                            \
  CHAINRULE_PRAGMA(GCC diagnostic ignored "-Wuninitialized")       \
  CHAINRULE_PRAGMA(GCC diagnostic ignored "-Wmaybe-uninitialized") \
  CHAINRULE_PRAGMA(GCC push_options) CHAINRULE_PRAGMA(GCC target(features))
#define CHAINRULE_END_TARGET CHAINRULE_PRAGMA(GCC pop_options) CHAINRULE_PRAGMA(GCC diagnostic pop)
#define CHAINRULE_UNROLL CHAINRULE_PRAGMA(GCC unroll 32)
#else
#error "chainrule needs GCC 12 or newer, or Clang 14 or newer."
#endif

#define CHAINRULE_INLINE inline __attribute__((always_inline))
