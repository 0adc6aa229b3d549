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

// One value for z > 0 and another one elsewhere; where z is NaN, `below` is made of it.
template <class V>
V above_0(V z, V above, V below) {
  return select(less(splat<V>(0), z), above, below);
}

// a = z for z > 0, alpha (e^z - 1) below; the slope at 0 is alpha.
struct Elu : Elementwise {
  static constexpr auto name = "elu";
  static constexpr auto class_name = "Elu";
  static constexpr auto doc = R"(The exponential linear unit.

.. math:: f(z) = \begin{cases} z & z > 0 \\ \alpha (e^z - 1) & z \le 0 \end{cases}, \qquad
          f'(z) = \begin{cases} 1 & z > 0 \\ \alpha e^z & z \le 0 \end{cases})";
  static constexpr auto reference =
      "Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by "
      "exponential linear units.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;
  double alpha = 1.0;
  static constexpr auto fields = std::make_tuple(
      Field{"alpha", &Elu::alpha, any(), "minus the value that is neared for z far below 0"});

  template <class V>
  V forward(V z) const {
    return above_0(z, z, constant<V>(alpha) * expm1(z));
  }
  template <class V>
  V slope(V z, V /*a*/) const {
    return above_0(z, splat<V>(1), constant<V>(alpha) * exp(z));
  }
  template <class V>
  V curvature(V z, V /*a*/) const {
    return above_0(z, splat<V>(0), constant<V>(alpha) * exp(z));
  }
};

// a = scale z for z > 0, scale alpha (e^z - 1) below, with the fixed point of mean 0 and variance 1
struct Selu : Elementwise {
  static constexpr auto name = "selu";
  static constexpr auto class_name = "Selu";
  static constexpr auto doc =
      R"(The scaled exponential linear unit, behind which mean 0 and variance 1 stay.

.. math:: f(z) = \lambda \begin{cases} z & z > 0 \\ \alpha (e^z - 1) & z \le 0 \end{cases}, \qquad
          f'(z) = \lambda \begin{cases} 1 & z > 0 \\ \alpha e^z & z \le 0 \end{cases}

with :math:`\alpha = 1.6732632423543772` and :math:`\lambda = 1.0507009873554805`.)";
  static constexpr auto reference =
      "Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural networks, "
      "equation 2.";
  static constexpr auto initializer = "lecun_normal";
  static constexpr bool slope_needs_z = true;
  static constexpr double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;

  template <class V>
  static V forward(V z) {
    return above_0(z, constant<V>(scale) * z, constant<V>(scale * alpha) * expm1(z));
  }
  template <class V>
  static V slope(V z, V /*a*/) {
    return above_0(z, constant<V>(scale), constant<V>(scale * alpha) * exp(z));
  }
  template <class V>
  static V curvature(V z, V /*a*/) {
    return above_0(z, splat<V>(0), constant<V>(scale * alpha) * exp(z));
  }
};

// a = z for z > 0, alpha (e^(z / alpha) - 1) below; the slope at 0 is 1.
struct Celu : Elementwise {
  static constexpr auto name = "celu";
  static constexpr auto class_name = "Celu";
  static constexpr auto doc =
      R"(The exponential linear unit whose slope has no jump, whatever its field is.

.. math:: f(z) = \begin{cases} z & z > 0 \\ \alpha (e^{z / \alpha} - 1) & z \le 0 \end{cases}, \qquad
          f'(z) = \begin{cases} 1 & z > 0 \\ e^{z / \alpha} & z \le 0 \end{cases})";
  static constexpr auto reference =
      "Barron (2017), Continuously differentiable exponential linear units.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;
  double alpha = 1.0;
  static constexpr auto fields = std::make_tuple(
      Field{"alpha", &Celu::alpha, positive(), "minus the value that is neared for z far below 0"});

  template <class V>
  V forward(V z) const {
    return above_0(z, z, constant<V>(alpha) * expm1(z / constant<V>(alpha)));
  }
  template <class V>
  V slope(V z, V /*a*/) const {
    return above_0(z, splat<V>(1), exp(z / constant<V>(alpha)));
  }
  template <class V>
  V curvature(V z, V a) const {
    return above_0(z, splat<V>(0), slope(z, a) / constant<V>(alpha));
  }
};

// a = log(1 + e^(beta z)) / beta, as max(0, z) + log(1 + e^-|beta z|) / beta
struct Softplus : Elementwise {
  static constexpr auto name = "softplus";
  static constexpr auto class_name = "Softplus";
  static constexpr auto doc = R"(Softplus, a relu without a kink; exact for any z.

.. math:: f(z) = \frac{1}{\beta} \log(1 + e^{\beta z}), \qquad f'(z) = \sigma(\beta z))";
  static constexpr auto reference =
      "Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), Incorporating second-order functional "
      "knowledge for better option pricing.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;
  double beta = 1.0;
  static constexpr auto fields =
      std::make_tuple(Field{"beta", &Softplus::beta, positive(), "how sharp the bend at 0 is"});

  template <class V>
  V forward(V z) const {
    const V zero = splat<V>(0), above = select(less(z, zero), zero, z);
    return above + log1p(exp(-magnitude(constant<V>(beta) * z))) / constant<V>(beta);
  }
  template <class V>
  V slope(V z, V /*a*/) const {
    return sigmoid(constant<V>(beta) * z);
  }
  template <class V>
  V curvature(V z, V /*a*/) const {
    const Gate<V> s = gate(constant<V>(beta) * z);
    return constant<V>(beta) * s.open * s.closed;
  }
};

// a = z Phi(z) with the normal distribution Phi and its density phi;  f' = Phi + z phi,
// f'' = phi (2 - z^2).  Or a = z s(w) with s = sigma and w = 2 sqrt(2/pi) (z + c z^3), which is
// z (1 + tanh(w/2)) / 2;  f' = s + z s' w',  f'' = s' (2 w' + z (w'' + (1 - 2 s) w'^2)).
struct Gelu : Elementwise {
  static constexpr auto name = "gelu";
  static constexpr auto class_name = "Gelu";
  static constexpr auto doc = R"(The Gaussian error linear unit.

.. math:: f(z) = z \Phi(z), \qquad f'(z) = \Phi(z) + z \varphi(z)

with the distribution function :math:`\Phi` and the density :math:`\varphi` of the standard normal
distribution; approximated by tanh it is

.. math:: f(z) = \frac{z}{2} \left( 1 + \tanh\left( \sqrt{2/\pi} \, (z + 0.044715 z^3) \right) \right))";
  static constexpr auto reference =
      "Hendrycks and Gimpel (2016), Gaussian error linear units, section 2.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;
  enum class Approximation { none, tanh };
  Approximation approximate = Approximation::none;
  static constexpr auto fields =
      std::make_tuple(Choice{"approximate", &Gelu::approximate, std::array{"none", "tanh"},
                             "whether the distribution function is approximated by tanh"});

  static constexpr double inverse_sqrt_2_pi = 0.39894228040143267794;
  static constexpr double two_sqrt_2_over_pi = 1.5957691216057307117, cubic = 0.044715;

  // w, w' and w''
  template <class V>
  struct Inner {
    V w, first, second;
  };
  template <class V>
  static Inner<V> inner(V z) {
    const V scale = constant<V>(two_sqrt_2_over_pi), square = z * z, one = splat<V>(1);
    return {scale * z * (one + constant<V>(cubic) * square),
            scale * (one + constant<V>(3 * cubic) * square), scale * constant<V>(6 * cubic) * z};
  }
  template <class V>
  static V density(V z) {
    return constant<V>(inverse_sqrt_2_pi) * exp(constant<V>(-0.5) * z * z);
  }

  template <class V>
  V forward(V z) const {
    return z * (approximate == Approximation::none ? normal_cdf(z) : sigmoid(inner(z).w));
  }
  template <class V>
  V slope(V z, V /*a*/) const {
    if (approximate == Approximation::none) return normal_cdf(z) + z * density(z);
    const Inner<V> u = inner(z);
    const Gate<V> s = gate(u.w);
    return s.open * (splat<V>(1) + z * s.closed * u.first);
  }
  template <class V>
  V curvature(V z, V /*a*/) const {
    if (approximate == Approximation::none) return density(z) * (splat<V>(2) - z * z);
    const Inner<V> u = inner(z);
    const Gate<V> s = gate(u.w);
    const V bend = u.second + (s.closed - s.open) * u.first * u.first;
    return s.open * s.closed * (splat<V>(2) * u.first + z * bend);
  }
};

// a = z t with t = tanh(log(1 + e^z));  f' = t + z t',  f'' = 2 t' + z t'',
// t' = (1 - t^2) sigma(z),  t'' = t' (1 - sigma(z) - 2 t sigma(z)).
// With e = e^-|z| nothing overflows or cancels: t = (e^2 + 2 e) / (e^2 + 2 e + 2) for z < 0, and
// (1 + 2 e) / (1 + 2 e + 2 e^2) otherwise.
struct Mish : Elementwise {
  static constexpr auto name = "mish";
  static constexpr auto class_name = "Mish";
  static constexpr auto doc = R"(Mish, smooth and with a dip below 0.

.. math:: f(z) = z \tanh(s), \quad s = \log(1 + e^z), \qquad
          f'(z) = \tanh(s) + z (1 - \tanh^2(s)) \, \sigma(z))";
  static constexpr auto reference =
      "Misra (2020), Mish: a self regularized non-monotonic activation function, equation 1.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;

  // t, t' and sigma(z)
  template <class V>
  struct Inner {
    V t, first, s;
  };
  template <class V>
  static Inner<V> inner(V z) {
    const V zero = splat<V>(0), one = splat<V>(1), two = splat<V>(2);
    const V e = exp(-magnitude(z));
    const V most = select(less(z, zero), e * (e + two), one + two * e);
    const V rest = select(less(z, zero), two, two * e * e);  // t = most / (most + rest)
    const V inverse = one / (most + rest), t = most * inverse;
    const V s = select(less(z, zero), e, one) / (one + e);
    return {t, rest * inverse * (one + t) * s, s};
  }

  template <class V>
  static V forward(V z) {
    return z * inner(z).t;
  }
  template <class V>
  static V slope(V z, V /*a*/) {
    const Inner<V> u = inner(z);
    return u.t + z * u.first;
  }
  template <class V>
  static V curvature(V z, V /*a*/) {
    const Inner<V> u = inner(z);
    const V one = splat<V>(1), two = splat<V>(2);
    return u.first * (two + z * (one - u.s - two * u.t * u.s));
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
