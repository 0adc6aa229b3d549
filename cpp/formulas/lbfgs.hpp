// What does L-BFGS have to be told, and what does it remember? It is no formula of single elements,
// so that no kernel knows it.
#pragma once

#include "base/fields.hpp"

namespace chainrule {

struct Lbfgs {
  static constexpr auto name = "lbfgs";
  static constexpr auto class_name = "LBFGS";
  static constexpr auto doc =
      R"(L-BFGS: steps of Newton's kind, with the curvature that the last ones have met.

.. math:: p = -H g, \quad H \leftarrow (I - \rho s y^T) H (I - \rho y s^T) + \rho s s^T, \quad
          \rho = \frac{1}{s^T y}, \qquad W \leftarrow W + t \, p

for the pairs :math:`s = \Delta W, \; y = \Delta g` of the last steps, oldest first, from
:math:`H = s^T y / y^T y` of the newest. A line search finds the :math:`t` at which the strong Wolfe
conditions hold,

.. math:: J(W + t p) \le J(W) + 10^{-4} \, t \, g^T p, \qquad
          |g(W + t p)^T p| \le 0.9 \, |g^T p|,

penalties being part of J and g. The learning rate, times the factor of a schedule, is the first t that is
tried; without pairs it is multiplied by :math:`\min(1, 1 / \|g\|_1)`, and :math:`p = -g`.

For full batches: ``fit`` takes all rows at once, in their order, and an epoch is one iteration, which asks
for J and g as often as the line search needs, at most 25 times, with the same noise. If no step meets both
conditions, that with the least J of those that meet the first is taken, and the pairs are dropped; if there
is none, the weights stay as they are.)";
  static constexpr auto reference =
      "Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization; "
      "Nocedal and Wright (2006), Numerical Optimization, algorithms 3.5, 3.6, 7.4 and 7.5.";
  static constexpr Index kMostPairs = 1000;

  double learning_rate = 1.0;
  Index history = 10;
  static constexpr auto fields = std::make_tuple(
      Field{"learning_rate", &Lbfgs::learning_rate, at_least(0),
            "step t that a line search tries first"},
      Field{"history", &Lbfgs::history, from_to(1, kMostPairs), "how many pairs are kept"});

  // Pairs, newest first, under PyTorch's names: s_i in slot 2 i, y_i behind it. One with s y = 0 is
  // still to come.
  Index count_slots() const { return 2 * history; }
  static std::string slot_name(Index s) {
    return text(s % 2 == 0 ? "old_stps." : "old_dirs.", s / 2);
  }
  static constexpr const char* const* powers = nullptr;
  static constexpr Index n_powers = 0;
};

}  // namespace chainrule
