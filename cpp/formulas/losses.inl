// What are the losses? The loss l(y_hat, y) of one example and its gradient.
//
// value and gradient are those of one output; a loss either averages or adds them over the outputs.
// gradient leaves out the constant `gradient_factor`, which enters once, with the weight of the
// example. Behind its Matching activation a loss is computed from z in a stable fused form, whose
// gradient by z is gradient_factor * (y_hat - y) for every pair here: fused_value for elementwise
// losses, fused_row for the others.

// log p, but not below -100; NaN passes.
template <class V>
V clamped_log(V p) {
  const V logarithm = log(p), floor = splat<V>(-100);
  return select(less(logarithm, floor), floor, logarithm);
}

template <class V>
V not_below(V x, typename V::Number floor) {
  return select(less(x, splat<V>(floor)), splat<V>(floor), x);
}

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
  static constexpr bool takes_classes = false;
  static constexpr bool needs_probabilities = false;
  static constexpr double gradient_factor = 2.0;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V value(V y_hat, V y) {
    const V e = y_hat - y;
    return e * e;
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return y_hat - y;
  }
  template <class V>
  static V fused_value(V z, V y) {
    return value(z, y);
  }
};

// l = -(y log y_hat + (1 - y) log(1 - y_hat)), logarithms not below -100
struct BinaryCrossEntropy {
  static constexpr auto name = "binary_cross_entropy";
  static constexpr auto class_name = "BinaryCrossEntropy";
  static constexpr auto doc = R"(The binary cross-entropy, averaged over the outputs.

.. math:: \ell(\hat y, y) = -\frac{1}{m} \sum_j \left( y_j \log \hat y_j + (1 - y_j) \log (1 - \hat y_j) \right)

Behind a sigmoid it is computed from z as :math:`\max(z, 0) - z y + \log(1 + e^{-|z|})`; otherwise
logarithms are clamped at -100, and a prediction outside [0, 1] is an error.)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 5.21.";
  using Matching = Sigmoid;
  static constexpr bool averages_outputs = true;
  static constexpr bool takes_classes = false;
  static constexpr bool needs_probabilities = true;
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V value(V y_hat, V y) {
    const V one = splat<V>(1);
    return -(y * clamped_log(y_hat) + (one - y) * clamped_log(one - y_hat));
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return (y_hat - y) / not_below(y_hat * (splat<V>(1) - y_hat), typename V::Number(1e-12));
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

Behind a softmax it is computed from z through the logarithm of the sum of exponentials; otherwise
logarithms are clamped at -100, and a prediction outside [0, 1] is an error.)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 5.24.";
  using Matching = Softmax;
  static constexpr bool averages_outputs = false;
  static constexpr bool takes_classes = true;
  static constexpr bool needs_probabilities = true;
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V value(V y_hat, V y) {
    return -(y * clamped_log(y_hat));
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return -(y / not_below(y_hat, typename V::Number(1e-12)));
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

using Losses = TypeList<Mse, BinaryCrossEntropy, CrossEntropy>;
