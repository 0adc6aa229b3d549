// Square transposes in 128-bit registers: to[j * to_stride + i] = from[i * from_stride + j].

template <class T>
inline constexpr Index kSquare = 16 / static_cast<Index>(sizeof(T));

CHAINRULE_INLINE void transpose_square(const float* from, Index from_stride, float* to,
                                       Index to_stride) {
  const float32x4_t a = vld1q_f32(from), b = vld1q_f32(from + from_stride),
                    c = vld1q_f32(from + 2 * from_stride), d = vld1q_f32(from + 3 * from_stride);
  // Pairs of neighbouring elements move as one float64.
  const float64x2_t even_ab = vreinterpretq_f64_f32(vtrn1q_f32(a, b)),
                    odd_ab = vreinterpretq_f64_f32(vtrn2q_f32(a, b)),
                    even_cd = vreinterpretq_f64_f32(vtrn1q_f32(c, d)),
                    odd_cd = vreinterpretq_f64_f32(vtrn2q_f32(c, d));
  vst1q_f32(to, vreinterpretq_f32_f64(vtrn1q_f64(even_ab, even_cd)));
  vst1q_f32(to + to_stride, vreinterpretq_f32_f64(vtrn1q_f64(odd_ab, odd_cd)));
  vst1q_f32(to + 2 * to_stride, vreinterpretq_f32_f64(vtrn2q_f64(even_ab, even_cd)));
  vst1q_f32(to + 3 * to_stride, vreinterpretq_f32_f64(vtrn2q_f64(odd_ab, odd_cd)));
}

CHAINRULE_INLINE void transpose_square(const double* from, Index from_stride, double* to,
                                       Index to_stride) {
  const float64x2_t a = vld1q_f64(from), b = vld1q_f64(from + from_stride);
  vst1q_f64(to, vtrn1q_f64(a, b));
  vst1q_f64(to + to_stride, vtrn2q_f64(a, b));
}
