// Which activations consist of straight lines, or nearly so? Slopes where two of them meet are
// PyTorch's.

// a = z
struct Identity : Elementwise {
  static constexpr auto name = "identity";
  static constexpr auto class_name = "Identity";
  static constexpr auto doc = R"(The identity, the output of a regression.

.. math:: f(z) = z, \qquad f'(z) = 1)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.";
  static constexpr auto loss = "mse";

  template <class V>
  static V forward(V z) {
    return z;
  }
  template <class V>
  static V slope(V /*z*/, V /*a*/) {
    return splat<V>(1);
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = max(0, z), written z < 0 ? 0 : z so that NaN passes; the slope at 0 is 0.
struct Relu : Elementwise {
  static constexpr auto name = "relu";
  static constexpr auto class_name = "Relu";
  static constexpr auto doc = R"(The rectified linear unit.

.. math:: f(z) = \max(0, z), \qquad f'(z) = 0 \text{ for } z \le 0, \; 1 \text{ otherwise})";
  static constexpr auto reference =
      "Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.";
  static constexpr auto initializer = "he_normal";

  template <class V>
  static V forward(V z) {
    return select(less(z, splat<V>(0)), splat<V>(0), z);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return select(less_equal(a, splat<V>(0)), splat<V>(0), splat<V>(1));
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = z, or c z for z < 0; the slope at 0 is c. Since c >= 0, a has the sign of z.
struct LeakyRelu : Elementwise {
  static constexpr auto name = "leaky_relu";
  static constexpr auto class_name = "LeakyRelu";
  static constexpr auto doc =
      R"(The leaky rectified linear unit, with a little slope where relu has none.

.. math:: f(z) = \begin{cases} z & z \ge 0 \\ c z & z < 0 \end{cases}, \qquad
          f'(z) = \begin{cases} 1 & z > 0 \\ c & z \le 0 \end{cases}

with the negative slope :math:`c`.)";
  static constexpr auto reference =
      "Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic "
      "models.";
  static constexpr auto initializer = "he_normal";
  double negative_slope = 0.01;
  static constexpr auto fields = std::make_tuple(Field{"negative_slope", &LeakyRelu::negative_slope,
                                                       at_least(0), "the slope c for z below 0"});

  template <class V>
  V forward(V z) const {
    return select(less(z, splat<V>(0)), constant<V>(negative_slope) * z, z);
  }
  template <class V>
  V slope(V /*z*/, V a) const {
    return select(less(splat<V>(0), a), splat<V>(1), constant<V>(negative_slope));
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = z, or c z for z < 0, with a slope c for each unit that is learned; da/dc = min(0, z).
struct Prelu : Elementwise {
  static constexpr auto name = "prelu";
  static constexpr auto class_name = "Prelu";
  static constexpr auto doc = R"(The leaky rectified linear unit whose negative slopes are learned.

.. math:: f(z) = \begin{cases} z & z \ge 0 \\ c z & z < 0 \end{cases}, \qquad
          f'(z) = \begin{cases} 1 & z > 0 \\ c & z \le 0 \end{cases}, \qquad
          \frac{\partial f}{\partial c} = \min(0, z)

with a slope :math:`c` for each unit, 0.25 at first, which is a parameter of the layer:
``layers.<i>.slope`` in files.)";
  static constexpr auto reference =
      "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 1.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;
  static constexpr double initial_slope = 0.25;

  template <class V>
  static V forward(V z, V c) {
    return select(less(z, splat<V>(0)), c * z, z);
  }
  template <class V>
  static V slope(V z, V c) {
    return select(less(splat<V>(0), z), splat<V>(1), c);
  }
  template <class V>
  static V curvature(V /*z*/, V /*c*/) {
    return splat<V>(0);
  }
  template <class V>
  static V by_slope(V z) {
    return select(less(splat<V>(0), z), splat<V>(0), z);
  }
};

// 1 between low and high, 0 at both and outside.
template <class V>
V inside(V x, V low, V high) {
  const V zero = splat<V>(0);
  return select(less_equal(x, low), zero, select(less_equal(high, x), zero, splat<V>(1)));
}

// a = min(max(0, z), 6), flat at both ends
struct Relu6 : Elementwise {
  static constexpr auto name = "relu6";
  static constexpr auto class_name = "Relu6";
  static constexpr auto doc = R"(The rectified linear unit up to 6.

.. math:: f(z) = \min(\max(0, z), 6), \qquad f'(z) = 1 \text{ for } 0 < z < 6, \; 0 \text{ otherwise})";
  static constexpr auto reference =
      "Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10.";
  static constexpr auto initializer = "he_normal";

  template <class V>
  static V forward(V z) {
    return clamp(z, splat<V>(0), splat<V>(6));
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return inside(a, splat<V>(0), splat<V>(6));
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = min(max(low, z), high), flat at both ends
struct HardTanh : Elementwise {
  static constexpr auto name = "hard_tanh";
  static constexpr auto class_name = "HardTanh";
  static constexpr auto doc = R"(A straight line between two limits.

.. math:: f(z) = \min(\max(l, z), h), \qquad f'(z) = 1 \text{ for } l < z < h, \; 0 \text{ otherwise}

with the limits :math:`l` and :math:`h`, `min_val` and `max_val`.)";
  static constexpr auto reference = "Collobert (2004), Large scale machine learning, section 5.2.";
  double min_val = -1.0;
  double max_val = 1.0;
  static constexpr auto fields =
      std::make_tuple(Field{"min_val", &HardTanh::min_val, any(), "the least value l"},
                      Field{"max_val", &HardTanh::max_val, any(), "the largest value h"});

  // What a field alone cannot say; the remedy, or nullptr.
  const char* conflict() const {
    return min_val < max_val ? nullptr : "HardTanh: min_val must be below max_val";
  }

  template <class V>
  V forward(V z) const {
    return clamp(z, constant<V>(min_val), constant<V>(max_val));
  }
  template <class V>
  V slope(V /*z*/, V a) const {
    return inside(a, constant<V>(min_val), constant<V>(max_val));
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = min(max(0, z + 3), 6) / 6, flat at both ends
struct HardSigmoid : Elementwise {
  static constexpr auto name = "hard_sigmoid";
  static constexpr auto class_name = "HardSigmoid";
  static constexpr auto doc = R"(A straight line in place of the sigmoid.

.. math:: f(z) = \min\left(\max\left(0, \frac{z + 3}{6}\right), 1\right), \qquad
          f'(z) = \tfrac{1}{6} \text{ for } |z| < 3, \; 0 \text{ otherwise})";
  static constexpr auto reference =
      "Howard and others (2019), Searching for MobileNetV3, section 5.2.";

  template <class V>
  static V forward(V z) {
    return clamp(z + splat<V>(3), splat<V>(0), splat<V>(6)) / splat<V>(6);
  }
  template <class V>
  static V slope(V /*z*/, V a) {
    return inside(a, splat<V>(0), splat<V>(1)) / splat<V>(6);
  }
  template <class V>
  static V curvature(V /*z*/, V /*a*/) {
    return splat<V>(0);
  }
};

// a = z min(max(0, z + 3), 6) / 6; the slope is 0 at -3 and 1 at 3.
struct HardSwish : Elementwise {
  static constexpr auto name = "hard_swish";
  static constexpr auto class_name = "HardSwish";
  static constexpr auto doc = R"(Two straight lines and a parabola in place of silu.

.. math:: f(z) = z \min\left(\max\left(0, \frac{z + 3}{6}\right), 1\right), \qquad
          f'(z) = \begin{cases} 0 & z \le -3 \\ z/3 + 1/2 & -3 < z < 3 \\ 1 & z \ge 3 \end{cases})";
  static constexpr auto reference =
      "Howard and others (2019), Searching for MobileNetV3, section 5.2.";
  static constexpr auto initializer = "he_normal";
  static constexpr bool slope_needs_z = true;

  template <class V>
  static V forward(V z) {
    return z * HardSigmoid::forward(z);
  }
  template <class V>
  static V slope(V z, V /*a*/) {
    const V parabola = z / splat<V>(3) + constant<V>(0.5), three = splat<V>(3);
    return select(less_equal(z, -three), splat<V>(0),
                  select(less_equal(three, z), splat<V>(1), parabola));
  }
  template <class V>
  static V curvature(V z, V /*a*/) {
    return inside(z, splat<V>(-3), splat<V>(3)) / splat<V>(3);
  }
};
