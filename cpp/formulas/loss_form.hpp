// What does a loss ask for at the outputs of a network? It depends on the activation they come
// from.
#pragma once

#include <string_view>
#include <vector>

#include "formulas/registry.hpp"

namespace chainrule {

struct LossForm {
  Index index;            // in LossForms
  bool fused;             // computed from z, the last activation included
  bool averages_outputs;  // where it adds over them, weights are those of rows
  double gradient_factor;
  std::string_view targets;  // their kind: formulas/losses.inl
  Index n_outputs, n_targets;
  Index n_terms;  // what is averaged or added: as many for each target
  // Quantiles: the targets of all outputs are followed by their levels.
  std::vector<double> levels;
  // y <- (1 - smoothing) y + smoothing * smooth_target
  double smoothing, smooth_target;

  bool takes_classes() const { return targets == "classes"; }
  // What the loss sees of a row.
  Index y_columns() const { return levels.empty() ? n_targets : 2 * n_outputs; }
};

// std::invalid_argument if there is no such loss, or none with so many outputs.
LossForm loss_form(const FormulaSpec& loss, std::string_view output_activation, Index n_outputs);

// Whether a target is of the kind, which is none of rows.
bool is_target(std::string_view kind, double y);

}  // namespace chainrule
