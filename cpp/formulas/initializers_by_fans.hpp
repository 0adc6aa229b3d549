// Which initialisers look at the width of a layer? Those whose variance is one over its numbers of
// inputs and outputs, so that signals neither grow nor fade from layer to layer.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <tuple>

#include "base/fields.hpp"
#include "formulas/layer_unit.hpp"

namespace chainrule {

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

struct VarianceScaling {
  static constexpr auto name = "variance_scaling";
  static constexpr auto class_name = "VarianceScaling";
  static constexpr auto doc = R"(A variance that is a multiple of one over the width of the layer.

.. math:: \operatorname{E} w = 0, \qquad \operatorname{Var} w = \frac{s}{n}, \qquad
          n = n_{in}, \; n_{out} \text{ or } \tfrac12 (n_{in} + n_{out})

The truncated normal distribution ends at two standard deviations of the one that it is cut from,
which is wider by 1 / 0.8796, so that the variance is still s / n; the uniform one has the ends
:math:`\pm\sqrt{3 s / n}`. As Keras' of the same name.)";
  static constexpr auto reference =
      "He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, section 2.2.";
  enum class Mode { fan_in, fan_out, fan_avg };
  enum class Distribution { truncated_normal, untruncated_normal, uniform };
  double scale = 1.0;
  Mode mode = Mode::fan_in;
  Distribution distribution = Distribution::truncated_normal;
  static constexpr auto fields =
      std::make_tuple(Field{"scale", &VarianceScaling::scale, positive(), "the multiple s"},
                      Choice{"mode", &VarianceScaling::mode,
                             std::array{"fan_in", "fan_out", "fan_avg"}, "which width n is"},
                      Choice{"distribution", &VarianceScaling::distribution,
                             std::array{"truncated_normal", "untruncated_normal", "uniform"},
                             "the distribution that is drawn from"});

  // The standard deviation of a normal distribution that ends at two of its own.
  static constexpr double truncated_stddev = 0.87962566103423978;

  double width(const LayerUnit& at) const {
    if (mode == Mode::fan_avg) return (at.fan_in + at.fan_out) / 2;
    return mode == Mode::fan_in ? at.fan_in : at.fan_out;
  }
  void fill(const LayerUnit& at, std::span<double> w) const {
    const double variance = scale / width(at), stddev = std::sqrt(variance);
    if (distribution == Distribution::truncated_normal)
      return fill_truncated_normal(0, stddev / truncated_stddev, at, w);
    if (distribution == Distribution::untruncated_normal) return fill_normal(0, stddev, at, w);
    const double limit = std::sqrt(3 * variance);
    fill_uniform(-limit, limit, at, w);
  }
};

}  // namespace chainrule
