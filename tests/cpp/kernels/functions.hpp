// How exact are the elementary functions? Samples of inputs, exact results, and the largest error
// over them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/index.hpp"
#include "kernels/kernel_table.hpp"
#include "ulp.hpp"

namespace chainrule::test {

// A function of vec_math.inl as it should be: exact for low <= x <= high, in double exact enough
// for float32; and the largest error allowed in ULP.
struct ExactFunction {
  std::string_view name;
  double allowed;
  double low, high;

  template <class F>
  ExactFunction(std::string_view name_, double allowed_, double low_, double high_, F f)
      : name(name_), allowed(allowed_), low(low_), high(high_), exact_(f), in_double_(f) {}

  long double operator()(long double x) const { return exact_(x); }
  double operator()(double x) const { return in_double_(x); }

 private:
  long double (*exact_)(long double x);
  double (*in_double_)(double x);
};

// P(normal number <= x). The rounding error of y = -x / sqrt(2) counts far out, where erfc falls by
// a factor e^(2 y) for each unit: y^2 - x^2/2 says how large it is.
template <class T>
T normal_cdf(T x) {
  const T y = -x / std::sqrt(T(2)), square = x * x / 2;
  if (!(y > 0 && y < 40)) return std::erfc(y) / 2;
  return std::erfc(y) / 2 * std::exp(std::fma(y, y, -square) - std::fma(x, x / 2, -square));
}

inline constexpr double kEverywhere = std::numeric_limits<double>::infinity();
inline const ExactFunction kExactFunctions[kFunctions] = {
    {"exp", 2, -kEverywhere, kEverywhere, [](auto x) { return std::exp(x); }},
    {"expm1", 2, -kEverywhere, 0, [](auto x) { return std::expm1(x); }},
    {"log", 2, -kEverywhere, kEverywhere, [](auto x) { return std::log(x); }},
    {"log1p", 2, 0, 1, [](auto x) { return std::log1p(x); }},
    {"tanh", 4, -kEverywhere, kEverywhere, [](auto x) { return std::tanh(x); }},
    {"sigmoid", 2, -kEverywhere, kEverywhere, [](auto x) { return 1 / (1 + std::exp(-x)); }},
    {"normal_cdf", 6, -kEverywhere, kEverywhere, [](auto x) { return normal_cdf(x); }}};

// The kernels compute with subnormal numbers as 0 (of the same sign).
template <class T>
T without_subnormals(T x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits sign = Bits{1} << (8 * sizeof(T) - 1);
  const Bits bits = std::bit_cast<Bits>(x);
  const bool is_small = (bits & ~sign) < std::bit_cast<Bits>(std::numeric_limits<T>::min());
  return is_small ? std::bit_cast<T>(static_cast<Bits>(bits & sign)) : x;
}

// Zeros, infinities, NaN, the smallest and largest numbers, where functions overflow or underflow,
// and some neighbours of each.
template <class T>
std::vector<T> edges() {
  using Limits = std::numeric_limits<T>;
  constexpr T infinity = Limits::infinity();
  std::vector<T> all{infinity, Limits::quiet_NaN()};
  std::vector<T> centers{0,
                         Limits::min(),
                         Limits::max(),
                         Limits::denorm_min(),
                         1,
                         2,
                         T(0.5),
                         std::sqrt(T(0.5)),
                         std::sqrt(T(2)),
                         std::log(T(2)) / 2,
                         std::log(Limits::max()),
                         -std::log(Limits::min()),
                         -std::log(Limits::denorm_min()),
                         T(9.1),
                         T(19.1)};
  for (T x : centers) {
    for (int step = 0; step < 3; ++step) x = std::nextafter(x, -infinity);
    for (int step = 0; step < 7; ++step, x = std::nextafter(x, infinity)) all.push_back(x);
  }
  const std::size_t n = all.size();
  for (std::size_t i = 0; i < n; ++i) all.push_back(-all[i]);
  return all;
}

// The i-th of n inputs: a half are evenly spaced in their bits, over all numbers there are, a
// quarter in
// [-2, 2], a quarter where results neither overflow nor underflow.
template <class T>
T sample(Index i, Index n) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const double where = (static_cast<double>(i / 4) + 0.5) / (static_cast<double>(n) / 4);
  const double range = sizeof(T) == 4 ? 105 : 746;
  switch (i % 4) {
    case 0:
      return static_cast<T>(4 * where - 2);
    case 1:
      return static_cast<T>(range * (2 * where - 1));
    default:
      break;
  }
  const auto step = std::numeric_limits<Bits>::max() / static_cast<Bits>(n);
  return std::bit_cast<T>(static_cast<Bits>(step * static_cast<Bits>(i)));
}

// The edges and then the sample, padded to whole panels with zeros; `first` numbers of the sample
// on.
template <class T>
std::vector<T> inputs(Index first, Index count, Index n) {
  std::vector<T> x = first == 0 ? edges<T>() : std::vector<T>();
  for (Index i = first; i < first + count; ++i) x.push_back(sample<T>(i, n));
  x.resize(static_cast<std::size_t>(round_up(static_cast<Index>(x.size()), kLanes<T>)));
  return x;
}

// The exact results, as long double or double; inputs outside the function's interval are replaced
// by 0 first.
template <class Exact, class T>
std::vector<Exact> exact_results(const ExactFunction& f, std::vector<T>& x) {
  std::vector<Exact> y;
  y.reserve(x.size());
  for (T& value : x) {
    if (value < T(f.low) || value > T(f.high)) value = 0;
    y.push_back(f(static_cast<Exact>(without_subnormals(value))));
  }
  return y;
}

// The largest error over the inputs, and where.
struct LargestError {
  double ulps = 0, x = 0;
};
template <class T, class Exact>
void measure(const FunctionKernels<T>& function, const std::vector<T>& x,
             const std::vector<Exact>& exact, LargestError& largest) {
  std::vector<T> y(x.size());
  function.apply(static_cast<Index>(x.size()), x.data(), y.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    // Rounded correctly: not more than half an ULP, without the look that takes long.
    if (largest.ulps >= 0.5 && y[i] == static_cast<T>(exact[i])) continue;
    const double error = ulps(y[i], exact[i]);
    if (error > largest.ulps) largest = {error, static_cast<double>(x[i])};
  }
}

}  // namespace chainrule::test
