// What are the losses of a regression, whose targets are any numbers?

// l = (y_hat - y)^2
struct Mse {
  static constexpr auto name = "mse";
  static constexpr auto class_name = "Mse";
  static constexpr auto doc =
      R"(The mean squared error, averaged over the outputs, without a factor 1/2.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j (\hat y_j - y_j)^2)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 5.11.";
  using Matching = Identity;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 2.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "numbers"; }

  template <class V>
  static V value(V y_hat, V y) {
    const V e = y_hat - y;
    return e * e;
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return y_hat - y;
  }
};

// l = |y_hat - y|
struct Mae {
  static constexpr auto name = "mae";
  static constexpr auto class_name = "Mae";
  static constexpr auto doc = R"(The mean absolute error, averaged over the outputs.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j |\hat y_j - y_j|

Its gradient is a sign, and 0 where a prediction is exact.)";
  static constexpr auto reference =
      "Boyd and Vandenberghe (2004), Convex Optimization, section 6.1.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "numbers"; }

  template <class V>
  static V value(V y_hat, V y) {
    return magnitude(y_hat - y);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return sign(y_hat - y);
  }
};

// l = e^2/2 for |e| <= delta, delta (|e| - delta/2) beyond, with e = y_hat - y
struct Huber {
  static constexpr auto name = "huber";
  static constexpr auto class_name = "Huber";
  static constexpr auto doc =
      R"(Huber's loss, averaged over the outputs: quadratic for small errors, linear for large ones.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j h(\hat y_j - y_j), \qquad
          h(e) = \begin{cases} e^2 / 2 & |e| \le \delta \\ \delta (|e| - \delta / 2) & |e| > \delta \end{cases})";
  static constexpr auto reference =
      "Huber (1964), Robust estimation of a location parameter, page 75.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  double delta = 1.0;
  static constexpr auto fields = std::make_tuple(
      Field{"delta", &Huber::delta, positive(), "the error from which on the loss is linear"});

  static constexpr const char* targets() { return "numbers"; }

  template <class V>
  V value(V y_hat, V y) const {
    const V e = magnitude(y_hat - y), half = splat<V>(typename V::Number(0.5));
    const V d = constant<V>(delta);
    return select(less_equal(e, d), half * e * e, d * (e - half * d));
  }
  template <class V>
  V gradient(V y_hat, V y) const {
    const V e = y_hat - y, d = constant<V>(delta);
    return select(less(e, -d), -d, select(less(d, e), d, e));
  }
};

// l = log cosh(y_hat - y)
struct LogCosh {
  static constexpr auto name = "log_cosh";
  static constexpr auto class_name = "LogCosh";
  static constexpr auto doc =
      R"(The logarithm of the hyperbolic cosine of the error, averaged over the outputs.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \log \cosh(\hat y_j - y_j)

It is about half the square of a small error, and the magnitude of a large one less log 2.)";
  static constexpr auto reference =
      "Green (1990), Bayesian reconstructions from emission tomography data using a modified EM "
      "algorithm, section III.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "numbers"; }

  // cosh^2 = 1 + t^2 / (1 - t^2) with t = tanh e, which keeps the digits of a small e.
  template <class V>
  static V value(V y_hat, V y) {
    using Number = typename V::Number;
    const V e = magnitude(y_hat - y), half = splat<V>(Number(0.5)), one = splat<V>(1);
    const V squared = tanh(e) * tanh(e);
    const V is_small = log1p(squared / (one - squared));
    const V is_large = log1p(exp(-(e + e))) - splat<V>(Number(0.69314718055994531));
    return select(less(squared, half), half * is_small, e + is_large);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return tanh(y_hat - y);
  }
};
