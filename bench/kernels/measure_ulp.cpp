// How exact are the elementary functions? The largest error in ULP for every tier, type and
// function: over 10^7 inputs and the edges, or over all 2^32 numbers of float32 (or every n-th).
// Status 1 when one is larger than promised.
//
//   measure_ulp [--inputs 10000000]
//   measure_ulp --all-floats exp,expm1,log,log1p,tanh,sigmoid,normal_cdf [--every 1]
#include <algorithm>
#include <bit>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "base/float_environment.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/functions.hpp"
#include "options.hpp"

namespace chainrule {

namespace {

constexpr Index kAtOnce = 1 << 16;

// Over n inputs, which inputs(first, count) gives in parts; whether errors are as promised.
template <class T, class Exact, class Inputs>
bool measure_function(const test::ExactFunction& f, Index n, Inputs inputs) {
  const auto function = &f - test::kExactFunctions;
  const std::vector<std::string> tiers = available_tiers();
  std::vector<test::LargestError> largest(tiers.size());
  for (Index first = 0; first < n; first += kAtOnce) {
    std::vector<T> x = inputs(first, std::min(kAtOnce, n - first));
    const std::vector<Exact> exact = test::exact_results<Exact>(f, x);
    for (std::size_t t = 0; t < tiers.size(); ++t)
      test::measure(kernels_of<T>(tiers[t]).functions[function], x, exact, largest[t]);
  }
  bool all_right = true;
  for (std::size_t t = 0; t < tiers.size(); ++t) {
    const bool right = largest[t].ulps <= f.allowed;
    all_right = all_right && right;
    std::cout << std::left << std::setw(8) << tiers[t] << std::setw(8)
              << (std::is_same_v<T, float> ? "float" : "double") << std::setw(11) << f.name
              << std::right << std::fixed << std::setprecision(3) << std::setw(7) << largest[t].ulps
              << " ULP at " << std::defaultfloat << std::setprecision(17) << largest[t].x
              << (right ? "" : ", more than promised") << std::endl;
  }
  return all_right;
}

template <class T>
bool measure_sample(const test::ExactFunction& f, Index n) {
  return measure_function<T, long double>(
      f, n, [n](Index first, Index count) { return test::inputs<T>(first, count, n); });
}

// Of the numbers of float32, in the order of their bits, every `every`-th.
bool measure_floats(const test::ExactFunction& f, Index every) {
  const auto number = [every](Index i) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(i * every));
  };
  return measure_function<float, double>(
      f, ceil_div(Index{1} << 32, every), [number](Index first, Index count) {
        std::vector<float> x(static_cast<std::size_t>(round_up(count, kLanes<float>)));
        for (Index i = 0; i < count; ++i) x[static_cast<std::size_t>(i)] = number(first + i);
        return x;
      });
}

const test::ExactFunction& function_of(const std::string& name) {
  std::string known;
  for (const test::ExactFunction& f : test::kExactFunctions) {
    if (f.name == name) return f;
    known = text(known, " ", f.name);
  }
  throw std::invalid_argument(text("--all-floats: expected one of", known, ", got ", name));
}

bool measure_all(const bench::Options& options) {
  const FloatEnvironment environment;
  bool all_right = true;
  for (const std::string& name : options.list("--all-floats"))
    all_right = measure_floats(function_of(name), options.count("--every")) && all_right;
  if (!options["--all-floats"].empty()) return all_right;
  for (const test::ExactFunction& f : test::kExactFunctions) {
    all_right = measure_sample<float>(f, options.count("--inputs")) && all_right;
    all_right = measure_sample<double>(f, options.count("--inputs")) && all_right;
  }
  return all_right;
}

}  // namespace

}  // namespace chainrule

int main(int argc, char** argv) {
  using namespace chainrule;
  try {
    const bench::Options options(
        argc, argv, {{"--inputs", "10000000"}, {"--all-floats", ""}, {"--every", "1"}});
    return measure_all(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "measure_ulp: " << error.what() << "\n";
    return 2;
  }
}
