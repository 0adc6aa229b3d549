// What are the losses in which outputs of a row meet each other?
//
// value_row returns the sum of the terms of a row and stores them, too, if there is a place for
// them; gradient_row has the gradient by each output.

// l = 1 - y_hat . y / (|y_hat| |y|)
struct Cosine {
  static constexpr auto name = "cosine";
  static constexpr auto class_name = "Cosine";
  static constexpr auto doc =
      R"(The cosine loss: one less the cosine of the angle between prediction and target.

.. math:: \ell(\hat y, y) = 1 - \frac{\sum_j \hat y_j y_j}{\lVert \hat y \rVert \, \lVert y \rVert}

Norms count as 1e-8 where they are below.)";
  static constexpr auto reference =
      "Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval, section 6.3.";
  using Matching = NoActivation;
  static constexpr bool row_wise = true;
  static constexpr bool averages_outputs = false;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "numbers"; }

  template <class V>
  static V norm(Index n, const typename V::Scalar* x) {
    const V squared = spread<V>(sum_row<V>(n, [](V a) { return a * a; }, x));
    return not_below(sqrt(squared), typename V::Number(1e-8));
  }
  template <class V>
  static V product(Index n, const typename V::Scalar* y_hat, const typename V::Scalar* y) {
    return spread<V>(sum_row<V>(n, [](V p, V t) { return p * t; }, y_hat, y));
  }
  template <class V>
  static typename V::Scalar value_row(Index n, const typename V::Scalar* y_hat,
                                      const typename V::Scalar* y, typename V::Scalar* /*terms*/) {
    const V cosine = product<V>(n, y_hat, y) / norm<V>(n, y_hat) / norm<V>(n, y);
    return first_of(splat<V>(1) - cosine);
  }
  template <class V>
  static void gradient_row(Index n, const typename V::Scalar* y_hat, const typename V::Scalar* y,
                           typename V::Scalar* gradient) {
    const V length = norm<V>(n, y_hat), target = norm<V>(n, y);
    const V cosine = product<V>(n, y_hat, y) / length / target;
    const auto slope = [&](V p, V t) { return (cosine * (p / length) - t / target) / length; };
    map_row<V>(n, gradient, slope, y_hat, y);
  }
};

// Of a target and a level q: l = max(q e, (q - 1) e) with e = y - y_hat. Outputs are those of the
// first target at each level, then those of the next one; y has the target of each output, then
// its level.
struct Quantile {
  static constexpr auto name = "quantile";
  static constexpr auto class_name = "Quantile";
  static constexpr auto doc = R"(The quantile or pinball loss, averaged over targets and quantiles.

.. math:: \ell(\hat y, y) = \frac{1}{k q} \sum_{t, i} \max \left( \tau_i (y_t - \hat y_{t i}), \;
          (\tau_i - 1) (y_t - \hat y_{t i}) \right)

A network for k targets and q quantiles has k q outputs: the quantiles of the first target, then those of
the next one. Targets are (d, k). The gradient is 0 where a prediction is exact.)";
  static constexpr auto reference =
      "Koenker and Bassett (1978), Regression quantiles, equation 2.2.";
  using Matching = NoActivation;
  static constexpr bool row_wise = true;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  Numbers quantiles{0.5};
  static constexpr auto fields = std::make_tuple(
      Field{"quantiles", &Quantile::quantiles, between(0, 1), "the levels of the quantiles"});

  static constexpr const char* targets() { return "numbers"; }
  Index outputs_per_target() const { return quantiles.size; }

  template <class V>
  static V term(V y_hat, V y, V level) {
    const V e = y - y_hat, above = level * e, below = (level - splat<V>(1)) * e;
    return select(less(e, splat<V>(0)), below, above);
  }
  template <class V>
  static typename V::Scalar value_row(Index n, const typename V::Scalar* y_hat,
                                      const typename V::Scalar* y, typename V::Scalar* terms) {
    if (terms != nullptr) map_row<V>(n, terms, term<V>, y_hat, y, y + n);
    return sum_row<V>(n, term<V>, y_hat, y, y + n);
  }
  template <class V>
  static void gradient_row(Index n, const typename V::Scalar* y_hat, const typename V::Scalar* y,
                           typename V::Scalar* gradient) {
    const auto slope = [](V p, V t, V level) {
      const V zero = splat<V>(0), e = t - p;
      return select(less(zero, e), -level, select(less(e, zero), splat<V>(1) - level, e));
    };
    map_row<V>(n, gradient, slope, y_hat, y, y + n);
  }
};

// Of a target: l = (s + (y - mu)^2 e^-s) / 2; outputs are all mu, then all s.
struct GaussianNll {
  static constexpr auto name = "gaussian_nll";
  static constexpr auto class_name = "GaussianNll";
  static constexpr auto doc =
      R"(The negative log-likelihood of normal distributions, averaged over the targets, less a constant.

.. math:: \ell(\hat y, y) = \frac{1}{2 k} \sum_t \left( s_t + (y_t - \mu_t)^2 e^{-s_t} \right)

A network for k targets has 2 k outputs: all means :math:`\mu`, then all logarithms :math:`s` of variances.
Targets are (d, k).)";
  static constexpr auto reference =
      "Nix and Weigend (1994), Estimating the mean and variance of the target probability "
      "distribution, equation 4.";
  using Matching = NoActivation;
  static constexpr bool row_wise = true;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();
  static constexpr Index outputs_per_term = 2;

  static constexpr const char* targets() { return "numbers"; }
  static constexpr Index outputs_per_target() { return 2; }

  template <class V>
  static V term(V mean, V s, V y) {
    const V e = y - mean;
    return splat<V>(typename V::Number(0.5)) * (s + e * e * exp(-s));
  }
  template <class V>
  static typename V::Scalar value_row(Index n, const typename V::Scalar* y_hat,
                                      const typename V::Scalar* y, typename V::Scalar* terms) {
    const Index k = n / 2;
    if (terms != nullptr) map_row<V>(k, terms, term<V>, y_hat, y_hat + k, y);
    return sum_row<V>(k, term<V>, y_hat, y_hat + k, y);
  }
  template <class V>
  static void gradient_row(Index n, const typename V::Scalar* y_hat, const typename V::Scalar* y,
                           typename V::Scalar* gradient) {
    const Index k = n / 2;
    const V half = splat<V>(typename V::Number(0.5));
    const auto by_mean = [](V mean, V s, V t) { return (mean - t) * exp(-s); };
    const auto by_s = [&](V mean, V s, V t) {
      return half - half * ((t - mean) * (t - mean) * exp(-s));
    };
    map_row<V>(k, gradient, by_mean, y_hat, y_hat + k, y);
    map_row<V>(k, gradient + k, by_s, y_hat, y_hat + k, y);
  }
};
