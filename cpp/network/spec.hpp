// What is a network, before it has any numbers? The plain description that plans, files and Python
// share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/index.hpp"
#include "formulas/noises.hpp"
#include "formulas/norms.hpp"
#include "formulas/registry.hpp"

namespace chainrule {

// Z = W A_prev + b, A = f(Z). An absent initializer means the default of the layer's activation.
struct DenseSpec {
  static constexpr auto type = "dense";
  Index units = 0;
  FormulaSpec activation;
  bool bias = true;
  std::optional<FormulaSpec> initializer;
  FormulaSpec bias_initializer;
  double l1 = 0.0;
  double l2 = 0.0;
  std::optional<double> max_norm;
  bool trainable = true;
  double learning_rate_multiplier = 1.0;

  bool operator==(const DenseSpec&) const = default;
};

// A = f(Z), a layer of its own.
struct ActivationSpec {
  static constexpr auto type = "activation";
  FormulaSpec activation;

  bool operator==(const ActivationSpec&) const = default;
};

// Y = X + block(X). The block are the `n_inside` layers that follow in the list, what is inside of
// a Residual among them counted, too. He, Zhang, Ren and Sun (2016), Deep residual learning for
// image recognition.
struct ResidualSpec {
  static constexpr auto type = "residual";
  Index n_inside = 0;

  bool operator==(const ResidualSpec&) const = default;
};

using LayerSpec = std::variant<DenseSpec, ActivationSpec, Dropout, AlphaDropout, GaussianNoise,
                               LayerNorm, BatchNorm, Scale, Rescale, ResidualSpec>;

// A function of the caller's in the place of a loss is called "own:" and its name. Its only value
// is the number under which the caller keeps it, which no file holds.
inline constexpr std::string_view kOwn = "own:";
inline bool is_own(const FormulaSpec& loss) { return loss.name.starts_with(kOwn); }

// An array of the caller's in the place of an initializer, which no file holds.
inline constexpr std::string_view kArray = "array";
inline bool is_array(const FormulaSpec& initializer) { return initializer.name == kArray; }

// Whether data scale the weights that it draws.
inline bool is_scaled_by_data(const FormulaSpec& initializer) {
  if (is_array(initializer)) return false;
  bool is_scaled = false;
  with_member(Initializers{}, "initializer", initializer.name,
              [&]<class F>() { is_scaled = scaled_by_data<F>; });
  return is_scaled;
}

struct NetworkSpec {
  std::string dtype = "float32";
  Index n_features = 0;
  std::uint64_t seed = 0;
  // All of them, depth first: a position in this list is the number that a layer draws with.
  std::vector<LayerSpec> layers;
  std::optional<FormulaSpec> loss;

  bool operator==(const NetworkSpec&) const = default;
};

// The optimiser of a network and how many updates it has made.
struct OptimizerSpec {
  FormulaSpec formula;
  std::int64_t updates = 0;

  bool operator==(const OptimizerSpec&) const = default;
};

// Everything the description of a model file says.
struct ModelDescription {
  NetworkSpec network;
  std::optional<OptimizerSpec> optimizer;
  std::int64_t training_forwards = 0;
  std::int64_t epochs = 0;
};

}  // namespace chainrule
