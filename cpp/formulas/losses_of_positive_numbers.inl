// What are the losses of counts, durations and amounts, which are not negative? Half of the
// deviance of a distribution whose mean is the prediction, less what depends on the target alone.
//
// A prediction of 0 counts as 1e-12 where it is divided by or raised to a power, its logarithm as
// -100.

// l = y_hat - y log y_hat
struct Poisson {
  static constexpr auto name = "poisson";
  static constexpr auto class_name = "Poisson";
  static constexpr auto doc =
      R"(The loss of counts of Poisson's distribution, averaged over the outputs.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \left( \hat y_j - y_j \log \hat y_j \right)

Predictions are means, not their logarithms, and at least 0.)";
  static constexpr auto reference =
      "McCullagh and Nelder (1989), Generalized Linear Models, section 2.3.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = at_least(0);
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "not_negative"; }

  template <class V>
  static V value(V y_hat, V y) {
    return y_hat - y * clamped_log(y_hat);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return (y_hat - y) / not_below(y_hat, typename V::Number(kLeastDivisor));
  }
};

// l = y / y_hat + log y_hat
struct Gamma {
  static constexpr auto name = "gamma";
  static constexpr auto class_name = "Gamma";
  static constexpr auto doc =
      R"(The loss of positive amounts of the gamma distribution, averaged over the outputs.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \left( \frac{y_j}{\hat y_j} + \log \hat y_j \right)

Predictions are means, not their logarithms, and at least 0.)";
  static constexpr auto reference =
      "McCullagh and Nelder (1989), Generalized Linear Models, section 8.3.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = at_least(0);
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "positive"; }

  template <class V>
  static V value(V y_hat, V y) {
    return y / not_below(y_hat, typename V::Number(kLeastDivisor)) + clamped_log(y_hat);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    const V divisor = not_below(y_hat, typename V::Number(kLeastDivisor));
    return (y_hat - y) / divisor / divisor;
  }
};

// l = y_hat^(2 - p) / (2 - p) - y y_hat^(1 - p) / (1 - p)
struct Tweedie {
  static constexpr auto name = "tweedie";
  static constexpr auto class_name = "Tweedie";
  static constexpr auto doc =
      R"(The loss of Tweedie's distributions, whose variance is a power of the mean, averaged over the outputs.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \left(
          \frac{\hat y_j^{2 - p}}{2 - p} - y_j \frac{\hat y_j^{1 - p}}{1 - p} \right)

A power of 0 is :math:`(\hat y - y)^2 / 2`, 1 is ``poisson`` and 2 is ``gamma``; between 1 and 2, targets
may be 0. Predictions are means, not their logarithms, and at least 0.)";
  static constexpr auto reference =
      "Jorgensen (1987), Exponential dispersion models, section 4; scikit-learn's HalfTweedieLoss.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = at_least(0);
  static constexpr double gradient_factor = 1.0;
  double power = 1.5;
  static constexpr auto fields = std::make_tuple(
      Field{"power", &Tweedie::power, any(), "the power p of the variance, not between 0 and 1"});

  const char* conflict() const {
    return power > 0 && power < 1 ? "Tweedie: power: no distribution has one between 0 and 1"
                                  : nullptr;
  }
  const char* targets() const {
    return power <= 0 ? "numbers" : power < 2 ? "not_negative" : "positive";
  }

  // y_hat^exponent, which no y_hat makes infinite
  template <class V>
  static V raised(V y_hat, double exponent) {
    return exp(constant<V>(exponent) * log(not_below(y_hat, typename V::Number(kLeastDivisor))));
  }
  template <class V>
  V value(V y_hat, V y) const {
    if (power == 0) return splat<V>(typename V::Number(0.5)) * ((y_hat - y) * (y_hat - y));
    if (power == 1) return Poisson::value(y_hat, y);
    if (power == 2) return Gamma::value(y_hat, y);
    return raised(y_hat, 2 - power) / constant<V>(2 - power) -
           y * (raised(y_hat, 1 - power) / constant<V>(1 - power));
  }
  template <class V>
  V gradient(V y_hat, V y) const {
    return (y_hat - y) * raised(y_hat, -power);
  }
};
