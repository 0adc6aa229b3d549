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
inline long double slope(const Mse&, long double p, long double y, long double /*rest*/) {
  return p - y;
}
inline long double slope(const BinaryCrossEntropy&, long double p, long double y,
                         long double rest) {
  return (p - y) / std::max(p * rest, 1e-12L);
}
inline long double slope(const CrossEntropy&, long double p, long double y, long double /*rest*/) {
  return -y / std::max(p, 1e-12L);
}

// y_hat and l of a row from its z, by formulas that neither overflow nor cancel.
inline Row prediction(const Identity&, const Row& z) { return z; }
inline Row prediction(const Sigmoid&, const Row& z) {
  Row p;
  for (const long double x : z) p.push_back(1 / (1 + std::exp(-x)));
  return p;
}
inline long double log_of_sum(const Row& z) {
  const long double most = *std::max_element(z.begin(), z.end());
  long double sum = 0;
  for (const long double x : z) sum += std::exp(x - most);
  return most + std::log(sum);
}
inline Row prediction(const Softmax&, const Row& z) {
  Row p;
  for (const long double x : z) p.push_back(std::exp(x - log_of_sum(z)));
  return p;
}
inline Bounded fused(const Mse& loss, const Row& z, const Row& y) {
  Bounded sum;
  for (std::size_t j = 0; j < z.size(); ++j) sum.add(term(loss, z[j], y[j], 0).value);
  return sum;
}
inline Bounded fused(const BinaryCrossEntropy&, const Row& z, const Row& y) {
  Bounded sum;
  for (std::size_t j = 0; j < z.size(); ++j) {
    sum.add(std::max(z[j], 0.0L) - z[j] * y[j], 2 * std::fabs(z[j]));
    sum.add(std::log1p(std::exp(-std::fabs(z[j]))));
  }
  return sum;
}
inline Bounded fused(const CrossEntropy&, const Row& z, const Row& y) {
  Bounded sum;
  const long double most = *std::max_element(z.begin(), z.end());
  for (std::size_t j = 0; j < z.size(); ++j)
    if (y[j] != 0) sum.add(y[j] * (log_of_sum(z) - z[j]), y[j] * (most - z[j]));
  return sum;
}

}  // namespace chainrule::test
