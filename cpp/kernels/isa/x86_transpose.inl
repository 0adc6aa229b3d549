// Square transposes in 256-bit registers: to[j * to_stride + i] = from[i * from_stride + j].

template <class T>
inline constexpr Index kSquare = 32 / static_cast<Index>(sizeof(T));

CHAINRULE_INLINE void transpose_square(const float* from, Index from_stride, float* to,
                                       Index to_stride) {
  __m256 r[8], s[8];
  CHAINRULE_UNROLL
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * from_stride);
  CHAINRULE_UNROLL
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

CHAINRULE_INLINE void transpose_square(const double* from, Index from_stride, double* to,
                                       Index to_stride) {
  __m256d r[4], s[4];
  CHAINRULE_UNROLL
  for (int i = 0; i < 4; ++i) r[i] = _mm256_loadu_pd(from + i * from_stride);
  CHAINRULE_UNROLL
  for (int i = 0; i < 4; i += 2) {
    s[i] = _mm256_unpacklo_pd(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_pd(r[i], r[i + 1]);
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 2; ++i) {
    _mm256_storeu_pd(to + i * to_stride, _mm256_permute2f128_pd(s[i], s[i + 2], 0x20));
    _mm256_storeu_pd(to + (i + 2) * to_stride, _mm256_permute2f128_pd(s[i], s[i + 2], 0x31));
  }
}
