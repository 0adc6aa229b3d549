// What are losses, their gradients and the activations they match? Written once more, in long
// double.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "formulas/registry.hpp"

namespace chainrule::test {

using Row = std::vector<long double>;

// A number and the sum of magnitudes of what was added to get it, to which rounding errors are
// relative.
struct Bounded {
  long double value = 0, magnitude = 0;
  void add(long double term, long double extra = 0) {
    value += term;
    magnitude += std::fabs(term) + extra;
  }
};

inline long double clamped_log(long double p) { return std::max(std::log(p), -100.0L); }

// l and its gradient by y_hat, without `gradient_factor`, of one output. `rest` is 1 - y_hat as
// rounded.
inline Bounded term(const Mse&, long double p, long double y, long double /*rest*/) {
  return {(p - y) * (p - y), (p - y) * (p - y)};
}
inline Bounded term(const BinaryCrossEntropy&, long double p, long double y, long double rest) {
  const long double yes = y * clamped_log(p), no = (1 - y) * clamped_log(rest);
  return {-yes - no, std::fabs(yes) + std::fabs(no)};
}
inline Bounded term(const CrossEntropy&, long double p, long double y, long double /*rest*/) {
  return y == 0 ? Bounded{} : Bounded{-y * clamped_log(p), std::fabs(y * clamped_log(p))};
}
inline Bounded exactly(long double value) { return {value, std::fabs(value)}; }

inline Bounded slope(const Mse&, long double p, long double y, long double /*rest*/) {
  return exactly(p - y);
}
inline Bounded slope(const BinaryCrossEntropy&, long double p, long double y, long double rest) {
  return exactly((p - y) / std::max(p * rest, 1e-12L));
}
inline Bounded slope(const CrossEntropy&, long double p, long double y, long double /*rest*/) {
  return exactly(-y / std::max(p, 1e-12L));
}
inline Bounded term(const CrossEntropyOfLogarithms&, long double p, long double y, long double) {
  return exactly(y == 0 ? 0 : -y * p);
}
inline Bounded slope(const CrossEntropyOfLogarithms&, long double, long double y, long double) {
  return exactly(-y);
}

// The error of p - y is that of one rounding.
inline Bounded term(const Mae&, long double p, long double y, long double /*rest*/) {
  return exactly(std::fabs(p - y));
}
inline Bounded slope(const Mae&, long double p, long double y, long double /*rest*/) {
  return exactly((p > y) - (p < y));
}
inline Bounded term(const Huber& f, long double p, long double y, long double /*rest*/) {
  const long double e = std::fabs(p - y);
  if (e <= f.delta) return exactly(e * e / 2);
  return {f.delta * (e - f.delta / 2), f.delta * (e + f.delta / 2)};
}
inline Bounded slope(const Huber& f, long double p, long double y, long double /*rest*/) {
  return exactly(std::clamp<long double>(p - y, -f.delta, f.delta));
}
inline Bounded term(const LogCosh&, long double p, long double y, long double /*rest*/) {
  const long double e = std::fabs(p - y);
  const long double value = e < 0.1L ? std::log1p(2 * std::sinh(e / 2) * std::sinh(e / 2))
                                     : e + std::log1p(std::exp(-2 * e)) - std::log(2.0L);
  return {value, e < 0.5L ? value : e + 1};
}
inline Bounded slope(const LogCosh&, long double p, long double y, long double /*rest*/) {
  return exactly(std::tanh(p - y));
}

inline Bounded term(const Poisson&, long double p, long double y, long double /*rest*/) {
  return {p - y * clamped_log(p), p + y * std::fabs(clamped_log(p))};
}
inline Bounded slope(const Poisson&, long double p, long double y, long double /*rest*/) {
  return exactly((p - y) / std::max(p, 1e-12L));
}
inline Bounded term(const Gamma&, long double p, long double y, long double /*rest*/) {
  const long double ratio = y / std::max(p, 1e-12L);
  return {ratio + clamped_log(p), ratio + std::fabs(clamped_log(p))};
}
inline Bounded slope(const Gamma&, long double p, long double y, long double /*rest*/) {
  return exactly((p - y) / std::pow(std::max(p, 1e-12L), 2.0L));
}
// p^exponent = e^(exponent log p) is off by as many roundings as its argument is large.
inline Bounded raised(long double p, long double exponent) {
  const long double x = exponent * std::log(std::max(p, 1e-12L));
  return {std::exp(x), std::exp(x) * (1 + std::fabs(x))};
}
inline Bounded term(const Tweedie& f, long double p, long double y, long double rest) {
  if (f.power == 0) return exactly((p - y) * (p - y) / 2);
  if (f.power == 1) return term(Poisson{}, p, y, rest);
  if (f.power == 2) return term(Gamma{}, p, y, rest);
  const Bounded a = raised(p, 2 - f.power), b = raised(p, 1 - f.power);
  return {a.value / (2 - f.power) - y * b.value / (1 - f.power),
          a.magnitude / std::fabs(2 - f.power) + y * b.magnitude / std::fabs(1 - f.power)};
}
inline Bounded slope(const Tweedie& f, long double p, long double y, long double /*rest*/) {
  const Bounded power = raised(p, -f.power);
  return {(p - y) * power.value, std::fabs(p - y) * power.magnitude};
}

inline Bounded term(const Hinge&, long double p, long double y, long double /*rest*/) {
  return {std::max(0.0L, 1 - y * p), 1 + std::fabs(y * p)};
}
inline Bounded slope(const Hinge&, long double p, long double y, long double /*rest*/) {
  return exactly(y * p < 1 ? -y : 0);
}
inline Bounded term(const SquaredHinge&, long double p, long double y, long double /*rest*/) {
  const long double side = std::max(0.0L, 1 - y * p);
  return {side * side, side * (1 + std::fabs(y * p)) * 2};
}
inline Bounded slope(const SquaredHinge&, long double p, long double y, long double /*rest*/) {
  return {-y * std::max(0.0L, 1 - y * p), std::fabs(y) * (1 + std::fabs(y * p))};
}

inline Bounded term(const KlDivergence&, long double p, long double y, long double /*rest*/) {
  const long double a = y == 0 ? 0 : y * clamped_log(y), b = y * clamped_log(p);
  return {a - b, std::fabs(a) + std::fabs(b)};
}
inline Bounded slope(const KlDivergence&, long double p, long double y, long double rest) {
  return slope(CrossEntropy{}, p, y, rest);
}

// -(1 - p)^gamma log p, and its derivative; errors of the exponent are relative to it.
inline Bounded focal_of_one(const Focal& f, long double p, long double rest) {
  const long double x = f.gamma * clamped_log(rest), l = -std::exp(x) * clamped_log(p);
  return {l, std::fabs(l) * (1 + std::fabs(x))};
}
inline Bounded focal_slope_of_one(const Focal& f, long double p, long double rest) {
  const long double x = f.gamma * clamped_log(rest), doubt = std::exp(x);
  const long double a = f.gamma * clamped_log(p) / std::max(rest, 1e-12L),
                    b = 1 / std::max(p, 1e-12L);
  return {doubt * (a - b), doubt * (std::fabs(a) + b) * (1 + std::fabs(x))};
}
inline Bounded term(const Focal& f, long double p, long double y, long double rest) {
  const Bounded yes = focal_of_one(f, p, rest), no = focal_of_one(f, rest, p);
  const long double a = f.of_ones() * y, b = f.of_zeros() * (1 - y);
  return {a * yes.value + b * no.value, a * yes.magnitude + b * no.magnitude};
}
inline Bounded slope(const Focal& f, long double p, long double y, long double rest) {
  const Bounded yes = focal_slope_of_one(f, p, rest), no = focal_slope_of_one(f, rest, p);
  const long double a = f.of_ones() * y, b = f.of_zeros() * (1 - y);
  return {a * yes.value - b * no.value, a * yes.magnitude + b * no.magnitude};
}
inline Bounded term(const FocalOfClasses& f, long double p, long double y, long double rest) {
  const Bounded yes = focal_of_one(f, p, rest);
  return {f.of_ones() * y * yes.value, f.of_ones() * y * yes.magnitude};
}
inline Bounded slope(const FocalOfClasses& f, long double p, long double y, long double rest) {
  const Bounded yes = focal_slope_of_one(f, p, rest);
  return {f.of_ones() * y * yes.value, f.of_ones() * y * yes.magnitude};
}

}  // namespace chainrule::test
