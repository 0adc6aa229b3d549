// How does the learning rate go with the steps? Its factor at step t of T, t counted from 0.
#pragma once

#include <span>

#include "base/index.hpp"

namespace chainrule {

// gamma^floor(t / step_size)
double step_factor(Index t, Index step_size, double gamma);

// gamma^(number of milestones that t has reached)
double multi_step_factor(Index t, std::span<const Index> milestones, double gamma);

// gamma^t
double exponential_factor(Index t, double gamma);

// (1 + decay t)^-power
double inverse_factor(Index t, double decay, double power);

// end + (1 - end) (1 - t/T)^power; end from T on.
double polynomial_factor(Index t, Index total, double power, double end);

// end + (1 - end) (1 + cos(pi t/T)) / 2; end from T on. With a period, t and T are those of the
// cycle that t is in: the first takes `period` steps, each one `growth` times as many as the last,
// at most 100.
double cosine_factor(Index t, Index total, double end);
double cosine_factor_with_restarts(Index t, Index period, Index growth, double end);

// From 1/div_factor up to 1, and down to 1/(div_factor final_div_factor), where PyTorch's
// OneCycleLR turns; in three phases it comes back to 1/div_factor first.
struct OneCycleShape {
  double pct_start;
  double div_factor;
  double final_div_factor;
  bool three_phase;
  bool linear;  // or along cosines
};
double one_cycle_factor(Index t, Index total, const OneCycleShape& shape);

}  // namespace chainrule
