#include "network/line_search.hpp"

#include <algorithm>
#include <cmath>

#include "base/fields.hpp"

namespace chainrule {

namespace {

// Where the cubic with the values and slopes of two trials is least (equation 3.59 of Nocedal and
// Wright); not finite if it has no minimum.
double cubic_minimum(const Trial& a, const Trial& b) {
  const double chord = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.step - b.step);
  const double root = std::sqrt(chord * chord - a.slope * b.slope);
  const double turn = b.step > a.step ? root : -root;
  return b.step - (b.step - a.step) * (b.slope + turn - chord) / (b.slope - a.slope + 2.0 * turn);
}

class LineSearch {
 public:
  LineSearch(Line& line, const Trial& start, double resolution)
      : line_(line), start_(start), best_(start), resolution_(resolution) {}

  // Algorithm 3.5: ever larger steps, until there must be a right one before the last.
  Trial run(double step) {
    Trial before = start_;
    while (trials_left_ > 0) {
      const Trial trial = try_step(step);
      if (!decreases_enough(start_, trial) || (before.step > 0.0 && trial.value >= before.value))
        return zoom(before, trial);
      if (meets_wolfe(start_, trial)) return trial;
      if (trial.slope >= 0.0) return zoom(trial, before);
      step = beyond(before, trial);
      before = trial;
    }
    return best_;
  }

 private:
  // What is not finite is too far.
  Trial try_step(double step) {
    --trials_left_;
    Trial trial = line_.at(step);
    if (!std::isfinite(trial.value) || !std::isfinite(trial.slope)) trial.value = kInfinity;
    if (decreases_enough(start_, trial) && trial.value < best_.value) best_ = trial;
    return trial;
  }

  // The next step behind two that go down.
  static double beyond(const Trial& before, const Trial& trial) {
    const double least = trial.step + 0.1 * (trial.step - before.step), most = 10.0 * trial.step;
    const double step = cubic_minimum(before, trial);
    return step > trial.step ? std::clamp(step, least, most) : most;
  }

  // A step between two trials. The cubic may go on cutting off slices, so that its step is taken
  // only where the last one has left a good part less.
  static double between(const Trial& low, const Trial& high, bool halves) {
    const double width = high.step - low.step;
    if (high.value == kInfinity) return low.step + 0.1 * width;
    const double step = cubic_minimum(low, high);
    const bool is_inside = (step - low.step) * (step - high.step) < 0.0;
    return is_inside && !halves ? step : low.step + 0.5 * width;
  }

  // Algorithm 3.6: `low` is the least trial that decreases enough, and falls towards `high`.
  Trial zoom(Trial low, Trial high) {
    bool halves = false;
    while (trials_left_ > 0) {
      const double width = std::fabs(high.step - low.step);
      if (!(width * std::fabs(start_.slope) > resolution_)) break;  // nothing more can be seen
      const Trial trial = try_step(between(low, high, halves));
      if (!decreases_enough(start_, trial) || trial.value >= low.value) {
        high = trial;
      } else {
        if (meets_wolfe(start_, trial)) return trial;
        if (trial.slope * (high.step - low.step) >= 0.0) high = low;
        low = trial;
      }
      halves = std::fabs(high.step - low.step) > 2.0 / 3.0 * width;
    }
    return best_;
  }

  Line& line_;
  const Trial start_;
  Trial best_;
  double resolution_;
  Index trials_left_ = kMostTrials;
};

}  // namespace

bool decreases_enough(const Trial& start, const Trial& trial) {
  return trial.value <= start.value + kDecrease * trial.step * start.slope;
}

bool meets_wolfe(const Trial& start, const Trial& trial) {
  return decreases_enough(start, trial) &&
         std::fabs(trial.slope) <= kFlatness * std::fabs(start.slope);
}

Trial search_line(Line& line, const Trial& start, double first_step, double resolution) {
  return LineSearch(line, start, resolution).run(first_step);
}

}  // namespace chainrule
