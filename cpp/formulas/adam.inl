// What are Adam and its relatives? Momentum, and a step size per parameter from the size of its
// gradients. optimizers.inl says what an optimiser has to have.

// m <- m + (1 - b1)(g - m);  v <- b2 v + (1 - b2) g^2;
// w <- w - eta/(1 - b1^t) m / (sqrt(v)/sqrt(1 - b2^t) + eps)
struct Adam {
  static constexpr auto name = "adam";
  static constexpr auto class_name = "Adam";
  static constexpr auto doc =
      R"(Adam: momentum with a step size per parameter from the mean square of its gradients.

.. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
          W \leftarrow W - \frac{\eta}{1 - \beta_1^t} \frac{m}{\sqrt{v} / \sqrt{1 - \beta_2^t} + \epsilon}

Epsilon is added after the bias correction, as PyTorch and scikit-learn do (Keras adds it before). Weight
decay :math:`\lambda` adds :math:`\lambda W` to the gradient first. With ``amsgrad``, the largest :math:`v`
so far takes its place in the quotient.)";
  static constexpr auto reference =
      "Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1; with "
      "amsgrad, Reddi, Kale and Kumar (2018), On the convergence of Adam and beyond, algorithm 2.";
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  bool decay_biases = true;
  bool amsgrad = false;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Adam::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &Adam::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &Adam::beta_2, from_below(0, 1), "decay of the mean of squared gradients"},
      Field{"epsilon", &Adam::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"weight_decay", &Adam::weight_decay, at_least(0), "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Adam::decay_biases, any(), "whether weight decay acts on biases too"},
      Field{"amsgrad", &Adam::amsgrad, any(),
            "whether to divide by the largest mean of squares so far", kAddedLater});

  static constexpr const char* slots[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  static constexpr Index n_slots_always = 2, n_slots = 3;
  static constexpr const char* powers[] = {"beta_1_power", "beta_2_power"};
  static constexpr Index n_powers = 2;
  enum Coefficient {
    kRate,
    kMean,
    kSquare,
    kKeepSquare,
    kRoot,
    kEpsilon,
    kDecay,
    kLargest,
    n_coefficients
  };

  bool uses_slot(Index /*s*/) const { return amsgrad; }
  void advance(double* power) const {
    power[0] *= beta_1;
    power[1] *= beta_2;
  }
  void step(double rate, Index /*updates_before*/, const double* power, double* c) const {
    c[kRate] = rate / (1.0 - power[0]);
    c[kMean] = 1.0 - beta_1;
    c[kSquare] = 1.0 - beta_2;
    c[kKeepSquare] = beta_2;
    c[kRoot] = 1.0 / __builtin_sqrt(1.0 - power[1]);
    c[kEpsilon] = epsilon;
    c[kDecay] = weight_decay;
    c[kLargest] = amsgrad ? 1.0 : 0.0;
  }

  // The step that is taken from w.
  template <class V>
  static V step_of(V g, V* slot, const typename V::Scalar* c) {
    const V m = slot[0] = move_to(slot[0], g, c[kMean]);
    V v = slot[1] = mean_square(slot[1], g, c[kSquare], c[kKeepSquare]);
    if (c[kLargest] != 0) v = slot[2] = larger(slot[2], v);
    const V root = fma(sqrt(v), splat<V>(c[kRoot]), splat<V>(c[kEpsilon]));
    return unless_zero(m, splat<V>(c[kRate]) * m / root);
  }
  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    return w - step_of(g, slot, c);
  }
};

// w <- (1 - eta lambda) w, then as Adam
struct AdamW {
  static constexpr auto name = "adamw";
  static constexpr auto class_name = "AdamW";
  static constexpr auto doc =
      R"(AdamW: Adam, whose weight decay does not pass through the quotient.

.. math:: W \leftarrow (1 - \eta \lambda) W, \quad m \leftarrow m + (1 - \beta_1)(g - m), \quad
          v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
          W \leftarrow W - \frac{\eta}{1 - \beta_1^t} \frac{m}{\sqrt{v} / \sqrt{1 - \beta_2^t} + \epsilon}

Weight decay :math:`\lambda` acts on parameters directly, at the rate :math:`\eta` of the update.)";
  static constexpr auto reference =
      "Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.";
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  bool decay_biases = true;
  bool amsgrad = false;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &AdamW::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &AdamW::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &AdamW::beta_2, from_below(0, 1), "decay of the mean of squared gradients"},
      Field{"epsilon", &AdamW::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"weight_decay", &AdamW::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &AdamW::decay_biases, any(), "whether weight decay acts on biases too"},
      Field{"amsgrad", &AdamW::amsgrad, any(),
            "whether to divide by the largest mean of squares so far"});

  static constexpr const char* slots[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  static constexpr Index n_slots_always = 2, n_slots = 3;
  static constexpr const char* powers[] = {"beta_1_power", "beta_2_power"};
  static constexpr Index n_powers = 2;
  // Those of Adam, and what is kept of the weight in place of its decay.
  enum Coefficient { kKeepWeight = Adam::kDecay, n_coefficients = Adam::n_coefficients };

  bool uses_slot(Index /*s*/) const { return amsgrad; }
  void advance(double* power) const {
    power[0] *= beta_1;
    power[1] *= beta_2;
  }
  void step(double rate, Index updates_before, const double* power, double* c) const {
    Adam{rate, beta_1, beta_2, epsilon, 0.0, true, amsgrad}.step(rate, updates_before, power, c);
    c[kKeepWeight] = 1.0 - rate * weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    return splat<V>(c[kKeepWeight]) * w - Adam::step_of(g, slot, c);
  }
};

// m <- m + (1 - b1)(g - m);  u <- max(b2 u, |g| + eps);  w <- w - eta/(1 - b1^t) m / u
struct Adamax {
  static constexpr auto name = "adamax";
  static constexpr auto class_name = "Adamax";
  static constexpr auto doc =
      R"(Adamax: Adam with the largest gradient, fading, in place of the root of the mean square.

.. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad
          u \leftarrow \max(\beta_2 u, |g| + \epsilon), \quad
          W \leftarrow W - \frac{\eta}{1 - \beta_1^t} \frac{m}{u}

Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 2.";
  double learning_rate = 2e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Adamax::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &Adamax::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &Adamax::beta_2, from_below(0, 1), "decay of the largest gradient"},
      Field{"epsilon", &Adamax::epsilon, at_least(0),
            "added to the magnitude, so that nothing is divided by 0"},
      Field{"weight_decay", &Adamax::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Adamax::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"exp_avg", "exp_inf"};
  static constexpr Index n_slots = 2;
  static constexpr const char* powers[] = {"beta_1_power"};
  static constexpr Index n_powers = 1;
  enum Coefficient { kRate, kMean, kKeep, kEpsilon, kDecay, n_coefficients };

  void advance(double* power) const { power[0] *= beta_1; }
  void step(double rate, Index /*updates_before*/, const double* power, double* c) const {
    c[kRate] = rate / (1.0 - power[0]);
    c[kMean] = 1.0 - beta_1;
    c[kKeep] = beta_2;
    c[kEpsilon] = epsilon;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    const V m = slot[0] = move_to(slot[0], g, c[kMean]);
    const V size = larger(g, -g) + splat<V>(c[kEpsilon]);
    // Before the first gradient that is not 0 there is no u, which makes no difference to it.
    slot[1] =
        unless_zero(larger(slot[1], larger(g, -g)), larger(splat<V>(c[kKeep]) * slot[1], size));
    return w - unless_zero(slot[1], splat<V>(c[kRate]) * m / slot[1]);
  }
};

// mu_t = b1 (1 - 0.96^(t psi) / 2);  m, v as Adam;  w <- w - (eta (1 - mu_t) / (1 - M_t) g +
// eta mu_(t+1) / (1 - M_t mu_(t+1)) m) / (sqrt(v / (1 - b2^t)) + eps), M_t = mu_1 ... mu_t
struct NAdam {
  static constexpr auto name = "nadam";
  static constexpr auto class_name = "NAdam";
  static constexpr auto doc =
      R"(NAdam: Adam with Nesterov's momentum.

.. math:: \mu_t = \beta_1 \left(1 - \tfrac12 \, 0.96^{t \psi}\right), \quad
          m \leftarrow m + (1 - \beta_1)(g - m), \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \\
          W \leftarrow W - \eta \left( \frac{1 - \mu_t}{1 - \prod_{i \le t} \mu_i} g +
          \frac{\mu_{t+1}}{1 - \prod_{i \le t+1} \mu_i} m \right) \Big/
          \left( \sqrt{v / (1 - \beta_2^t)} + \epsilon \right)

with the momentum decay :math:`\psi`. Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2.";
  double learning_rate = 2e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double momentum_decay = 4e-3;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &NAdam::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &NAdam::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &NAdam::beta_2, from_below(0, 1), "decay of the mean of squared gradients"},
      Field{"epsilon", &NAdam::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"momentum_decay", &NAdam::momentum_decay, at_least(0),
            "psi, how fast the momentum comes near beta_1"},
      Field{"weight_decay", &NAdam::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &NAdam::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"exp_avg", "exp_avg_sq"};
  static constexpr Index n_slots = 2;
  static constexpr const char* powers[] = {"beta_2_power", "mu_product", "momentum_decay_power"};
  static constexpr Index n_powers = 3;
  enum Coefficient {
    kGradient,
    kMomentum,
    kMean,
    kSquare,
    kKeepSquare,
    kRoot,
    kEpsilon,
    kDecay,
    n_coefficients
  };

  // 0.96^psi
  double decay_of_momentum() const { return chainrule::exp(momentum_decay * kLogOf096); }
  static constexpr double kLogOf096 = -0x1.4e69ed6d80eb3p-5;
  double momentum_at(double power) const { return beta_1 * (1.0 - 0.5 * power); }
  void advance(double* power) const {
    power[0] *= beta_2;
    power[2] *= decay_of_momentum();
    power[1] *= momentum_at(power[2]);
  }
  void step(double rate, Index /*updates_before*/, const double* power, double* c) const {
    const double now = momentum_at(power[2]), next = momentum_at(power[2] * decay_of_momentum());
    c[kGradient] = rate * (1.0 - now) / (1.0 - power[1]);
    c[kMomentum] = rate * next / (1.0 - power[1] * next);
    c[kMean] = 1.0 - beta_1;
    c[kSquare] = 1.0 - beta_2;
    c[kKeepSquare] = beta_2;
    c[kRoot] = 1.0 / __builtin_sqrt(1.0 - power[0]);
    c[kEpsilon] = epsilon;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    const V m = slot[0] = move_to(slot[0], g, c[kMean]);
    const V v = slot[1] = mean_square(slot[1], g, c[kSquare], c[kKeepSquare]);
    const V ahead = fma(splat<V>(c[kGradient]), g, splat<V>(c[kMomentum]) * m);
    const V root = fma(sqrt(v), splat<V>(c[kRoot]), splat<V>(c[kEpsilon]));
    return w - unless_zero(ahead, ahead / root);
  }
};

// m, v as Adam;  rho_t = rho - 2 t b2^t / (1 - b2^t), rho = 2 / (1 - b2) - 1;  w <- w - eta m_hat
// r_t sqrt(1 - b2^t) / (sqrt(v) + eps) if rho_t > 5, else w - eta m_hat
struct RAdam {
  static constexpr auto name = "radam";
  static constexpr auto class_name = "RAdam";
  static constexpr auto doc =
      R"(RAdam: Adam that waits until the mean square is known well enough.

.. math:: m \leftarrow m + (1 - \beta_1)(g - m), \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
          \rho_\infty = \frac{2}{1 - \beta_2} - 1, \quad
          \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \\
          r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}
                           {(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}, \quad
          W \leftarrow W - \frac{\eta \, m}{1 - \beta_1^t} \cdot
          \begin{cases} r_t \sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon) & \rho_t > 5 \\
                        1 & \text{otherwise} \end{cases}

Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Liu, Jiang, He, Chen, Liu, Gao and Han (2020), On the variance of the adaptive learning "
      "rate and beyond, algorithm 2.";
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &RAdam::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &RAdam::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &RAdam::beta_2, from_below(0, 1), "decay of the mean of squared gradients"},
      Field{"epsilon", &RAdam::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"weight_decay", &RAdam::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &RAdam::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"exp_avg", "exp_avg_sq"};
  static constexpr Index n_slots = 2;
  static constexpr const char* powers[] = {"beta_1_power", "beta_2_power"};
  static constexpr Index n_powers = 2;
  enum Coefficient {
    kRate,
    kMean,
    kSquare,
    kKeepSquare,
    kEpsilon,
    kAdaptive,
    kDecay,
    n_coefficients
  };

  void advance(double* power) const {
    power[0] *= beta_1;
    power[1] *= beta_2;
  }
  void step(double rate, Index updates_before, const double* power, double* c) const {
    const double t = static_cast<double>(updates_before + 1), left = 1.0 - power[1];
    const double limit = 2.0 / (1.0 - beta_2) - 1.0;
    const double length = limit - 2.0 * t * power[1] / left;
    const bool adaptive = length > 5.0;
    c[kRate] = rate / (1.0 - power[0]);
    if (adaptive)
      c[kRate] *= __builtin_sqrt((length - 4.0) * (length - 2.0) * limit /
                                 ((limit - 4.0) * (limit - 2.0) * length)) *
                  __builtin_sqrt(left);
    c[kMean] = 1.0 - beta_1;
    c[kSquare] = 1.0 - beta_2;
    c[kKeepSquare] = beta_2;
    c[kEpsilon] = epsilon;
    c[kAdaptive] = adaptive ? 1.0 : 0.0;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    const V m = slot[0] = move_to(slot[0], g, c[kMean]);
    const V v = slot[1] = mean_square(slot[1], g, c[kSquare], c[kKeepSquare]);
    V step = splat<V>(c[kRate]) * m;
    if (c[kAdaptive] != 0) step = unless_zero(m, step / (sqrt(v) + splat<V>(c[kEpsilon])));
    return w - step;
  }
};
