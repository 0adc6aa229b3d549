// Vec over 256-bit registers, AVX2 and FMA: 8 float32 or 4 float64.
//
// The vector interface is the same in every vec_*.inl:
//   load(p), store(p, v), splat<V>(x)
//   + - * / and unary -, sqrt(v), fma(a, b, c) = a b + c, rounded once
//   less(a, b), less_equal(a, b), equal(a, b): masks; select(mask, a, b) = mask ? a : b
//   to_bits(v), from_bits(i), broadcast_bits(x)
//   on bits: + - & | ^, shift_left<n>(i), shift_right<n>(i)
//   load_first, store_first of generic/rows.inl, where there are masked moves
// Loads and stores take any address. Comparisons with NaN are false.

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
  static constexpr Index width = 8;
  __m256 v;
};
template <>
struct Mask<float> {
  __m256 v;
};
template <>
struct Bits<float> {
  __m256i v;
};

CHAINRULE_INLINE Vec<float> load(const float* p) { return {_mm256_loadu_ps(p)}; }
CHAINRULE_INLINE void store(float* p, Vec<float> a) { _mm256_storeu_ps(p, a.v); }
CHAINRULE_INLINE Vec<float> broadcast(float x) { return {_mm256_set1_ps(x)}; }
CHAINRULE_INLINE Vec<float> operator+(Vec<float> a, Vec<float> b) {
  return {_mm256_add_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a, Vec<float> b) {
  return {_mm256_sub_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator*(Vec<float> a, Vec<float> b) {
  return {_mm256_mul_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator/(Vec<float> a, Vec<float> b) {
  return {_mm256_div_ps(a.v, b.v)};
}
CHAINRULE_INLINE Vec<float> operator-(Vec<float> a) {
  return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))};
}
CHAINRULE_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return {_mm256_fmadd_ps(a.v, b.v, c.v)};
}
CHAINRULE_INLINE Vec<float> sqrt(Vec<float> a) { return {_mm256_sqrt_ps(a.v)}; }

CHAINRULE_INLINE Mask<float> less(Vec<float> a, Vec<float> b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)};
}
CHAINRULE_INLINE Mask<float> less_equal(Vec<float> a, Vec<float> b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)};
}
CHAINRULE_INLINE Mask<float> equal(Vec<float> a, Vec<float> b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)};
}
CHAINRULE_INLINE Vec<float> select(Mask<float> m, Vec<float> a, Vec<float> b) {
  return {_mm256_blendv_ps(b.v, a.v, m.v)};
}

CHAINRULE_INLINE Bits<float> to_bits(Vec<float> a) { return {_mm256_castps_si256(a.v)}; }
CHAINRULE_INLINE Vec<float> from_bits(Bits<float> a) { return {_mm256_castsi256_ps(a.v)}; }
CHAINRULE_INLINE Bits<float> broadcast_bits(std::uint32_t x) {
  return {_mm256_set1_epi32(static_cast<int>(x))};
}
CHAINRULE_INLINE Bits<float> operator+(Bits<float> a, Bits<float> b) {
  return {_mm256_add_epi32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator-(Bits<float> a, Bits<float> b) {
  return {_mm256_sub_epi32(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator&(Bits<float> a, Bits<float> b) {
  return {_mm256_and_si256(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator|(Bits<float> a, Bits<float> b) {
  return {_mm256_or_si256(a.v, b.v)};
}
CHAINRULE_INLINE Bits<float> operator^(Bits<float> a, Bits<float> b) {
  return {_mm256_xor_si256(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_left(Bits<float> a) {
  return {_mm256_slli_epi32(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<float> shift_right(Bits<float> a) {
  return {_mm256_srli_epi32(a.v, n)};
}

template <>
struct Vec<double> {
  using Scalar = double;
  using Number = double;
  static constexpr Index width = 4;
  __m256d v;
};
template <>
struct Mask<double> {
  __m256d v;
};
template <>
struct Bits<double> {
  __m256i v;
};

CHAINRULE_INLINE Vec<double> load(const double* p) { return {_mm256_loadu_pd(p)}; }
CHAINRULE_INLINE void store(double* p, Vec<double> a) { _mm256_storeu_pd(p, a.v); }
CHAINRULE_INLINE Vec<double> broadcast(double x) { return {_mm256_set1_pd(x)}; }
CHAINRULE_INLINE Vec<double> operator+(Vec<double> a, Vec<double> b) {
  return {_mm256_add_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a, Vec<double> b) {
  return {_mm256_sub_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator*(Vec<double> a, Vec<double> b) {
  return {_mm256_mul_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator/(Vec<double> a, Vec<double> b) {
  return {_mm256_div_pd(a.v, b.v)};
}
CHAINRULE_INLINE Vec<double> operator-(Vec<double> a) {
  return {_mm256_xor_pd(a.v, _mm256_set1_pd(-0.0))};
}
CHAINRULE_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return {_mm256_fmadd_pd(a.v, b.v, c.v)};
}
CHAINRULE_INLINE Vec<double> sqrt(Vec<double> a) { return {_mm256_sqrt_pd(a.v)}; }

CHAINRULE_INLINE Mask<double> less(Vec<double> a, Vec<double> b) {
  return {_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)};
}
CHAINRULE_INLINE Mask<double> less_equal(Vec<double> a, Vec<double> b) {
  return {_mm256_cmp_pd(a.v, b.v, _CMP_LE_OQ)};
}
CHAINRULE_INLINE Mask<double> equal(Vec<double> a, Vec<double> b) {
  return {_mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ)};
}
CHAINRULE_INLINE Vec<double> select(Mask<double> m, Vec<double> a, Vec<double> b) {
  return {_mm256_blendv_pd(b.v, a.v, m.v)};
}

CHAINRULE_INLINE Bits<double> to_bits(Vec<double> a) { return {_mm256_castpd_si256(a.v)}; }
CHAINRULE_INLINE Vec<double> from_bits(Bits<double> a) { return {_mm256_castsi256_pd(a.v)}; }
CHAINRULE_INLINE Bits<double> broadcast_bits(std::uint64_t x) {
  return {_mm256_set1_epi64x(static_cast<long long>(x))};
}
CHAINRULE_INLINE Bits<double> operator+(Bits<double> a, Bits<double> b) {
  return {_mm256_add_epi64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator-(Bits<double> a, Bits<double> b) {
  return {_mm256_sub_epi64(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator&(Bits<double> a, Bits<double> b) {
  return {_mm256_and_si256(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator|(Bits<double> a, Bits<double> b) {
  return {_mm256_or_si256(a.v, b.v)};
}
CHAINRULE_INLINE Bits<double> operator^(Bits<double> a, Bits<double> b) {
  return {_mm256_xor_si256(a.v, b.v)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_left(Bits<double> a) {
  return {_mm256_slli_epi64(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Bits<double> shift_right(Bits<double> a) {
  return {_mm256_srli_epi64(a.v, n)};
}

template <class V>
CHAINRULE_INLINE V splat(typename V::Scalar x) {
  return broadcast(x);
}
