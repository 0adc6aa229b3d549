// What are the losses of a classification by probabilities?

// l = -(y log y_hat + (1 - y) log(1 - y_hat)), logarithms not below -100
struct BinaryCrossEntropy {
  static constexpr auto name = "binary_cross_entropy";
  static constexpr auto class_name = "BinaryCrossEntropy";
  static constexpr auto doc = R"(The binary cross-entropy, averaged over the outputs.

.. math:: \ell(\hat y, y) = -\frac{1}{m} \sum_j \left( y_j \log \hat y_j + (1 - y_j) \log (1 - \hat y_j) \right)

Behind a sigmoid it is computed from z as :math:`\max(z, 0) - z y + \log(1 + e^{-|z|})`; otherwise
logarithms are clamped at -100, and a prediction outside [0, 1] is an error. Smoothing makes
:math:`(1 - \epsilon) y + \epsilon / 2` of a target; class weights belong to the target as it is given.)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 5.21; Szegedy, Vanhoucke, "
      "Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture, section 7.";
  using Matching = Sigmoid;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = from_to(0, 1);
  static constexpr double gradient_factor = 1.0;
  double label_smoothing = 0.0;
  static constexpr auto fields =
      std::make_tuple(Field{"label_smoothing", &BinaryCrossEntropy::label_smoothing, from_to(0, 1),
                            "the share of each target that becomes 1/2", true});

  static constexpr const char* targets() { return "shares"; }

  template <class V>
  static V value(V y_hat, V y) {
    const V one = splat<V>(1);
    return -(y * clamped_log(y_hat) + (one - y) * clamped_log(one - y_hat));
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return (y_hat - y) /
           not_below(y_hat * (splat<V>(1) - y_hat), typename V::Number(kLeastDivisor));
  }
  template <class V>
  static V fused_value(V z, V y) {
    const V zero = splat<V>(0);
    const V above = select(less(z, zero), zero, z);
    const V magnitude = select(less(z, zero), -z, z);
    return above - z * y + log1p(exp(-magnitude));
  }
};

// l = -sum_j y_j log y_hat_j, logarithms not below -100
struct CrossEntropy {
  static constexpr auto name = "cross_entropy";
  static constexpr auto class_name = "CrossEntropy";
  static constexpr auto doc = R"(The cross-entropy, summed over the classes.

.. math:: \ell(\hat y, y) = -\sum_j y_j \log \hat y_j

Behind a softmax or log_softmax it is computed from z through the logarithm of the sum of exponentials;
otherwise logarithms are clamped at -100, and a prediction outside [0, 1] is an error. Smoothing makes
:math:`(1 - \epsilon) y + \epsilon / m` of a target; class weights belong to the target as it is given
(PyTorch weighs the smoothed one).)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 5.24; Szegedy, Vanhoucke, "
      "Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture, section 7.";
  using Matching = Softmax;
  static constexpr bool averages_outputs = false;
  static constexpr Interval predictions = from_to(0, 1);
  static constexpr double gradient_factor = 1.0;
  double label_smoothing = 0.0;
  static constexpr auto fields =
      std::make_tuple(Field{"label_smoothing", &CrossEntropy::label_smoothing, from_to(0, 1),
                            "the share of each target that becomes 1/m", true});

  static constexpr const char* targets() { return "classes"; }

  template <class V>
  static V value(V y_hat, V y) {
    return -(y * clamped_log(y_hat));
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return -(y / not_below(y_hat, typename V::Number(kLeastDivisor)));
  }

  // y_hat = softmax(z); returns l = sum_j y_j (log sum_k e^(z_k - max) - (z_j - max)), where a
  // class of probability 0 adds nothing even if its z is -inf.
  template <class V>
  static typename V::Scalar fused_row(Index n, const typename V::Scalar* z,
                                      const typename V::Scalar* y, typename V::Scalar* y_hat) {
    const typename V::Scalar maximum = row_maximum<V>(n, z);
    const V shift = spread<V>(maximum);
    const V sum = spread<V>(exponentials_row<V>(n, z, maximum, y_hat));
    const V inverse = splat<V>(1) / sum, log_sum = log(sum), zero = splat<V>(0);
    map_row<V>(n, y_hat, [&](V e) { return e * inverse; }, y_hat);
    return sum_row<V>(
        n, [&](V x, V t) { return select(equal(t, zero), zero, t * (log_sum - (x - shift))); }, z,
        y);
  }
};

// Behind log_softmax, where y_hat are logarithms: l = -sum_j y_j y_hat_j, in which a class of
// probability 0 adds nothing even if its y_hat is -inf.
struct CrossEntropyOfLogarithms : CrossEntropy {
  using Matching = LogSoftmax;
  static constexpr Interval predictions = any();

  template <class V>
  static V value(V y_hat, V y) {
    const V zero = splat<V>(0);
    return select(equal(y, zero), zero, -(y * y_hat));
  }
  template <class V>
  static V gradient(V /*y_hat*/, V y) {
    return -y;
  }
  template <class V>
  static typename V::Scalar fused_row(Index n, const typename V::Scalar* z,
                                      const typename V::Scalar* y, typename V::Scalar* y_hat) {
    LogSoftmax::forward_row<V>(n, z, y_hat);
    return sum_row<V>(n, value<V>, y_hat, y);
  }
  template <class V>
  static void fused_gradient_row(Index n, const typename V::Scalar* y,
                                 const typename V::Scalar* y_hat, typename V::Scalar* gradient) {
    map_row<V>(n, gradient, [](V l, V t) { return exp(l) - t; }, y_hat, y);
  }
};

// l = sum_j y_j (log y_j - log y_hat_j), logarithms not below -100
struct KlDivergence {
  static constexpr auto name = "kl_divergence";
  static constexpr auto class_name = "KlDivergence";
  static constexpr auto doc =
      R"(The Kullback-Leibler divergence of the predicted distribution from the target, summed over the outputs.

.. math:: \ell(\hat y, y) = \sum_j y_j (\log y_j - \log \hat y_j)

Targets are rows of probabilities, and so are predictions (PyTorch takes their logarithms). Behind a
softmax it is computed from z, as ``cross_entropy`` is; otherwise logarithms are clamped at -100.)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 1.113.";
  using Matching = Softmax;
  static constexpr bool averages_outputs = false;
  static constexpr Interval predictions = from_to(0, 1);
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "probabilities"; }

  template <class V>
  static V value(V y_hat, V y) {
    return y * (clamped_log(y) - clamped_log(y_hat));
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return CrossEntropy::gradient(y_hat, y);
  }
  template <class V>
  static typename V::Scalar fused_row(Index n, const typename V::Scalar* z,
                                      const typename V::Scalar* y, typename V::Scalar* y_hat) {
    const auto entropy = sum_row<V>(n, [](V t) { return t * clamped_log(t); }, y);
    return entropy + CrossEntropy::fused_row<V>(n, z, y, y_hat);
  }
};
