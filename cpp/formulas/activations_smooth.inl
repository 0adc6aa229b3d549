// Which activations are smooth?

// a = 1 / (1 + e^-z)
struct Sigmoid : Elementwise {
  static constexpr auto name = "sigmoid";
  static constexpr auto class_name = "Sigmoid";
  static constexpr auto doc = R"(The logistic sigmoid, with values in (0, 1).

.. math:: \sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \sigma'(z) = \sigma(z) (1 - \sigma(z)))";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equations 4.59 and 4.88.";
  static constexpr auto loss = "binary_cross_entropy";

  template <class V>
  static V forward(V z) {
    return sigmoid(z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return a * (splat<V>(1) - a);
  }
  template <class V>
  static V curvature(V /*z*/, V a) {
    return a * (splat<V>(1) - a) * (splat<V>(1) - a - a);
  }
};

// a = (e^z - e^-z) / (e^z + e^-z)
struct Tanh : Elementwise {
  static constexpr auto name = "tanh";
  static constexpr auto class_name = "Tanh";
  static constexpr auto doc = R"(The hyperbolic tangent, with values in (-1, 1).

.. math:: \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}, \qquad \tanh'(z) = 1 - \tanh^2(z))";
  static constexpr auto reference =
      "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.4.";

  template <class V>
  static V forward(V z) {
    return tanh(z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return (splat<V>(1) - a) * (splat<V>(1) + a);
  }
  template <class V>
  static V curvature(V z, V a) {
    return splat<V>(-2) * a * slope(z, a);
  }
};

// a = z / (1 + |z|); from z, since 1 - |a| loses digits where |z| is large.
struct Softsign : Elementwise {
  static constexpr auto name = "softsign";
  static constexpr auto class_name = "Softsign";
  static constexpr auto doc = R"(Softsign, which reaches -1 and 1 more slowly than tanh.

.. math:: f(z) = \frac{z}{1 + |z|}, \qquad f'(z) = \frac{1}{(1 + |z|)^2})";
  static constexpr auto reference =
      "Turian, Bergstra and Bengio (2009), Quadratic features and deep architectures for chunking.";
  static constexpr bool slope_needs_z = true;

  template <class V>
  static V forward(V z) {
    return z / (splat<V>(1) + magnitude(z));
  }
  template <class V>
  static V slope(V z, V /*a*/) {
    const V inverse = splat<V>(1) / (splat<V>(1) + magnitude(z));
    return inverse * inverse;
  }
  template <class V>
  static V curvature(V z, V a) {
    return splat<V>(-2) * sign(z) * slope(z, a) / (splat<V>(1) + magnitude(z));
  }
};

// sigma(w) and 1 - sigma(w), neither from a difference of nearly equal numbers.
template <class V>
struct Gate {
  V open, closed;
};
template <class V>
Gate<V> gate(V w) {
  const V zero = splat<V>(0), least = sigmoid(-magnitude(w)), most = splat<V>(1) - least;
  return {select(less(w, zero), least, most), select(less(w, zero), most, least)};
}

// a = z s with s = sigma(z);  f' = s (1 + z (1 - s)),  f'' = s (1 - s) (2 + z (1 - 2 s))
struct Silu : Elementwise {
  static constexpr auto name = "silu";
  static constexpr auto class_name = "Silu";
  static constexpr auto doc = R"(The sigmoid-weighted linear unit, also called swish.

.. math:: f(z) = z \sigma(z), \qquad f'(z) = \sigma(z) (1 + z (1 - \sigma(z))))";
  static constexpr auto reference =
      "Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural network function "
      "approximation in reinforcement learning, equation 12.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;

  template <class V>
  static V forward(V z) {
    return z * sigmoid(z);
  }
  template <class V>
  static V slope(V z, V /*a*/) {
    const Gate<V> s = gate(z);
    return s.open * (splat<V>(1) + z * s.closed);
  }
  template <class V>
  static V curvature(V z, V /*a*/) {
    const Gate<V> s = gate(z);
    return s.open * s.closed * (splat<V>(2) + z * (s.closed - s.open));
  }
};

// a = e^z
struct Exponential : Elementwise {
  static constexpr auto name = "exponential";
  static constexpr auto class_name = "Exponential";
  static constexpr auto doc =
      R"(The exponential function, for outputs that are positive; it overflows to infinity.

.. math:: f(z) = e^z, \qquad f'(z) = e^z)";
  static constexpr auto reference =
      "McCullagh and Nelder (1989), Generalized linear models, section 2.2.";

  template <class V>
  static V forward(V z) {
    return exp(z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return a;
  }
  template <class V>
  static V curvature(V /*z*/, V a) {
    return a;
  }
};
