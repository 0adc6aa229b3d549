// What are the initialisers? The weights that a network begins with.
//
// fill() gives the weights of one unit, a row of the (n_out, n_in) tensor, in float64; they are
// rounded once to the type of the network. A bias is a row of one value, with the fans of its
// layer. Each number depends on seed, layer, unit and input alone, so rows may be filled in any
// order, by any thread. Where fills_tensors, all units of a layer come at once.
#pragma once

#include <algorithm>
#include <span>
#include <tuple>

#include "base/fields.hpp"
#include "base/type_list.hpp"
#include "formulas/initializers_by_fans.hpp"
#include "formulas/initializers_by_structure.hpp"
#include "formulas/layer_unit.hpp"

namespace chainrule {

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

struct TruncatedNormal {
  static constexpr auto name = "truncated_normal";
  static constexpr auto class_name = "TruncatedNormal";
  static constexpr auto doc =
      R"(Normally distributed, but never further than two standard deviations from the mean.

.. math:: w \sim \mathcal{N}(\mu, \sigma^2) \quad \text{given} \quad |w - \mu| \le 2 \sigma

:math:`\sigma` is that of the distribution that is cut; what is left has 0.8796 of it. As Keras' of
the same name; PyTorch's ``trunc_normal_`` takes the two ends as they are.)";
  static constexpr auto reference = "Robert (1995), Simulation of truncated normal variables.";
  double mean = 0.0;
  double stddev = 0.05;
  static constexpr auto fields = std::make_tuple(
      Field{"mean", &TruncatedNormal::mean, any(), "mean mu"},
      Field{"stddev", &TruncatedNormal::stddev, at_least(0), "standard deviation sigma"});

  void fill(const LayerUnit& at, std::span<double> w) const {
    fill_truncated_normal(mean, stddev, at, w);
  }
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

using Initializers = TypeList<Zeros, Ones, Constant, Normal, TruncatedNormal, Uniform,
                              VarianceScaling, GlorotUniform, GlorotNormal, HeUniform, HeNormal,
                              LecunUniform, LecunNormal, Orthogonal, Lsuv, Sparse>;

}  // namespace chainrule
