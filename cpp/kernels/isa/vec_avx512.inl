// Vec over 512-bit registers, AVX-512 F, BW, DQ and VL: 16 float32 or 8 float64. Interface:
// vec_avx2.inl.

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
  static constexpr Index width = 16;
  __m512 v;
};
template <>
struct Mask<float> {
  __mmask16 v;
};
template <>
struct Bits<float> {
  __m512i v;
};

CHAINRULE_INLINE Vec<float> load(const float* p) { return {_mm512_loadu_ps(p)}; }
CHAINRULE_INLINE void store(float* p, Vec<float> a) { _mm512_storeu_ps(p, a.v); }
CHAINRULE_INLINE Vec<float> broadcast(float x) { return {_mm512_set1_ps(x)}; }
CHAINRULE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) {
  return {_mm512_add_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) {
  return {_mm512_div_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a) {
  return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))};
}
CHAINRULE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
CHAINRULE_INLINE Vec<float> sqrt(Vec<float> a) { return {_mm512_sqrt_ps(a.v)}; }

CHAINRULE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
CHAINRULE_INLINE Mask<float> less_equal(Vec<float> a, Vec<float> b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)};
}
CHAINRULE_INLINE Mask<float> equal(Vec<float> a, Vec<float> b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
CHAINRULE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) {
  return {_mm512_mask_blend_ps(m.v, b.v, a.v)};
}

CHAINRULE_INLINE Bits<float> to_bits(Vec<float> a) { return {_mm512_castps_si512(a.v)}; }
CHAINRULE_INLINE Vec<float> from_bits(Bits<float> a) { return {_mm512_castsi512_ps(a.v)}; }
CHAINRULE_INLINE Bits<float> broadcast_bits(std::uint32_t x) {
  return {_mm512_set1_epi32(static_cast<int>(x))};
}
CHAINRULE_INLINE Bits<float> operator+(Bits<float> a, Bits<float> b) {
  return {_mm512_add_epi32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator-(Bits<float> a, Bits<float> b) {
  return {_mm512_sub_epi32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator&(Bits<float> a, Bits<float> b) {
  return {_mm512_and_si512(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator|(Bits<float> a, Bits<float> b) {
  return {_mm512_or_si512(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator^(Bits<float> a, Bits<float> b) {
  return {_mm512_xor_si512(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_left(Bits<float> a) {
  return {_mm512_slli_epi32(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_right(Bits<float> a) {
  return {_mm512_srli_epi32(a.v, n)};
}

template <>
struct Vec<double> {
  using Scalar = double;
  using Number = double;
  static constexpr Index width = 8;
  __m512d v;
};
template <>
struct Mask<double> {
  __mmask8 v;
};
template <>
struct Bits<double> {
  __m512i v;
};

CHAINRULE_INLINE Vec<double> load(const double* p) { return {_mm512_loadu_pd(p)}; }
CHAINRULE_INLINE void store(double* p, Vec<double> a) { _mm512_storeu_pd(p, a.v); }
CHAINRULE_INLINE Vec<double> broadcast(double x) { return {_mm512_set1_pd(x)}; }
CHAINRULE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) {
  return {_mm512_add_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) {
  return {_mm512_sub_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) {
  return {_mm512_mul_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) {
  return {_mm512_div_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a) {
  return {_mm512_xor_pd(a.v, _mm512_set1_pd(-0.0))};
}
CHAINRULE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm512_fmadd_pd(a.v, b.v, c.v)};
}
CHAINRULE_INLINE Vec<double> sqrt(Vec<double> a) { return {_mm512_sqrt_pd(a.v)}; }

CHAINRULE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) {
  return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ)};
}
CHAINRULE_INLINE Mask<double> less_equal(Vec<double> a, Vec<double> b) {
  return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LE_OQ)};
}
CHAINRULE_INLINE Mask<double> equal(Vec<double> a, Vec<double> b) {
  return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ)};
}
CHAINRULE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) {
  return {_mm512_mask_blend_pd(m.v, b.v, a.v)};
}

CHAINRULE_INLINE Bits<double> to_bits(Vec<double> a) { return {_mm512_castpd_si512(a.v)}; }
CHAINRULE_INLINE Vec<double> from_bits(Bits<double> a) { return {_mm512_castsi512_pd(a.v)}; }
CHAINRULE_INLINE Bits<double> broadcast_bits(std::uint64_t x) {
  return {_mm512_set1_epi64(static_cast<long long>(x))};
}
CHAINRULE_INLINE Bits<double> operator+(Bits<double> a, Bits<double> b) {
  return {_mm512_add_epi64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator-(Bits<double> a, Bits<double> b) {
  return {_mm512_sub_epi64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator&(Bits<double> a, Bits<double> b) {
  return {_mm512_and_si512(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator|(Bits<double> a, Bits<double> b) {
  return {_mm512_or_si512(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator^(Bits<double> a, Bits<double> b) {
  return {_mm512_xor_si512(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_left(Bits<double> a) {
  return {_mm512_slli_epi64(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_right(Bits<double> a) {
  return {_mm512_srli_epi64(a.v, n)};
}

template <class V>
CHAINRULE_INLINE V splat(typename V::Scalar x) {
  return broadcast(x);
}

#if !defined(CHAINRULE_EMULATE_AVX512)  // whose masked moves touch what is masked
template <class M>
CHAINRULE_INLINE M first_lanes(Index count) {
  return static_cast<M>((1u << count) - 1);
}
CHAINRULE_INLINE Vec<float> load_first(const float* p, Index count, float fill) {
  return {_mm512_mask_loadu_ps(_mm512_set1_ps(fill), first_lanes<__mmask16>(count), p)};
}
CHAINRULE_INLINE void store_first(float* p, Index count, Vec<float> a) {
  _mm512_mask_storeu_ps(p, first_lanes<__mmask16>(count), a.v);
}
CHAINRULE_INLINE Vec<double> load_first(const double* p, Index count, double fill) {
  return {_mm512_mask_loadu_pd(_mm512_set1_pd(fill), first_lanes<__mmask8>(count), p)};
}
CHAINRULE_INLINE void store_first(double* p, Index count, Vec<double> a) {
  _mm512_mask_storeu_pd(p, first_lanes<__mmask8>(count), a.v);
}
#endif
