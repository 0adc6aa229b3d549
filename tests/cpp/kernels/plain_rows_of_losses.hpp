// What are losses of a row, from its predictions or from its z? Written once more, in long double.
#pragma once

#include "kernels/plain_losses.hpp"

namespace chainrule::test {

// Predictions, 1 - prediction as rounded, targets, and levels of quantiles.
struct PlainRow {
  Row p, rest, y, level;
};

template <class F>
std::vector<Bounded> terms(const F& f, const PlainRow& row) {
  std::vector<Bounded> all;
  for (std::size_t j = 0; j < row.p.size(); ++j)
    all.push_back(term(f, row.p[j], row.y[j], row.rest[j]));
  return all;
}
template <class F>
std::vector<Bounded> slopes(const F& f, const PlainRow& row) {
  std::vector<Bounded> all;
  for (std::size_t j = 0; j < row.p.size(); ++j)
    all.push_back(slope(f, row.p[j], row.y[j], row.rest[j]));
  return all;
}

inline long double norm(const Row& x) {
  long double sum = 0;
  for (const long double a : x) sum += a * a;
  return std::max(std::sqrt(sum), 1e-8L);
}
inline Bounded cosine(const PlainRow& row) {
  Bounded sum;
  for (std::size_t j = 0; j < row.p.size(); ++j)
    sum.add(row.p[j] * row.y[j] / norm(row.p) / norm(row.y));
  return sum;
}
inline std::vector<Bounded> terms(const Cosine&, const PlainRow& row) {
  return {{1 - cosine(row).value, 1 + cosine(row).magnitude}};
}
inline std::vector<Bounded> slopes(const Cosine&, const PlainRow& row) {
  std::vector<Bounded> all;
  const long double length = norm(row.p);
  for (std::size_t j = 0; j < row.p.size(); ++j) {
    const long double along = row.p[j] / length, target = row.y[j] / norm(row.y);
    all.push_back({(cosine(row).value * along - target) / length,
                   (cosine(row).magnitude * std::fabs(along) + std::fabs(target)) / length});
  }
  return all;
}

inline std::vector<Bounded> terms(const Quantile&, const PlainRow& row) {
  std::vector<Bounded> all;
  for (std::size_t j = 0; j < row.p.size(); ++j) {
    const long double e = row.y[j] - row.p[j], q = row.level[j];
    all.push_back(exactly(e < 0 ? (q - 1) * e : q * e));
  }
  return all;
}
inline std::vector<Bounded> slopes(const Quantile&, const PlainRow& row) {
  std::vector<Bounded> all;
  for (std::size_t j = 0; j < row.p.size(); ++j) {
    const long double e = row.y[j] - row.p[j], q = row.level[j];
    all.push_back(exactly(e > 0 ? -q : e < 0 ? 1 - q : 0));
  }
  return all;
}

inline std::vector<Bounded> terms(const GaussianNll&, const PlainRow& row) {
  std::vector<Bounded> all;
  const std::size_t k = row.p.size() / 2;
  for (std::size_t t = 0; t < k; ++t) {
    const long double e = row.y[t] - row.p[t], s = row.p[k + t];
    all.push_back({(s + e * e * std::exp(-s)) / 2, std::fabs(s) + e * e * std::exp(-s)});
  }
  return all;
}
inline std::vector<Bounded> slopes(const GaussianNll&, const PlainRow& row) {
  std::vector<Bounded> all(row.p.size());
  const std::size_t k = row.p.size() / 2;
  for (std::size_t t = 0; t < k; ++t) {
    const long double e = row.y[t] - row.p[t], s = row.p[k + t];
    all[t] = exactly(-e * std::exp(-s));
    all[k + t] = {(1 - e * e * std::exp(-s)) / 2, 1 + e * e * std::exp(-s)};
  }
  return all;
}

// y_hat and l of a row from its z, by formulas that neither overflow nor cancel.
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
inline Row prediction(const LogSoftmax&, const Row& z) {
  Row p;
  for (const long double x : z) p.push_back(x - log_of_sum(z));
  return p;
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

// A sum of exponentials near 1 has an error of 1, and so has its logarithm.
inline Bounded fused(const CrossEntropyOfLogarithms&, const Row& z, const Row& y) {
  Bounded sum = fused(CrossEntropy{}, z, y);
  for (const long double t : y) sum.magnitude += t;
  return sum;
}

inline Bounded fused(const KlDivergence&, const Row& z, const Row& y) {
  Bounded sum = fused(CrossEntropy{}, z, y);
  for (const long double t : y) sum.add(t * clamped_log(t));
  return sum;
}

// log sigmoid(z)
inline long double log_sigmoid(long double z) {
  return std::min(z, 0.0L) - std::log1p(std::exp(-std::fabs(z)));
}
// (1 - p)^gamma from log (1 - p); errors of its exponent are relative to that.
inline Bounded doubt(const Focal& f, long double log_rest) {
  const long double x = f.gamma * log_rest;
  return {std::exp(x), std::exp(x) * (1 + std::fabs(x) + f.gamma)};
}
inline Bounded fused(const Focal& f, const Row& z, const Row& y) {
  Bounded sum;
  for (std::size_t j = 0; j < z.size(); ++j) {
    const long double yes = log_sigmoid(z[j]), no = log_sigmoid(-z[j]);
    const Bounded of_one = doubt(f, no), of_zero = doubt(f, yes);
    sum.add(-f.of_ones() * y[j] * of_one.value * yes, 2 * y[j] * of_one.magnitude * -yes);
    sum.add(-f.of_zeros() * (1 - y[j]) * of_zero.value * no, 2 * of_zero.magnitude * -no);
  }
  return sum;
}
inline Bounded fused(const FocalOfClasses& f, const Row& z, const Row& y) {
  Bounded sum;
  const long double most = *std::max_element(z.begin(), z.end());
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (y[j] == 0) continue;
    const long double log_p = z[j] - log_of_sum(z);
    // 1 - p as it comes from a rounded p is off by a rounding of 1.
    const long double rest = std::max(-std::expm1(log_p), 0.0L);
    const long double l = -log_p * std::pow(rest, static_cast<long double>(f.gamma));
    sum.add(f.of_ones() * y[j] * l, y[j] * (1 + most - z[j]) * (1 + f.gamma));
  }
  return sum;
}

// The gradient by z_j.
template <class F>
Bounded fused_slope(const F&, const Row& /*z*/, const Row& p, const Row& y, std::size_t j) {
  return {p[j] - y[j], y[j]};
}
inline Bounded fused_slope(const CrossEntropyOfLogarithms&, const Row& z, const Row& p,
                           const Row& y, std::size_t j) {
  const long double most = *std::max_element(z.begin(), z.end());
  const long double error = p[j] == -INFINITY ? 0 : std::exp(p[j]) * (1 + most - z[j]);
  return {std::exp(p[j]) - y[j], y[j] + error};
}
inline Bounded fused_slope(const Focal& f, const Row& z, const Row& /*p*/, const Row& y,
                           std::size_t j) {
  const long double yes = log_sigmoid(z[j]), no = log_sigmoid(-z[j]);
  const long double p = std::exp(yes), rest = std::exp(no);
  const Bounded a = doubt(f, no), b = doubt(f, yes);
  const long double of_one = f.gamma * p * yes - rest, of_zero = f.gamma * rest * no - p;
  return {f.of_ones() * y[j] * a.value * of_one - f.of_zeros() * (1 - y[j]) * b.value * of_zero,
          2 * (1 + f.gamma) * (a.magnitude + b.magnitude)};
}
inline Bounded fused_slope(const FocalOfClasses& f, const Row& z, const Row& p, const Row& y,
                           std::size_t j) {
  std::vector<long double> h;
  long double sum = 0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const long double log_p = z[k] - log_of_sum(z), rest = std::max(-std::expm1(log_p), 0.0L);
    const long double ratio = rest == 0 ? -1 : p[k] * std::max(log_p, -1e4L) / rest;
    h.push_back(f.of_ones() * y[k] * std::pow(rest, static_cast<long double>(f.gamma)) *
                (f.gamma * ratio - 1));
    sum += h.back();
  }
  return {h[j] - p[j] * sum, 8 * (1 + f.gamma)};
}

}  // namespace chainrule::test
