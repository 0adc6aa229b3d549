#include "formulas/schedules.hpp"

#include <algorithm>

#include "base/scalar_math.hpp"

namespace chainrule {

namespace {

constexpr double kPi = 0x1.921fb54442d18p1;

// From a at share 0 to b at share 1, along half a cosine.
double along_cosine(double a, double b, double share) {
  return b + (a - b) * 0.5 * (1.0 + cos(kPi * share));
}

// x^y for x >= 0: by multiplication where y is a small whole number, so that x^1 is x.
double pow(double x, double y) {
  constexpr int kMostFactors = 64;
  const int n = y >= 0 && y <= kMostFactors ? static_cast<int>(y) : -1;
  if (static_cast<double>(n) == y) {
    double product = 1.0;
    for (int i = 0; i < n; ++i) product *= x;
    return product;
  }
  if (x < 0x1p-1022) return y > 0 ? 0.0 : __builtin_huge_val();
  return exp(y * log(x));
}

double ratio(Index t, Index total) { return static_cast<double>(t) / static_cast<double>(total); }

}  // namespace

double step_factor(Index t, Index step_size, double gamma) {
  return pow(gamma, static_cast<double>(t / step_size));
}

double multi_step_factor(Index t, std::span<const Index> milestones, double gamma) {
  const auto reached =
      std::count_if(milestones.begin(), milestones.end(), [&](Index m) { return m <= t; });
  return pow(gamma, static_cast<double>(reached));
}

double exponential_factor(Index t, double gamma) { return pow(gamma, static_cast<double>(t)); }

double inverse_factor(Index t, double decay, double power) {
  return 1.0 / pow(1.0 + decay * static_cast<double>(t), power);
}

double polynomial_factor(Index t, Index total, double power, double end) {
  if (t >= total) return end;
  return end + (1.0 - end) * pow(1.0 - ratio(t, total), power);
}

double cosine_factor(Index t, Index total, double end) {
  return t >= total ? end : along_cosine(1.0, end, ratio(t, total));
}

double cosine_factor_with_restarts(Index t, Index period, Index growth, double end) {
  if (growth == 1) return cosine_factor(t % period, period, end);
  for (; t >= period; period *= growth) t -= period;
  return cosine_factor(t, period, end);
}

double one_cycle_factor(Index t, Index total, const OneCycleShape& shape) {
  const double first = 1.0 / shape.div_factor, last = first / shape.final_div_factor;
  const double steps = static_cast<double>(total), top = shape.pct_start * steps - 1.0;
  struct Phase {
    double end, from, to;
  };
  const Phase two[] = {{top, first, 1.0}, {steps - 1.0, 1.0, last}};
  const Phase three[] = {{top, first, 1.0},
                         {2.0 * shape.pct_start * steps - 2.0, 1.0, first},
                         {steps - 1.0, first, last}};
  const std::span<const Phase> phases =
      shape.three_phase ? std::span<const Phase>(three) : std::span<const Phase>(two);
  const double now = static_cast<double>(t);
  double start = 0.0;
  for (const Phase& phase : phases) {
    if (now <= phase.end || &phase == &phases.back()) {
      const double share =
          phase.end > start ? std::min((now - start) / (phase.end - start), 1.0) : 1.0;
      return shape.linear ? phase.from + (phase.to - phase.from) * share
                          : along_cosine(phase.from, phase.to, share);
    }
    start = phase.end;
  }
  return last;
}

}  // namespace chainrule
