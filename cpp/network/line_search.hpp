// How far along a line? To where the strong Wolfe conditions hold for phi(t) = J(w + t p):
// phi(t) <= phi(0) + c1 t phi'(0) and |phi'(t)| <= c2 |phi'(0)|.
#pragma once

#include "base/index.hpp"

namespace chainrule {

inline constexpr double kDecrease = 1e-4, kFlatness = 0.9;  // c1, c2
inline constexpr Index kMostTrials = 25;

// What a step t was found to lead to.
struct Trial {
  double step = 0.0, value = 0.0, slope = 0.0;  // t, phi(t), phi'(t)
};

// phi, which may not be finite at some steps.
class Line {
 public:
  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  virtual Trial at(double step) = 0;

 protected:
  ~Line() = default;
};

// The first condition, and both.
bool decreases_enough(const Trial& start, const Trial& trial);
bool meets_wolfe(const Trial& start, const Trial& trial);

// A trial that meets both conditions, from a `start` at t = 0 with a slope below 0; `first_step` is
// above 0. If none of kMostTrials does, the least of those that meet the first one, or `start`. Two
// values as close as `resolution` count as the same.
Trial search_line(Line& line, const Trial& start, double first_step, double resolution = 0.0);

}  // namespace chainrule
