// Which activations look at a whole row?

// a_j = e^(z_j - max z) / sum_k e^(z_k - max z)
struct Softmax {
  static constexpr auto name = "softmax";
  static constexpr auto class_name = "Softmax";
  static constexpr auto doc = R"(The softmax of a row: probabilities of classes, which sum to 1.

.. math:: f(z)_j = \frac{e^{z_j}}{\sum_k e^{z_k}}, \qquad
          \frac{\partial f_j}{\partial z_k} = f_j (\delta_{jk} - f_k))";
  static constexpr auto reference =
      "Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.";
  static constexpr auto initializer = "glorot_uniform";
  static constexpr auto loss = "cross_entropy";
  static constexpr bool row_wise = true;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static void forward_row(Index n, const typename V::Scalar* z, typename V::Scalar* a) {
    const V sum = spread<V>(exponentials_row<V>(n, z, row_maximum<V>(n, z), a));
    const V inverse = splat<V>(1) / sum;
    map_row<V>(n, a, [&](V e) { return e * inverse; }, a);
  }

  // dz_j = a_j (da_j - sum_k a_k da_k): the full Jacobian, which is symmetric.
  template <class V>
  static void backward_row(Index n, const typename V::Scalar* a, const typename V::Scalar* da,
                           typename V::Scalar* dz) {
    const V mean = spread<V>(sum_row<V>(n, [](V p, V g) { return p * g; }, a, da));
    map_row<V>(n, dz, [&](V p, V g) { return p * (g - mean); }, a, da);
  }

  // With means weighted by a: a_j ((v_j - mean v) (da_j - mean da) - mean (v - mean v) da).
  template <class V>
  static void curvature_row(Index n, const typename V::Scalar* a, const typename V::Scalar* da,
                            const typename V::Scalar* v, typename V::Scalar* ddz) {
    const auto product = [](V p, V x) { return p * x; };
    const V mean_da = spread<V>(sum_row<V>(n, product, a, da));
    const V mean_v = spread<V>(sum_row<V>(n, product, a, v));
    const V both =
        spread<V>(sum_row<V>(n, [&](V p, V g, V x) { return p * (x - mean_v) * g; }, a, da, v));
    map_row<V>(
        n, ddz, [&](V p, V g, V x) { return p * ((x - mean_v) * (g - mean_da) - both); }, a, da, v);
  }
};

// a_j = z_j - max z - log sum_k e^(z_k - max z)
struct LogSoftmax {
  static constexpr auto name = "log_softmax";
  static constexpr auto class_name = "LogSoftmax";
  static constexpr auto doc = R"(The logarithm of softmax: log-probabilities of classes.

.. math:: f(z)_j = z_j - \log \sum_k e^{z_k}, \qquad
          \frac{\partial f_j}{\partial z_k} = \delta_{jk} - e^{f_k})";
  static constexpr auto reference =
      "Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and softmax "
      "functions.";
  static constexpr auto initializer = "glorot_uniform";
  static constexpr auto loss = "cross_entropy";
  static constexpr bool row_wise = true;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static void forward_row(Index n, const typename V::Scalar* z, typename V::Scalar* a) {
    const V shift = spread<V>(row_maximum<V>(n, z));
    const V log_sum = log(spread<V>(sum_row<V>(n, [&](V x) { return exp(x - shift); }, z)));
    map_row<V>(n, a, [&](V x) { return (x - shift) - log_sum; }, z);
  }

  // dz_j = da_j - e^(a_j) sum_k da_k
  template <class V>
  static void backward_row(Index n, const typename V::Scalar* a, const typename V::Scalar* da,
                           typename V::Scalar* dz) {
    const V total = spread<V>(sum_row<V>(n, [](V g) { return g; }, da));
    map_row<V>(n, dz, [&](V l, V g) { return g - exp(l) * total; }, a, da);
  }

  // -e^(a_j) (v_j - mean v) sum_k da_k, with the mean weighted by e^a
  template <class V>
  static void curvature_row(Index n, const typename V::Scalar* a, const typename V::Scalar* da,
                            const typename V::Scalar* v, typename V::Scalar* ddz) {
    const V total = spread<V>(sum_row<V>(n, [](V g) { return g; }, da));
    const V mean = spread<V>(sum_row<V>(n, [](V l, V x) { return exp(l) * x; }, a, v));
    map_row<V>(n, ddz, [&](V l, V x) { return exp(l) * (mean - x) * total; }, a, v);
  }
};
