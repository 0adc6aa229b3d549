// How exact are the elementary functions? The largest error in ULP over 10^7 inputs and the edges,
// for every tier, type and function: measure_ulp [number of inputs]
#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>

#include "base/float_environment.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/functions.hpp"

namespace chainrule {

namespace {

constexpr Index kAtOnce = 1 << 16;

template <class T>
void measure_function(Index function, const char* type, Index n) {
  const test::ExactFunction& f = test::kExactFunctions[function];
  const std::vector<std::string> tiers = available_tiers();
  std::vector<test::LargestError> largest(tiers.size());
  for (Index first = 0; first < n; first += kAtOnce) {
    std::vector<T> x = test::inputs<T>(first, std::min(kAtOnce, n - first), n);
    const std::vector<long double> exact = test::exact_results(f, x);
    for (std::size_t t = 0; t < tiers.size(); ++t)
      test::measure(kernels_of<T>(tiers[t]).functions[function], x, exact, largest[t]);
  }
  for (std::size_t t = 0; t < tiers.size(); ++t)
    std::cout << std::left << std::setw(8) << tiers[t] << std::setw(8) << type << std::setw(8)
              << f.name << std::right << std::fixed << std::setprecision(3) << std::setw(7)
              << largest[t].ulps << " ULP at " << std::defaultfloat << std::setprecision(17)
              << largest[t].x << "\n";
}

}  // namespace

}  // namespace chainrule

int main(int argc, char** argv) {
  using namespace chainrule;
  const Index n = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 10'000'000;
  const FloatEnvironment environment;
  for (Index function = 0; function < kFunctions; ++function) {
    measure_function<float>(function, "float", n);
    measure_function<double>(function, "double", n);
  }
}
