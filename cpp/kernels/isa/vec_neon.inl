// Vec over 128-bit registers, NEON of AArch64: 4 float32 or 2 float64. Interface: vec_avx2.inl.

template <class T>
struct Vec;
template <class T>
struct Mask;
template <class T>
struct Bits;

template <>
struct Vec<float> {
  using Scalar = float;
  using Number = float;
  static constexpr Index width = 4;
  float32x4_t v;
};
template <>
struct Mask<float> {
  uint32x4_t v;
};
template <>
struct Bits<float> {
  uint32x4_t v;
};

CHAINRULE_INLINE Vec<float> load(const float* p) { return {vld1q_f32(p)}; }
CHAINRULE_INLINE void store(float* p, Vec<float> a) { vst1q_f32(p, a.v); }
CHAINRULE_INLINE Vec<float> broadcast(float x) { return {vdupq_n_f32(x)}; }
CHAINRULE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) { return {vaddq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) { return {vsubq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) { return {vmulq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) { return {vdivq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a) { return {vnegq_f32(a.v)}; }
CHAINRULE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {vfmaq_f32(c.v, a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> sqrt(Vec<float> a) { return {vsqrtq_f32(a.v)}; }

CHAINRULE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) { return {vcltq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Mask<float> less_equal(Vec<float> a, Vec<float> b) {
  return {vcleq_f32(a.v, b.v)};
}
CHAINRULE_INLINE Mask<float> equal(Vec<float> a, Vec<float> b) { return {vceqq_f32(a.v, b.v)}; }
CHAINRULE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) {
  return {vbslq_f32(m.v, a.v, b.v)};
}

CHAINRULE_INLINE Bits<float> to_bits(Vec<float> a) { return {vreinterpretq_u32_f32(a.v)}; }
CHAINRULE_INLINE Vec<float> from_bits(Bits<float> a) { return {vreinterpretq_f32_u32(a.v)}; }
CHAINRULE_INLINE Bits<float> broadcast_bits(std::uint32_t x) { return {vdupq_n_u32(x)}; }
CHAINRULE_INLINE Bits<float> operator+(Bits<float> a, Bits<float> b) {
  return {vaddq_u32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator-(Bits<float> a, Bits<float> b) {
  return {vsubq_u32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator&(Bits<float> a, Bits<float> b) {
  return {vandq_u32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator|(Bits<float> a, Bits<float> b) {
  return {vorrq_u32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator^(Bits<float> a, Bits<float> b) {
  return {veorq_u32(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_left(Bits<float> a) {
  return {vshlq_n_u32(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_right(Bits<float> a) {
  return {vshrq_n_u32(a.v, n)};
}

template <>
struct Vec<double> {
  using Scalar = double;
  using Number = double;
  static constexpr Index width = 2;
  float64x2_t v;
};
template <>
struct Mask<double> {
  uint64x2_t v;
};
template <>
struct Bits<double> {
  uint64x2_t v;
};

CHAINRULE_INLINE Vec<double> load(const double* p) { return {vld1q_f64(p)}; }
CHAINRULE_INLINE void store(double* p, Vec<double> a) { vst1q_f64(p, a.v); }
CHAINRULE_INLINE Vec<double> broadcast(double x) { return {vdupq_n_f64(x)}; }
CHAINRULE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) {
  return {vaddq_f64(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) {
  return {vsubq_f64(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) {
  return {vmulq_f64(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) {
  return {vdivq_f64(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a) { return {vnegq_f64(a.v)}; }
CHAINRULE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {vfmaq_f64(c.v, a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> sqrt(Vec<double> a) { return {vsqrtq_f64(a.v)}; }

CHAINRULE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) { return {vcltq_f64(a.v, b.v)}; }
CHAINRULE_INLINE Mask<double> less_equal(Vec<double> a, Vec<double> b) {
  return {vcleq_f64(a.v, b.v)};
}
CHAINRULE_INLINE Mask<double> equal(Vec<double> a, Vec<double> b) { return {vceqq_f64(a.v, b.v)}; }
CHAINRULE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) {
  return {vbslq_f64(m.v, a.v, b.v)};
}

CHAINRULE_INLINE Bits<double> to_bits(Vec<double> a) { return {vreinterpretq_u64_f64(a.v)}; }
CHAINRULE_INLINE Vec<double> from_bits(Bits<double> a) { return {vreinterpretq_f64_u64(a.v)}; }
CHAINRULE_INLINE Bits<double> broadcast_bits(std::uint64_t x) { return {vdupq_n_u64(x)}; }
CHAINRULE_INLINE Bits<double> operator+(Bits<double> a, Bits<double> b) {
  return {vaddq_u64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator-(Bits<double> a, Bits<double> b) {
  return {vsubq_u64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator&(Bits<double> a, Bits<double> b) {
  return {vandq_u64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator|(Bits<double> a, Bits<double> b) {
  return {vorrq_u64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator^(Bits<double> a, Bits<double> b) {
  return {veorq_u64(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_left(Bits<double> a) {
  return {vshlq_n_u64(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_right(Bits<double> a) {
  return {vshrq_n_u64(a.v, n)};
}

template <class V>
CHAINRULE_INLINE V splat(typename V::Scalar x) {
  return broadcast(x);
}
