// What are the optimisers? w <- w - eta * (something made of the gradients so far).
//
// State lives beside the parameters: `slots` are blocks of their shape, `powers` are running
// products such as beta^t, kept in float64. advance() is called once per update, over all
// parameters; step() turns fields and powers into the coefficients of this update, in float64,
// rounded once; update() is elementwise. With uses_slot(), those behind the first n_slots_always
// are there only for some values of the fields. Every optimiser has a learning_rate; where there is
// a weight_decay, there is decay_biases.

// y, and 0 where x is: without a gradient there is no step, even if all that it is divided by is 0.
// So padding stays 0.
template <class V>
V unless_zero(V x, V y) {
  const V zero = splat<V>(0);
  return select(equal(x, zero), zero, y);
}

// +1, -1, or x itself: 0 and NaN.
template <class V>
V sign_of(V x) {
  const V zero = splat<V>(0), one = splat<V>(1);
  return select(less(zero, x), one, select(less(x, zero), -one, x));
}

// mean <- mean + share (x - mean)
template <class V>
V move_to(V mean, V x, typename V::Scalar share) {
  return fma(splat<V>(share), x - mean, mean);
}

// mean <- keep mean + share x^2
template <class V>
V mean_square(V mean, V x, typename V::Scalar share, typename V::Scalar keep) {
  return fma(splat<V>(share), x * x, splat<V>(keep) * mean);
}

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

// v <- rho v + (1 - rho) g^2;  s = v, or v - a^2 with a <- a + (1 - rho)(g - a) (centred);
// u = g / (sqrt(s) + eps), or b <- mu b + u with momentum;  w <- w - eta u
struct RmsProp {
  static constexpr auto name = "rmsprop";
  static constexpr auto class_name = "RMSprop";
  static constexpr auto doc =
      R"(RMSprop: the gradient divided by the root of the mean of its squares.

.. math:: v \leftarrow \rho v + (1 - \rho) g^2, \qquad W \leftarrow W - \eta \frac{g}{\sqrt{v} + \epsilon}

Centred, the mean of gradients :math:`a \leftarrow a + (1 - \rho)(g - a)` makes :math:`v - a^2`, their
variance, of the mean square; with momentum :math:`\mu`, the quotient is added to :math:`\mu` times the last
step. Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Tieleman and Hinton (2012), Lecture 6.5: rmsprop, and, centred, Graves (2013), Generating "
      "sequences with recurrent neural networks, equations 38 to 41.";
  double learning_rate = 1e-2;
  double rho = 0.99;
  double epsilon = 1e-8;
  double momentum = 0.0;
  bool centered = false;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &RmsProp::learning_rate, at_least(0), "step size eta per update"},
      Field{"rho", &RmsProp::rho, from_below(0, 1), "decay of the means"},
      Field{"epsilon", &RmsProp::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"momentum", &RmsProp::momentum, from_to(0, 1),
            "fraction mu of the last step that is kept"},
      Field{"centered", &RmsProp::centered, any(),
            "whether to divide by the variance of gradients, not the mean square"},
      Field{"weight_decay", &RmsProp::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &RmsProp::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"square_avg", "grad_avg", "momentum_buffer"};
  static constexpr Index n_slots_always = 1, n_slots = 3;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kRate, kShare, kKeep, kEpsilon, kMomentum, kCentered, kDecay, n_coefficients };

  bool uses_slot(Index s) const { return s == 1 ? centered : momentum != 0; }
  void advance(double* /*powers*/) const {}
  void step(double rate, Index /*updates_before*/, const double* /*powers*/, double* c) const {
    c[kRate] = rate;
    c[kShare] = 1.0 - rho;
    c[kKeep] = rho;
    c[kEpsilon] = epsilon;
    c[kMomentum] = momentum;
    c[kCentered] = centered ? 1.0 : 0.0;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    slot[0] = mean_square(slot[0], g, c[kShare], c[kKeep]);
    V square = slot[0];
    if (c[kCentered] != 0) {
      slot[1] = move_to(slot[1], g, c[kShare]);
      // Below 0 by rounding only, where all gradients were the same.
      square = larger(fma(-slot[1], slot[1], square), splat<V>(0));
    }
    V step = unless_zero(g, g / (sqrt(square) + splat<V>(c[kEpsilon])));
    if (c[kMomentum] != 0) step = slot[2] = fma(splat<V>(c[kMomentum]), slot[2], step);
    return w - splat<V>(c[kRate]) * step;
  }
};

// s <- s + g^2;  w <- w - eta g / (sqrt(s) + eps)
struct Adagrad {
  static constexpr auto name = "adagrad";
  static constexpr auto class_name = "Adagrad";
  static constexpr auto doc =
      R"(Adagrad: the gradient divided by the root of the sum of its squares.

.. math:: s \leftarrow s + g^2, \qquad W \leftarrow W - \eta \frac{g}{\sqrt{s} + \epsilon}

Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning and "
      "stochastic optimization, section 1.1.";
  double learning_rate = 1e-2;
  double epsilon = 1e-10;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Adagrad::learning_rate, at_least(0), "step size eta per update"},
      Field{"epsilon", &Adagrad::epsilon, at_least(0),
            "added to the root, so that nothing is divided by 0"},
      Field{"weight_decay", &Adagrad::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Adagrad::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"sum"};
  static constexpr Index n_slots = 1;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kRate, kEpsilon, kDecay, n_coefficients };

  void advance(double* /*powers*/) const {}
  void step(double rate, Index /*updates_before*/, const double* /*powers*/, double* c) const {
    c[kRate] = rate;
    c[kEpsilon] = epsilon;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    slot[0] = fma(g, g, slot[0]);
    return w - splat<V>(c[kRate]) * unless_zero(g, g / (sqrt(slot[0]) + splat<V>(c[kEpsilon])));
  }
};

// v <- rho v + (1 - rho) g^2;  d = g sqrt(u + eps) / sqrt(v + eps);  u <- rho u + (1 - rho) d^2;
// w <- w - eta d
struct Adadelta {
  static constexpr auto name = "adadelta";
  static constexpr auto class_name = "Adadelta";
  static constexpr auto doc =
      R"(Adadelta: steps in the ratio of the roots of mean squares, of steps and of gradients.

.. math:: v \leftarrow \rho v + (1 - \rho) g^2, \quad
          d = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} \, g, \quad
          u \leftarrow \rho u + (1 - \rho) d^2, \quad W \leftarrow W - \eta d

Weight decay :math:`\lambda` adds :math:`\lambda W` to the gradient
first.)";
  static constexpr auto reference =
      "Zeiler (2012), ADADELTA: an adaptive learning rate method, algorithm 1.";
  double learning_rate = 1.0;
  double rho = 0.9;
  double epsilon = 1e-6;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Adadelta::learning_rate, at_least(0), "step size eta per update"},
      Field{"rho", &Adadelta::rho, from_below(0, 1), "decay of the mean squares"},
      Field{"epsilon", &Adadelta::epsilon, positive(),
            "added below the roots, so that the first step is not 0"},
      Field{"weight_decay", &Adadelta::weight_decay, at_least(0),
            "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Adadelta::decay_biases, any(),
            "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"square_avg", "acc_delta"};
  static constexpr Index n_slots = 2;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kRate, kShare, kKeep, kEpsilon, kDecay, n_coefficients };

  void advance(double* /*powers*/) const {}
  void step(double rate, Index /*updates_before*/, const double* /*powers*/, double* c) const {
    c[kRate] = rate;
    c[kShare] = 1.0 - rho;
    c[kKeep] = rho;
    c[kEpsilon] = epsilon;
    c[kDecay] = weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    if (c[kDecay] != 0) g = fma(splat<V>(c[kDecay]), w, g);
    const V epsilon = splat<V>(c[kEpsilon]);
    slot[0] = mean_square(slot[0], g, c[kShare], c[kKeep]);
    const V ratio = sqrt(slot[1] + epsilon) / sqrt(slot[0] + epsilon);
    const V step = unless_zero(g, ratio * g);
    slot[1] = mean_square(slot[1], step, c[kShare], c[kKeep]);
    return w - splat<V>(c[kRate]) * step;
  }
};

// w <- (1 - eta lambda) w - eta sign(m + (1 - b1)(g - m));  m <- m + (1 - b2)(g - m)
struct Lion {
  static constexpr auto name = "lion";
  static constexpr auto class_name = "Lion";
  static constexpr auto doc =
      R"(Lion: steps of one size, in the direction of the momentum's sign.

.. math:: W \leftarrow (1 - \eta \lambda) W - \eta \, \mathrm{sign}(\beta_1 m + (1 - \beta_1) g), \quad
          m \leftarrow \beta_2 m + (1 - \beta_2) g

Weight decay :math:`\lambda` acts on parameters directly.)";
  static constexpr auto reference =
      "Chen, Liang, Huang and others (2023), Symbolic discovery of optimization algorithms, "
      "algorithm 2.";
  double learning_rate = 1e-4;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  double weight_decay = 0.0;
  bool decay_biases = true;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Lion::learning_rate, at_least(0), "step size eta per update"},
      Field{"beta_1", &Lion::beta_1, from_below(0, 1), "share of the mean in the direction"},
      Field{"beta_2", &Lion::beta_2, from_below(0, 1), "decay of the mean of gradients"},
      Field{"weight_decay", &Lion::weight_decay, at_least(0), "lambda, pulls parameters towards 0"},
      Field{"decay_biases", &Lion::decay_biases, any(), "whether weight decay acts on biases too"});

  static constexpr const char* slots[] = {"exp_avg"};
  static constexpr Index n_slots = 1;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kRate, kDirection, kMean, kKeepWeight, n_coefficients };

  void advance(double* /*powers*/) const {}
  void step(double rate, Index /*updates_before*/, const double* /*powers*/, double* c) const {
    c[kRate] = rate;
    c[kDirection] = 1.0 - beta_1;
    c[kMean] = 1.0 - beta_2;
    c[kKeepWeight] = 1.0 - rate * weight_decay;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    const V direction = sign_of(move_to(slot[0], g, c[kDirection]));
    slot[0] = move_to(slot[0], g, c[kMean]);
    return splat<V>(c[kKeepWeight]) * w - splat<V>(c[kRate]) * direction;
  }
};

// s <- s eta+, s eta- or s, within limits, if g g_prev > 0, < 0 or = 0; where it is < 0, g <- 0;
// w <- w - s sign(g);  g_prev <- g
struct Rprop {
  static constexpr auto name = "rprop";
  static constexpr auto class_name = "Rprop";
  static constexpr auto doc =
      R"(Rprop: a step size per parameter, which grows until the sign of its gradient changes.

.. math:: s \leftarrow \min(\max(s \cdot k, s_{min}), s_{max}), \quad
          k = \begin{cases} \eta_+ & g \, g_{prev} > 0 \\ \eta_- & g \, g_{prev} < 0 \\
          1 & \text{otherwise} \end{cases}, \quad
          W \leftarrow W - s \, \mathrm{sign}(g), \quad g_{prev} \leftarrow g

where :math:`g = 0` is taken after a change of sign. For full batches: the size of a gradient is not looked at.
The learning rate is the first :math:`s`; another rate of a single update, as by a schedule, scales its
step by the ratio of the two.)";
  static constexpr auto reference =
      "Riedmiller and Braun (1993), A direct adaptive method for faster backpropagation learning: "
      "the RPROP algorithm.";
  double learning_rate = 1e-2;
  Numbers etas{0.5, 1.2};
  Numbers step_sizes{1e-6, 50.0};
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Rprop::learning_rate, at_least(0), "first step size"},
      Field{"etas", &Rprop::etas, positive(), "factors that shrink and that grow a step size"},
      Field{"step_sizes", &Rprop::step_sizes, positive(), "least and largest step size"});

  static constexpr const char* slots[] = {"prev", "step_size"};
  static constexpr Index n_slots = 2;
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
  enum Coefficient { kFirst, kShrink, kGrow, kLeast, kMost, kScale, n_coefficients };

  const char* conflict() const {
    if (etas.size != 2 || etas.values[0] >= 1 || etas.values[1] <= 1)
      return "Rprop: etas needs two numbers, the first below 1 and the second above 1";
    if (step_sizes.size != 2 || step_sizes.values[0] > step_sizes.values[1])
      return "Rprop: step_sizes needs two numbers, the first not above the second";
    return nullptr;
  }
  void advance(double* /*powers*/) const {}
  void step(double rate, Index /*updates_before*/, const double* /*powers*/, double* c) const {
    c[kFirst] = learning_rate;
    c[kShrink] = etas.values[0];
    c[kGrow] = etas.values[1];
    c[kLeast] = step_sizes.values[0];
    c[kMost] = step_sizes.values[1];
    c[kScale] = learning_rate > 0 ? rate / learning_rate : 1.0;
  }

  template <class V>
  static V update(V w, V g, V* slot, const typename V::Scalar* c) {
    const V zero = splat<V>(0);
    // g g_prev without its underflow: the sign of g by that of g_prev.
    const V turned = select(less(slot[0], zero), -sign_of(g), unless_zero(slot[0], sign_of(g)));
    const V factor = select(less(zero, turned), splat<V>(c[kGrow]),
                            select(less(turned, zero), splat<V>(c[kShrink]), splat<V>(1)));
    // A step size of 0 is that of a parameter which had no gradient yet.
    const V before = select(equal(slot[1], zero), splat<V>(c[kFirst]), slot[1]);
    const V least = splat<V>(c[kLeast]), most = splat<V>(c[kMost]);
    const V grown = larger(before * factor, least);
    const V size = select(less(most, grown), most, grown);
    g = select(less(turned, zero), zero, g);
    slot[1] = unless_zero(larger(slot[1], larger(g, -g)), size);
    slot[0] = g;
    return w - splat<V>(c[kScale]) * slot[1] * sign_of(g);
  }
};

#include "formulas/adam.inl"

using Optimizers =
    TypeList<Sgd, RmsProp, Adagrad, Adadelta, Adam, AdamW, Adamax, NAdam, RAdam, Lion, Rprop>;
