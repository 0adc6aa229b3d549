// Vec without intrinsics: GCC and Clang vector types of 16 bytes, 4 float32 or 2 float64, which any
// processor of the baseline can run. Interface: vec_avx2.inl. fma rounds twice here: this tier is
// held to error bounds, not to the bits of the others.

template <class T>
struct VectorTypes;
template <>
struct VectorTypes<float> {
  using Value = float __attribute__((vector_size(16)));
  using Integer = std::uint32_t __attribute__((vector_size(16)));
};
template <>
struct VectorTypes<double> {
  using Value = double __attribute__((vector_size(16)));
  using Integer = std::uint64_t __attribute__((vector_size(16)));
};

template <class T>
struct Vec {
  using Scalar = T;
  using Number = T;
  static constexpr Index width = 16 / static_cast<Index>(sizeof(T));
  typename VectorTypes<T>::Value v;
};
template <class T>
struct Bits {
  typename VectorTypes<T>::Integer v;
};
template <class T>
struct Mask {
  typename VectorTypes<T>::Integer v;
};

template <class T>
CHAINRULE_INLINE Vec<T> load(const T* p) {
  Vec<T> a;
  __builtin_memcpy(&a.v, p, sizeof(a.v));
  return a;
}
template <class T>
CHAINRULE_INLINE void store(T* p, Vec<T> a) {
  __builtin_memcpy(p, &a.v, sizeof(a.v));
}
template <class V>
CHAINRULE_INLINE V splat(typename V::Scalar x) {
  V a{};
  for (Index i = 0; i < V::width; ++i) a.v[i] = x;
  return a;
}
template <class T>
CHAINRULE_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) {
  return {a.v + b.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) {
  return {a.v - b.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) {
  return {a.v * b.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) {
  return {a.v / b.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> operator-(Vec<T> a) {
  return {-a.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return {a.v * b.v + c.v};
}
CHAINRULE_INLINE Vec<float> sqrt(Vec<float> a) {
  for (Index i = 0; i < 4; ++i) a.v[i] = __builtin_sqrtf(a.v[i]);
  return a;
}
CHAINRULE_INLINE Vec<double> sqrt(Vec<double> a) {
  for (Index i = 0; i < 2; ++i) a.v[i] = __builtin_sqrt(a.v[i]);
  return a;
}

template <class T, class Comparison>
CHAINRULE_INLINE Mask<T> as_mask(Comparison c) {
  return {(typename VectorTypes<T>::Integer)c};
}
template <class T>
CHAINRULE_INLINE Mask<T> less(Vec<T> a, Vec<T> b) {
  return as_mask<T>(a.v < b.v);
}
template <class T>
CHAINRULE_INLINE Mask<T> less_equal(Vec<T> a, Vec<T> b) {
  return as_mask<T>(a.v <= b.v);
}
template <class T>
CHAINRULE_INLINE Mask<T> equal(Vec<T> a, Vec<T> b) {
  return as_mask<T>(a.v == b.v);
}

template <class T>
CHAINRULE_INLINE Bits<T> to_bits(Vec<T> a) {
  return {(typename VectorTypes<T>::Integer)a.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> from_bits(Bits<T> a) {
  return {(typename VectorTypes<T>::Value)a.v};
}
template <class T>
CHAINRULE_INLINE Vec<T> select(Mask<T> m, Vec<T> a, Vec<T> b) {
  return from_bits(Bits<T>{(to_bits(a).v & m.v) | (to_bits(b).v & ~m.v)});
}
CHAINRULE_INLINE Bits<float> broadcast_bits(std::uint32_t x) {
  return {VectorTypes<float>::Integer{x, x, x, x}};
}
CHAINRULE_INLINE Bits<double> broadcast_bits(std::uint64_t x) {
  return {VectorTypes<double>::Integer{x, x}};
}
template <class T>
CHAINRULE_INLINE Bits<T> operator+(Bits<T> a, Bits<T> b) {
  return {a.v + b.v};
}
template <class T>
CHAINRULE_INLINE Bits<T> operator-(Bits<T> a, Bits<T> b) {
  return {a.v - b.v};
}
template <class T>
CHAINRULE_INLINE Bits<T> operator&(Bits<T> a, Bits<T> b) {
  return {a.v & b.v};
}
template <class T>
CHAINRULE_INLINE Bits<T> operator|(Bits<T> a, Bits<T> b) {
  return {a.v | b.v};
}
template <class T>
CHAINRULE_INLINE Bits<T> operator^(Bits<T> a, Bits<T> b) {
  return {a.v ^ b.v};
}
template <int n, class T>
CHAINRULE_INLINE Bits<T> shift_left(Bits<T> a) {
  return {a.v << n};
}
template <int n, class T>
CHAINRULE_INLINE Bits<T> shift_right(Bits<T> a) {
  return {a.v >> n};
}
