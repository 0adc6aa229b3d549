// What are the optimisers? w <- w - eta * (something made of the gradients so far).
//
// State lives beside the parameters: `slots` are blocks of their shape, `powers` are running
// products beta^t kept in float64. advance() is called once per update, over all parameters; step()
// turns fields and powers into the coefficients of this update, in float64, rounded once; update()
// is elementwise. Among the fields are learning_rate, weight_decay and decay_biases.

// buf <- mu buf + (1 - dampening) g (the first time buf <- g);  w <- w - eta buf, or g + mu buf
// (Nesterov)
struct Sgd {
  static constexpr auto name = "sgd";
  static constexpr auto class_name = "SGD";
  static constexpr auto doc = R"(Stochastic gradient descent, with momentum if wanted.

.. math:: b \leftarrow \mu b + (1 - \tau) g, \qquad W \leftarrow W - \eta \, b

with momentum :math:`\mu` and dampening :math:`\tau`; the first update sets :math:`b = g`. Nesterov's form
uses :math:`g + \mu b` in place of :math:`b`. Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient first.)";
  static constexpr auto reference =
      "Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization and "
      "momentum in deep learning.";
  double learning_rate = 0.01;
  double momentum = 0.0;
  double dampening = 0.0;
  bool nesterov = false;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Sgd::learning_rate, at_least(0), "step size eta per update"},
      Field{"momentum", &Sgd::momentum, from_to(0, 1),
            "fraction mu of the last update that is kept"},
      Field{"dampening", &Sgd::dampening, from_to(0, 1),
            "fraction tau of the gradient that is left out of the momentum"},
      Field{"nesterov", &Sgd::nesterov, any(),
            "look ahead along the momentum (needs momentum > 0 and dampening = 0)"},
      Field{"weight_decay", &Sgd::weight_decay, at_least(0), "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Sgd::decay_biases, any(), "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"momentum_buffer"};
  static constexpr Index n_slots = 1;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kRate, kMomentum, kGradient, kNesterov, kDecay, n_coefficients };

  // What a field alone cannot say; the remedy, or nullptr.
  const char* conflict() const {
    if (nesterov && (momentum <= 0 || dampening != 0))
      return "SGD: nesterov=True needs momentum > 0 and dampening = 0";
    return nullptr;
  }
  void advance(double* /*powers*/) const {}
  void step(double rate, Index updates_before, const double* /*powers*/, double* c) const {
    c[kRate] = rate;
    c[kMomentum] = momentum;
    c[kGradient] = updates_before == 0 ? 1.0 : 1.0 - dampening;
    c[kNesterov] = nesterov ? 1.0 : 0.0;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    if (c[kMomentum] != 0) {
      slot[0] = fma(splat<V>(c[kMomentum]), slot[0], splat<V>(c[kGradient]) * g);
      g = c[kNesterov] != 0 ? fma(splat<V>(c[kMomentum]), slot[0], g) : slot[0];
    }
    return w - splat<V>(c[kRate]) * g;
  }
};

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
decay :math:`\lambda` adds :math:`\lambda W` to the gradient first.)";
  static constexpr auto reference =
      "Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.";
  double learning_rate = 1e-3;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Adam::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &Adam::beta_1, from_below(0, 1), "decay of the mean of gradients"},
      Field{"beta_2", &Adam::beta_2, from_below(0, 1), "decay of the mean of squared gradients"},
      Field{"epsilon", &Adam::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"weight_decay", &Adam::weight_decay, at_least(0), "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Adam::decay_biases, any(), "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"exp_avg", "exp_avg_sq"};
  static constexpr Index n_slots = 2;
  static constexpr const char* powers[] = {"beta_1_power", "beta_2_power"};
  static constexpr Index n_powers = 2;
  enum Coefficient { kRate, kMean, kSquare, kKeepSquare, kRoot, kEpsilon, kDecay, n_coefficients };

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
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    const V m = fma(splat<V>(c[kMean]), g - slot[0], slot[0]);
    const V v = fma(splat<V>(c[kSquare]), g * g, splat<V>(c[kKeepSquare]) * slot[1]);
    slot[0] = m;
    slot[1] = v;
    // Without a gradient so far there is no step, even if epsilon is 0: padding stays 0.
    const V zero = splat<V>(0);
    const V step = splat<V>(c[kRate]) * m / fma(sqrt(v), splat<V>(c[kRoot]), splat<V>(c[kEpsilon]));
    return w - select(equal(m, zero), zero, step);
  }
};

using Optimizers = TypeList<Sgd, Adam>;
