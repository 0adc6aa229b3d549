// What is the loss that passes over what is easy? Behind a softmax it is one of classes, elsewhere
// one of outputs that are each a decision of its own.

// Of an output: l = -(a y (1 - p)^gamma log p + (1 - a)(1 - y) p^gamma log (1 - p)), p = y_hat,
// without alpha a = 1 - a = 1
struct Focal {
  static constexpr auto name = "focal";
  static constexpr auto class_name = "Focal";
  static constexpr auto doc =
      R"(The focal loss: cross-entropy in which easy examples count less.

.. math:: \ell(\hat y, y) = -\frac{1}{m} \sum_j \left( \alpha y_j (1 - \hat y_j)^\gamma \log \hat y_j
          + (1 - \alpha) (1 - y_j) \hat y_j^\gamma \log (1 - \hat y_j) \right)

Behind a softmax it is that of classes, with targets as ``cross_entropy`` takes them:

.. math:: \ell(\hat y, y) = -\alpha \sum_j y_j (1 - \hat y_j)^\gamma \log \hat y_j

Without alpha all weigh 1. Behind a sigmoid or a softmax it is computed from z; otherwise logarithms are
clamped at -100, and a prediction outside [0, 1] is an error.)";
  static constexpr auto reference =
      "Lin, Goyal, Girshick, He and Dollar (2017), Focal loss for dense object detection, equation "
      "5.";
  using Matching = Sigmoid;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = from_to(0, 1);
  static constexpr double gradient_factor = 1.0;
  double gamma = 2.0;
  MaybeNumber alpha;
  static constexpr auto fields = std::make_tuple(
      Field{"gamma", &Focal::gamma, at_least(0), "how much less an easy example counts"},
      Field{"alpha", &Focal::alpha, from_to(0, 1), "the weight of the class 1, 1 - alpha of 0"});

  static constexpr const char* targets() { return "shares"; }
  double of_ones() const { return alpha ? *alpha : 1.0; }
  double of_zeros() const { return alpha ? 1.0 - *alpha : 1.0; }

  // (1 - p)^gamma from log (1 - p)
  template <class V>
  V doubt(V log_rest) const {
    return exp(constant<V>(gamma) * log_rest);
  }
  // l = -(1 - p)^gamma log p, and its derivative by p, with rest = 1 - p
  template <class V>
  V of_one(V log_p, V log_rest) const {
    return -(doubt(log_rest) * log_p);
  }
  template <class V>
  V slope_of_one(V p, V rest) const {
    const auto least = typename V::Number(kLeastDivisor);
    const V grows = constant<V>(gamma) * clamped_log(p) / not_below(rest, least);
    return doubt(clamped_log(rest)) * (grows - splat<V>(1) / not_below(p, least));
  }

  template <class V>
  V value(V y_hat, V y) const {
    const V one = splat<V>(1), yes = clamped_log(y_hat), no = clamped_log(one - y_hat);
    return constant<V>(of_ones()) * (y * of_one(yes, no)) +
           constant<V>(of_zeros()) * ((one - y) * of_one(no, yes));
  }
  template <class V>
  V gradient(V y_hat, V y) const {
    const V one = splat<V>(1), rest = one - y_hat;
    return constant<V>(of_ones()) * (y * slope_of_one(y_hat, rest)) -
           constant<V>(of_zeros()) * ((one - y) * slope_of_one(rest, y_hat));
  }

  // log sigmoid(z) = -(max(-z, 0) + log(1 + e^-|z|))
  template <class V>
  static V log_sigmoid(V z) {
    const V zero = splat<V>(0);
    return -(select(less(zero, z), zero, -z) + log1p(exp(-magnitude(z))));
  }
  template <class V>
  V fused_value(V z, V y) const {
    const V yes = log_sigmoid(z), no = log_sigmoid(-z);
    return constant<V>(of_ones()) * (y * of_one(yes, no)) +
           constant<V>(of_zeros()) * ((splat<V>(1) - y) * of_one(no, yes));
  }
  // The derivative of of_one by z is (1 - p)^gamma (gamma p log p - (1 - p)).
  template <class V>
  V fused_gradient(V z, V y) const {
    const V g = constant<V>(gamma), p = sigmoid(z), rest = sigmoid(-z);
    const V yes = log_sigmoid(z), no = log_sigmoid(-z);
    return constant<V>(of_ones()) * (y * (doubt(no) * (g * p * yes - rest))) -
           constant<V>(of_zeros()) * ((splat<V>(1) - y) * (doubt(yes) * (g * rest * no - p)));
  }
};

// Of classes: l = -a sum_j y_j (1 - p_j)^gamma log p_j
struct FocalOfClasses : Focal {
  using Matching = Softmax;
  static constexpr bool averages_outputs = false;
  static constexpr const char* targets() { return "classes"; }

  template <class V>
  V value(V y_hat, V y) const {
    const V yes = clamped_log(y_hat), no = clamped_log(splat<V>(1) - y_hat);
    return constant<V>(of_ones()) * (y * of_one(yes, no));
  }
  template <class V>
  V gradient(V y_hat, V y) const {
    return constant<V>(of_ones()) * (y * slope_of_one(y_hat, splat<V>(1) - y_hat));
  }

  // log p from z, which knows it where p is 0, too.
  template <class V>
  typename V::Scalar fused_row(Index n, const typename V::Scalar* z, const typename V::Scalar* y,
                               typename V::Scalar* y_hat) const {
    const V one = splat<V>(1), zero = splat<V>(0), weight = constant<V>(of_ones());
    const typename V::Scalar maximum = row_maximum<V>(n, z);
    const V shift = spread<V>(maximum);
    const V sum = spread<V>(exponentials_row<V>(n, z, maximum, y_hat));
    const V inverse = one / sum, log_sum = log(sum);
    map_row<V>(n, y_hat, [&](V e) { return e * inverse; }, y_hat);
    const auto term = [&](V x, V p, V t) {
      const V l = of_one((x - shift) - log_sum, clamped_log(one - p));
      return select(equal(t, zero), zero, weight * (t * l));
    };
    return sum_row<V>(n, term, z, y_hat, y);
  }
  // dl/dz_j = h_j - p_j sum_k h_k with h_k = p_k dl/dp_k
  template <class V>
  void fused_gradient_row(Index n, const typename V::Scalar* y, const typename V::Scalar* y_hat,
                          typename V::Scalar* gradient) const {
    const V one = splat<V>(1), weight = constant<V>(of_ones()), g = constant<V>(gamma);
    const auto h = [&](V p, V t) {
      const V rest = not_below(one - p, typename V::Number(kLeastDivisor));
      return weight * (t * (doubt(clamped_log(one - p)) * (g * p * clamped_log(p) / rest - one)));
    };
    const V sum = spread<V>(sum_row<V>(n, h, y_hat, y));
    map_row<V>(n, gradient, [&](V p, V t) { return h(p, t) - p * sum; }, y_hat, y);
  }
};
