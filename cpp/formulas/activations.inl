// What are the activations? a = f(z), and how a gradient passes back: dz = da * f'(z).
//
// An elementwise activation has forward(z) and slope(z, a), the latter from whichever it needs; a
// row-wise one has forward_row and backward_row. `initializer` is the default of the weights in
// front of it, `loss` the default loss of a network that ends in it.

// a = z
struct Identity {
  static constexpr auto name = "identity";
  static constexpr auto class_name = "Identity";
  static constexpr auto doc = R"(The identity, the output of a regression.

.. math:: f(z) = z, \qquad f'(z) = 1)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.";
  static constexpr auto initializer = "glorot_uniform";
  static constexpr auto loss = "mse";
  static constexpr bool row_wise = false;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V forward(V z) {
    return z;
  }
  template <class V>
  static V slope(V /*z*/, V /*a*/) {
    return splat<V>(1);
  }
};

// a = 1 / (1 + e^-z)
struct Sigmoid {
  static constexpr auto name = "sigmoid";
  static constexpr auto class_name = "Sigmoid";
  static constexpr auto doc = R"(The logistic sigmoid, with values in (0, 1).

.. math:: \sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \sigma'(z) = \sigma(z) (1 - \sigma(z)))";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equations 4.59 and 4.88.";
  static constexpr auto initializer = "glorot_uniform";
  static constexpr auto loss = "binary_cross_entropy";
  static constexpr bool row_wise = false;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V forward(V z) {
    return sigmoid(z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return a * (splat<V>(1) - a);
  }
};

// a = (e^z - e^-z) / (e^z + e^-z)
struct Tanh {
  static constexpr auto name = "tanh";
  static constexpr auto class_name = "Tanh";
  static constexpr auto doc = R"(The hyperbolic tangent, with values in (-1, 1).

.. math:: \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}, \qquad \tanh'(z) = 1 - \tanh^2(z))";
  static constexpr auto reference =
      "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.4.";
  static constexpr auto initializer = "glorot_uniform";
  static constexpr const char* loss = nullptr;
  static constexpr bool row_wise = false;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V forward(V z) {
    return tanh(z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return (splat<V>(1) - a) * (splat<V>(1) + a);
  }
};

// a = max(0, z), written z < 0 ? 0 : z so that NaN passes; the slope at 0 is 0.
struct Relu {
  static constexpr auto name = "relu";
  static constexpr auto class_name = "Relu";
  static constexpr auto doc = R"(The rectified linear unit.

.. math:: f(z) = \max(0, z), \qquad f'(z) = 0 \text{ for } z \le 0, \; 1 \text{ otherwise})";
  static constexpr auto reference =
      "Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.";
  static constexpr auto initializer = "he_normal";
  static constexpr const char* loss = nullptr;
  static constexpr bool row_wise = false;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();

  template <class V>
  static V forward(V z) {
    return select(less(z, splat<V>(0)), splat<V>(0), z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return select(less_equal(a, splat<V>(0)), splat<V>(0), splat<V>(1));
  }
};

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
};

using Activations = TypeList<Identity, Sigmoid, Tanh, Relu, Softmax>;
