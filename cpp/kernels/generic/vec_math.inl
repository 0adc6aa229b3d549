// What are exp, log, tanh and their like, with the same bits on every tier? Argument reductions and
// polynomials of our own, from operations that round the same everywhere.
//
// The polynomials interpolate at the Chebyshev nodes of the reduced interval, computed with 60
// digits. NaN passes through every function; results below the smallest normal number are 0. Errors
// were measured against long double: bench/kernels/measure_ulp.cpp.

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  using Word = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Word exponent_bias = 127;
  static constexpr float round_magic = 0x1.8p23f;  // x + magic - magic rounds x to a whole number
  static constexpr float whole_magic = 0x1p23f;    // its low bits hold a small whole number
  static constexpr float log2_e = 0x1.715476p0f;
  static constexpr float ln2_high = 0x1.63p-1f;  // 9 bits, so that n * ln2_high is exact
  static constexpr float ln2_low = -0x1.bd0106p-13f;
  static constexpr float exp_least = -87.33654f;  // e^x is normal from here ...
  static constexpr float exp_most = 88.72283f;    // ... to here
  static constexpr float tanh_most = 9.1f;        // tanh is 1 beyond
  static constexpr float cdf_most = 14.0f;        // the normal distribution ends before
  static constexpr Word sqrt_half = 0x3f3504f3;
  static constexpr Word high_half = 0xfffff000;  // 12 bits of a number, whose square is exact
  // (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, error 7e-8
  static constexpr float exp_polynomial[] = {0.001392618359f, 0.008363179053f, 0.04166655462f,
                                             0.1666657699f, 0.5f};
  // (2 atanh(s) / s - 2) / z for z = s^2 <= 0.0295, error 2e-9
  static constexpr float log_polynomial[] = {0.2333058194f, 0.285508166f, 0.4000012188f,
                                             0.6666666655f};
  // (t + 4) e^(t^2/2) P(x > t) for normal x, as a polynomial in (t - 4) / (t + 4), error 2e-8
  static constexpr float tail_polynomial[] = {
      -0.0001201844011f, 0.0002012617303f, 0.001572317879f, -0.0035261837f, -0.007529250703f,
      0.06040668873f,    -0.1865226849f,   0.3871366841f,   -0.6078966183f, 0.7552851383f};
};

template <>
struct MathConstants<double> {
  using Word = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Word exponent_bias = 1023;
  static constexpr double round_magic = 0x1.8p52;
  static constexpr double whole_magic = 0x1p52;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  static constexpr double ln2_high = 0x1.62e42feep-1;  // 31 bits
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double exp_least = -708.3964185322641;
  static constexpr double exp_most = 709.782712893384;
  static constexpr double tanh_most = 19.1;
  static constexpr double cdf_most = 38.6;
  static constexpr Word sqrt_half = 0x3fe6a09e667f3bcd;
  static constexpr Word high_half = 0xfffffffff8000000;  // 26 bits
  static constexpr double exp_polynomial[] = {2.51003854955103191e-8, 2.76200884454097482e-7,
                                              2.75572684599970648e-6, 2.48015212959543751e-5,
                                              1.98412698630536169e-4, 1.38888889172137169e-3,
                                              8.33333333333006183e-3, 4.16666666666241279e-2,
                                              1.66666666666666675e-1, 5.00000000000000102e-1};
  static constexpr double log_polynomial[] = {
      0.14616585424888622,  0.153317106182107716, 0.18182889455674946, 0.22222211130259877,
      0.285714286260032687, 0.399999999998994432, 0.666666666666666969};
  static constexpr double tail_polynomial[] = {
      -9.51299102404734642e-10, 1.07682410069210012e-10,  1.3903504965759881e-8,
      1.44685301670470056e-8,   -7.63984192563988016e-8,  -1.54116463340021745e-7,
      2.63744365056631193e-7,   1.01969683115120603e-6,   -6.25193110588505967e-7,
      -5.91884478718701989e-6,  7.15037346304297016e-7,   0.000035144167998227779,
      -1.90787623821825609e-6,  -0.000231094816114512678, 0.000133344255779480917,
      0.00163081844167572166,   -0.00347969236242322195,  -0.00754018896558207281,
      0.0603965748907087918,    -0.186521857959694407,    0.387137400742218693,
      -0.607896641971891757,    0.75528513041575148};
};

// Horner's rule, highest power first.
template <class V, Index n>
CHAINRULE_INLINE V polynomial(V x, const typename V::Scalar (&c)[n]) {
  V sum = splat<V>(c[0]);
  CHAINRULE_UNROLL
  for (Index i = 1; i < n; ++i) sum = fma(sum, x, splat<V>(c[i]));
  return sum;
}

// e^x = 2^n (1 + q): x = n ln 2 + r with |r| <= ln(2)/2, q = e^r - 1. `word` holds n in its low
// bits.
template <class V>
struct ExpParts {
  V q;
  Bits<typename V::Scalar> word;
};

template <class V>
CHAINRULE_INLINE ExpParts<V> split_exp(V x) {
  using C = MathConstants<typename V::Scalar>;
  const V shifted = fma(x, splat<V>(C::log2_e), splat<V>(C::round_magic));
  const V n = shifted - splat<V>(C::round_magic);
  const V r = fma(n, splat<V>(-C::ln2_low), fma(n, splat<V>(-C::ln2_high), x));
  return {fma(r * r, polynomial(r, C::exp_polynomial), r), to_bits(shifted)};
}

// 2^n from the word of ExpParts, for n in the range of normal numbers.
template <class V>
CHAINRULE_INLINE V power_of_two(Bits<typename V::Scalar> word) {
  using C = MathConstants<typename V::Scalar>;
  return from_bits(shift_left<C::mantissa_bits>(word + broadcast_bits(C::exponent_bias)));
}

template <class V>
CHAINRULE_INLINE V exp(V x) {
  using C = MathConstants<typename V::Scalar>;
  const ExpParts<V> e = split_exp(x);
  // n goes straight into the exponent: 2^n itself may be too large where e^x is not.
  const V result = from_bits(to_bits(splat<V>(1) + e.q) + shift_left<C::mantissa_bits>(e.word));
  const V large = x + splat<V>(__builtin_huge_valf());  // inf, or NaN from NaN
  return select(less(x, splat<V>(C::exp_least)), splat<V>(0),
                select(less_equal(x, splat<V>(C::exp_most)), result, large));
}

// e^x - 1 for x <= 0: 2^n q + (2^n - 1), which is exact near 0, too.
template <class V>
CHAINRULE_INLINE V expm1(V x) {
  using C = MathConstants<typename V::Scalar>;
  const V least = splat<V>(C::exp_least);
  const ExpParts<V> e = split_exp(select(less(x, least), least, x));  // NaN stays
  const V scale = power_of_two<V>(e.word);
  return fma(scale, e.q, scale - splat<V>(1));
}

// log(2^k m) = k ln 2 + log(1 + f) with m = 1 + f in [sqrt(1/2), sqrt(2)), after FreeBSD's msun:
// log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), s = f / (2 + f). Subnormal x counts as 0.
template <class V>
CHAINRULE_INLINE V log(V x) {
  using T = typename V::Scalar;
  using C = MathConstants<T>;
  constexpr auto one = C::exponent_bias << C::mantissa_bits;
  constexpr auto mantissa = (typename C::Word{1} << C::mantissa_bits) - 1;
  const Bits<T> shifted = to_bits(x) + broadcast_bits(typename C::Word(one - C::sqrt_half));
  const V m = from_bits((shifted & broadcast_bits(mantissa)) + broadcast_bits(C::sqrt_half));
  const V biased =
      from_bits(shift_right<C::mantissa_bits>(shifted) | to_bits(splat<V>(C::whole_magic)));
  const V k = biased - splat<V>(C::whole_magic + static_cast<T>(C::exponent_bias));

  const V f = m - splat<V>(1);
  const V s = f / (splat<V>(2) + f);
  const V z = s * s;
  const V half_square = splat<V>(T(0.5)) * f * f;
  const V tail =
      fma(s, half_square + z * polynomial(z, C::log_polynomial), k * splat<V>(C::ln2_low));
  const V result = fma(k, splat<V>(C::ln2_high), f - (half_square - tail));

  const V infinity = splat<V>(__builtin_huge_valf());
  const V zero = splat<V>(0);
  const V smallest =
      from_bits(broadcast_bits(typename C::Word(typename C::Word{1} << C::mantissa_bits)));
  const V special =
      select(less(x, zero), infinity - infinity, select(less(x, smallest), -infinity, x));
  // Outside [smallest, inf): NaN, -inf, inf or the NaN that came in.
  return select(less_equal(smallest, x), select(less(x, infinity), result, x), special);
}

// log(1 + u) for u in [0, 1]: the rounding error of 1 + u is added back to first order.
template <class V>
CHAINRULE_INLINE V log1p(V u) {
  const V w = splat<V>(1) + u;
  return log(w) + (u - (w - splat<V>(1))) / w;
}

// tanh|x| = d / (d + 2) with d = e^(2|x|) - 1 = 2^n q + (2^n - 1), which is exact near 0, too.
template <class V>
CHAINRULE_INLINE V tanh(V x) {
  using C = MathConstants<typename V::Scalar>;
  const Bits<typename V::Scalar> sign = to_bits(x) & to_bits(splat<V>(typename V::Scalar(-0.0)));
  const V magnitude = from_bits(to_bits(x) ^ sign);
  const V most = splat<V>(C::tanh_most);
  const V a = select(less(most, magnitude), most, magnitude);  // NaN stays
  const ExpParts<V> e = split_exp(a + a);
  const V scale = power_of_two<V>(e.word);
  const V d = fma(scale, e.q, scale - splat<V>(1));
  return from_bits(to_bits(d / (d + splat<V>(2))) | sign);
}

// 1 / (1 + e^-x) with 1 + e^-x = 2^n + 2^n q + 1, the smallest terms first.
template <class V>
CHAINRULE_INLINE V sigmoid(V x) {
  using C = MathConstants<typename V::Scalar>;
  const V least = splat<V>(C::exp_least);
  const V most = splat<V>(-C::exp_least);
  const V clamped = select(less(x, least), least, select(less(most, x), most, x));  // NaN stays
  const ExpParts<V> e = split_exp(-clamped);
  const V scale = power_of_two<V>(e.word);
  const V one = splat<V>(1);
  const V sum =
      select(less_equal(scale, one), fma(scale, e.q, scale + one), scale + fma(scale, e.q, one));
  return select(less(x, least), splat<V>(0), one / sum);
}

// P(normal number <= x), exact in the tail, too: for t = |x| the tail is e^(-t^2/2) times a smooth
// function, where t^2 = h + l with l what h lacks, from halves of t whose products are exact.
template <class V>
CHAINRULE_INLINE V normal_cdf(V x) {
  using T = typename V::Scalar;
  using C = MathConstants<T>;
  const V zero = splat<V>(0), one = splat<V>(1), half = splat<V>(T(0.5)),
          most = splat<V>(C::cdf_most);
  const V magnitude = select(less(x, zero), -x, x);
  const V t = select(less(most, magnitude), most, magnitude);  // NaN stays
  const V high = from_bits(to_bits(t) & broadcast_bits(C::high_half));
  const V h = t * t;
  const V l = (high * high - h) + (t - high) * (t + high);
  const V inverse = one / (t + splat<V>(4));
  const V smooth = polynomial((t - splat<V>(4)) * inverse, C::tail_polynomial) * inverse;
  const V tail = exp(-(half * h)) * (smooth - smooth * (half * l));
  return select(less(x, zero), tail, one - tail);
}
