// What does a layer of noise do while a network learns? a <- s a + t for every element, with s and
// t drawn anew for each batch. A prediction leaves a as it is.
//
// draw() makes the factors of four neighbouring features of a row from the four random words that
// belong to them, in float64.
#pragma once

#include <array>
#include <cmath>
#include <variant>

#include "base/fields.hpp"
#include "base/random.hpp"

namespace chainrule {

struct NoiseFactors {
  double scale, shift;
};
using NoiseBlock = std::array<NoiseFactors, 4>;

// Whether a unit with this random word is one of a fraction p that is dropped.
constexpr bool is_dropped(std::uint32_t word, double p) {
  return word < static_cast<std::uint64_t>(p * 0x1p32 + 0.5);
}

// s = 0 for a fraction p of the units, 1 / (1 - p) for the others, so that means stay as they are.
// Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout: a simple way to
// prevent neural networks from overfitting.
struct Dropout {
  static constexpr auto type = "dropout";
  static constexpr auto class_name = "Dropout";
  static constexpr Purpose purpose = Purpose::kDropout;
  double p = 0.5;
  static constexpr auto fields =
      std::make_tuple(Field{"p", &Dropout::p, from_below(0, 1), "fraction of units dropped"});

  NoiseBlock draw(const RandomBlock& words) const {
    NoiseBlock factors;
    for (std::size_t i = 0; i < 4; ++i)
      factors[i] = {is_dropped(words[i], p) ? 0.0 : 1.0 / (1.0 - p), 0.0};
    return factors;
  }
  bool operator==(const Dropout&) const = default;
};

// A dropped unit becomes what selu tends to, -lambda alpha; then all are scaled and shifted so that
// mean 0 and variance 1 stay as they are.
// Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural networks, section 3.
struct AlphaDropout {
  static constexpr auto type = "alpha_dropout";
  static constexpr auto class_name = "AlphaDropout";
  static constexpr Purpose purpose = Purpose::kDropout;
  double p = 0.5;
  static constexpr auto fields =
      std::make_tuple(Field{"p", &AlphaDropout::p, from_below(0, 1), "fraction of units dropped"});

  NoiseBlock draw(const RandomBlock& words) const {
    constexpr double kSaturation = -1.0507009873554804934 * 1.6732632423543772848;
    const double scale = 1.0 / std::sqrt((1.0 - p) * (1.0 + p * kSaturation * kSaturation));
    const double shift = -scale * p * kSaturation;
    NoiseBlock factors;
    for (std::size_t i = 0; i < 4; ++i)
      factors[i] = is_dropped(words[i], p) ? NoiseFactors{0.0, scale * kSaturation + shift}
                                           : NoiseFactors{scale, shift};
    return factors;
  }
  bool operator==(const AlphaDropout&) const = default;
};

// t is normal with mean 0 and standard deviation stddev.
// Bishop (1995), Training with noise is equivalent to Tikhonov regularization.
struct GaussianNoise {
  static constexpr auto type = "gaussian_noise";
  static constexpr auto class_name = "GaussianNoise";
  static constexpr Purpose purpose = Purpose::kNoise;
  double stddev = 0.1;
  static constexpr auto fields = std::make_tuple(
      Field{"stddev", &GaussianNoise::stddev, at_least(0), "standard deviation of what is added"});

  NoiseBlock draw(const RandomBlock& words) const {
    const std::array<double, 4> normal = normals(words);
    NoiseBlock factors;
    for (std::size_t i = 0; i < 4; ++i) factors[i] = {1.0, stddev * normal[i]};
    return factors;
  }
  bool operator==(const GaussianNoise&) const = default;
};

using Noise = std::variant<Dropout, AlphaDropout, GaussianNoise>;

}  // namespace chainrule
