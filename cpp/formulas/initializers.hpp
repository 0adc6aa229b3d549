// What are the initialisers? The weights that a network begins with.
//
// fill() gives the weights of one unit, a row of the (n_out, n_in) tensor, in float64; they are
// rounded once to the type of the network. A bias is a row of one value, with the fans of its
// layer. Each number depends on seed, layer, unit and input alone, so rows may be filled in any
// order, by any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "base/fields.hpp"
#include "base/index.hpp"
#include "base/random.hpp"
#include "base/type_list.hpp"

namespace chainrule {

// One unit of a layer: the layer's numbers of inputs and outputs, and which random numbers are the
// unit's.
struct LayerUnit {
  double fan_in;
  double fan_out;
  RandomStream random;
  Index unit;
};

// low + (high - low) u
inline void fill_uniform(double low, double high, const LayerUnit& at, std::span<double> w) {
  at.random.fill_uniform(at.unit, w);
  for (double& value : w) value = low + (high - low) * value;
}

// mean + stddev n
inline void fill_normal(double mean, double stddev, const LayerUnit& at, std::span<double> w) {
  at.random.fill_normal(at.unit, w);
  for (double& value : w) value = mean + stddev * value;
}

struct Zeros {
  static constexpr auto name = "zeros";
  static constexpr auto class_name = "Zeros";
  static constexpr auto doc = R"(All zero, the usual start of biases.

.. math:: w = 0)";
  static constexpr auto reference =
      "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural "
      "networks, section 2.3.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& /*at*/, std::span<double> w) const { std::ranges::fill(w, 0.0); }
};

struct Ones {
  static constexpr auto name = "ones";
  static constexpr auto class_name = "Ones";
  static constexpr auto doc = R"(All one.

.. math:: w = 1)";
  static constexpr auto reference =
      "Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& /*at*/, std::span<double> w) const { std::ranges::fill(w, 1.0); }
};

struct Constant {
  static constexpr auto name = "constant";
  static constexpr auto class_name = "Constant";
  static constexpr auto doc =
      R"(The same value everywhere, such as a small positive bias in front of a relu.

.. math:: w = c)";
  static constexpr auto reference =
      "Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.";
  double value = 0.0;
  static constexpr auto fields =
      std::make_tuple(Field{"value", &Constant::value, any(), "the value c"});

  void fill(const LayerUnit& /*at*/, std::span<double> w) const { std::ranges::fill(w, value); }
};

struct Normal {
  static constexpr auto name = "normal";
  static constexpr auto class_name = "Normal";
  static constexpr auto doc = R"(Normally distributed, not truncated.

.. math:: w \sim \mathcal{N}(\mu, \sigma^2))";
  static constexpr auto reference =
      "Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.";
  double mean = 0.0;
  double stddev = 0.05;
  static constexpr auto fields =
      std::make_tuple(Field{"mean", &Normal::mean, any(), "mean mu"},
                      Field{"stddev", &Normal::stddev, at_least(0), "standard deviation sigma"});

  void fill(const LayerUnit& at, std::span<double> w) const { fill_normal(mean, stddev, at, w); }
};

struct Uniform {
  static constexpr auto name = "uniform";
  static constexpr auto class_name = "Uniform";
  static constexpr auto doc = R"(Uniformly distributed.

.. math:: w \sim \mathcal{U}(a, b))";
  static constexpr auto reference =
      "Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.";
  double low = -0.05;
  double high = 0.05;
  static constexpr auto fields =
      std::make_tuple(Field{"low", &Uniform::low, any(), "lower end a"},
                      Field{"high", &Uniform::high, any(), "upper end b"});

  const char* conflict() const {
    return low > high ? "Uniform: expected low <= high: exchange them" : nullptr;
  }
  void fill(const LayerUnit& at, std::span<double> w) const { fill_uniform(low, high, at, w); }
};

struct GlorotUniform {
  static constexpr auto name = "glorot_uniform";
  static constexpr auto class_name = "GlorotUniform";
  static constexpr auto doc = R"(Glorot's uniform distribution, for sigmoid, tanh and softmax.

.. math:: w \sim \mathcal{U}(-c, c), \qquad c = \sqrt{\frac{6}{n_{in} + n_{out}}})";
  static constexpr auto reference =
      "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural "
      "networks, equation 16.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    const double limit = std::sqrt(6 / (at.fan_in + at.fan_out));
    fill_uniform(-limit, limit, at, w);
  }
};

struct GlorotNormal {
  static constexpr auto name = "glorot_normal";
  static constexpr auto class_name = "GlorotNormal";
  static constexpr auto doc =
      R"(Glorot's normal distribution, for sigmoid, tanh and softmax; not truncated.

.. math:: w \sim \mathcal{N}\left(0, \frac{2}{n_{in} + n_{out}}\right))";
  static constexpr auto reference =
      "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural "
      "networks, equation 12.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    fill_normal(0, std::sqrt(2 / (at.fan_in + at.fan_out)), at, w);
  }
};

struct HeUniform {
  static constexpr auto name = "he_uniform";
  static constexpr auto class_name = "HeUniform";
  static constexpr auto doc =
      R"(He's initialisation with a uniform distribution, for the relu family.

.. math:: w \sim \mathcal{U}(-c, c), \qquad c = \sqrt{\frac{6}{n_{in}}})";
  static constexpr auto reference =
      "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 10.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    const double limit = std::sqrt(6 / at.fan_in);
    fill_uniform(-limit, limit, at, w);
  }
};

struct HeNormal {
  static constexpr auto name = "he_normal";
  static constexpr auto class_name = "HeNormal";
  static constexpr auto doc = R"(He's normal distribution, for the relu family; not truncated.

.. math:: w \sim \mathcal{N}\left(0, \frac{2}{n_{in}}\right))";
  static constexpr auto reference =
      "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 10.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    fill_normal(0, std::sqrt(2 / at.fan_in), at, w);
  }
};

struct LecunUniform {
  static constexpr auto name = "lecun_uniform";
  static constexpr auto class_name = "LecunUniform";
  static constexpr auto doc = R"(LeCun's initialisation with a uniform distribution.

.. math:: w \sim \mathcal{U}(-c, c), \qquad c = \sqrt{\frac{3}{n_{in}}})";
  static constexpr auto reference =
      "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, equation 16.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    const double limit = std::sqrt(3 / at.fan_in);
    fill_uniform(-limit, limit, at, w);
  }
};

struct LecunNormal {
  static constexpr auto name = "lecun_normal";
  static constexpr auto class_name = "LecunNormal";
  static constexpr auto doc = R"(LeCun's normal distribution, for selu; not truncated.

.. math:: w \sim \mathcal{N}\left(0, \frac{1}{n_{in}}\right))";
  static constexpr auto reference =
      "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, equation 16.";
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& at, std::span<double> w) const {
    fill_normal(0, std::sqrt(1 / at.fan_in), at, w);
  }
};

using Initializers = TypeList<Zeros, Ones, Constant, Normal, Uniform, GlorotUniform, GlorotNormal,
                              HeUniform, HeNormal, LecunUniform, LecunNormal>;

}  // namespace chainrule
