// Which layers bring activations to a common scale? A norm makes mean 0 and variance 1 of them,
// over a row or over a batch, and then learns a factor and an offset for each feature; a scale has
// the factor alone, and where nothing is learned it is fixed.
#pragma once

#include <tuple>
#include <variant>

#include "base/fields.hpp"

namespace chainrule {

// a = w (z - mean) / sqrt(variance + epsilon) + b, with mean and variance of the row.
// Ba, Kiros and Hinton (2016), Layer normalization.
struct LayerNorm {
  static constexpr auto type = "layer_norm";
  double epsilon = 1e-5;
  static constexpr auto fields =
      std::make_tuple(Field{"epsilon", &LayerNorm::epsilon, positive(), "added to the variance"});

  bool operator==(const LayerNorm&) const = default;
};

// The same with mean and variance of the feature: over the rows of the batch in training, where
// running <- (1 - momentum) running + momentum of the batch follows them, else the running ones.
// Ioffe and Szegedy (2015), Batch normalization: accelerating deep network training by reducing
// internal covariate shift.
struct BatchNorm {
  static constexpr auto type = "batch_norm";
  double momentum = 0.1;
  double epsilon = 1e-5;
  static constexpr auto fields =
      std::make_tuple(Field{"momentum", &BatchNorm::momentum, from_to(0, 1), "share of the batch"},
                      Field{"epsilon", &BatchNorm::epsilon, positive(), "added to the variance"});

  bool operator==(const BatchNorm&) const = default;
};

using Norm = std::variant<LayerNorm, BatchNorm>;

// a = w z, with one learned factor for each feature.
// Touvron, Cord, Sablayrolles, Synnaeve and Jegou (2021), Going deeper with image transformers.
struct Scale {
  static constexpr auto type = "scale";
  double initial = 1.0;
  static constexpr auto fields =
      std::make_tuple(Field{"initial", &Scale::initial, any(), "what the factors begin with"});

  bool operator==(const Scale&) const = default;
};

// a = factor z + offset
struct Rescale {
  static constexpr auto type = "rescale";
  double factor = 1.0;
  double offset = 0.0;
  static constexpr auto fields =
      std::make_tuple(Field{"factor", &Rescale::factor, any(), "what z is multiplied by"},
                      Field{"offset", &Rescale::offset, any(), "what is added"});

  bool operator==(const Rescale&) const = default;
};

}  // namespace chainrule
