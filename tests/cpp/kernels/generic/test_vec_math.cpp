// How exact are exp, log, tanh and their like, and what do they make of special numbers? Ten times
// as many inputs: bench/kernels/measure_ulp.
#include <cstring>

#include "kernels/functions.hpp"
#include "kernels/tables.hpp"

namespace chainrule {

namespace {

constexpr Index kSample = 1000000;

// y = f(x) of one number.
template <class T>
T value(const FunctionKernels<T>& function, T x) {
  T row[kLanes<T>] = {x};
  function.apply(kLanes<T>, row, row);
  return row[0];
}

template <class T>
std::string label(const KernelTable<T>& table, Index i) {
  return test::label(table) + " " + table.functions[i].name;
}

// Results as they come with every bit, the payload of NaN left out.
template <class T>
bool same_number(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <class T>
struct Case {
  std::string_view function;
  T x, expected;
};

template <class T>
std::vector<Case<T>> special_cases() {
  using Limits = std::numeric_limits<T>;
  constexpr T infinity = Limits::infinity(), nan = Limits::quiet_NaN(),
              subnormal = Limits::denorm_min();
  return {{"exp", 0, 1},
          {"exp", T(-0.0), 1},
          {"exp", infinity, infinity},
          {"exp", -infinity, 0},
          {"exp", Limits::max(), infinity},
          {"exp", Limits::lowest(), 0},
          {"exp", subnormal, 1},
          {"exp", -subnormal, 1},
          {"exp", nan, nan},
          {"expm1", 0, 0},
          {"expm1", T(-0.0), 0},
          {"expm1", -infinity, -1},
          {"expm1", Limits::lowest(), -1},
          {"expm1", -Limits::min(), -Limits::min()},
          {"expm1", nan, nan},
          {"log", 1, T(0)},
          {"log", 0, -infinity},
          {"log", T(-0.0), -infinity},
          {"log", infinity, infinity},
          {"log", -1, nan},
          {"log", -infinity, nan},
          {"log", -Limits::min(), nan},
          {"log", subnormal, -infinity},
          {"log", nan, nan},
          {"log1p", 0, 0},
          {"log1p", subnormal, 0},
          {"log1p", nan, nan},
          {"tanh", 0, 0},
          {"tanh", T(-0.0), T(-0.0)},
          {"tanh", infinity, 1},
          {"tanh", -infinity, -1},
          {"tanh", Limits::max(), 1},
          {"tanh", Limits::min(), Limits::min()},
          {"tanh", -Limits::min(), -Limits::min()},
          {"tanh", nan, nan},
          {"sigmoid", 0, T(0.5)},
          {"sigmoid", T(-0.0), T(0.5)},
          {"sigmoid", infinity, 1},
          {"sigmoid", -infinity, 0},
          {"sigmoid", Limits::max(), 1},
          {"sigmoid", Limits::lowest(), 0},
          {"sigmoid", nan, nan},
          {"normal_cdf", 0, T(0.5)},
          {"normal_cdf", T(-0.0), T(0.5)},
          {"normal_cdf", infinity, 1},
          {"normal_cdf", -infinity, 0},
          {"normal_cdf", Limits::max(), 1},
          {"normal_cdf", Limits::lowest(), 0},
          {"normal_cdf", nan, nan}};
}

}  // namespace

TEST(functions_are_within_their_errors) {
  test::for_each_float([]<class T>() {
    const std::vector<T> sample = test::inputs<T>(0, kSample, kSample);
    for (Index i = 0; i < kFunctions; ++i) {
      const test::ExactFunction& f = test::kExactFunctions[i];
      std::vector<T> x = sample;
      const auto exact = test::exact_results<long double>(f, x);
      test::for_each_tier<T>([&](const KernelTable<T>& table) {
        CHECK_EQUAL(table.functions[i].name, f.name);
        test::LargestError largest;
        test::measure(table.functions[i], x, exact, largest);
        CHECK_FOR(text(label(table, i), ": ", largest.ulps, " ULP at ", largest.x),
                  largest.ulps <= f.allowed);
      });
    }
  });
}

TEST(functions_of_special_numbers) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Case<T>& special : special_cases<T>())
      for (Index i = 0; i < kFunctions; ++i)
        if (table.functions[i].name == special.function)
          CHECK_FOR(text(label(table, i), "(", special.x, ")"),
                    same_number(value(table.functions[i], special.x), special.expected));
  });
}

// The tiers with fma have the same bits in every lane.
TEST(functions_have_the_same_bits_on_every_tier_with_fma) {
  test::for_each_float([]<class T>() {
    std::vector<T> x = test::inputs<T>(0, 100000, 100000);
    const auto n = static_cast<Index>(x.size());
    const KernelTable<T>& best = kernels_of<T>(available_tiers().front());
    for (Index i = 0; i < kFunctions; ++i) {
      std::vector<T> expected(x.size()), got(x.size());
      best.functions[i].apply(n, x.data(), expected.data());
      test::for_each_tier<T>([&](const KernelTable<T>& table) {
        if (!test::has_fma(table)) return;
        table.functions[i].apply(n, x.data(), got.data());
        bool same = true;
        for (std::size_t k = 0; k < x.size(); ++k) same = same && same_number(got[k], expected[k]);
        CHECK_FOR(label(table, i), same);
        for (std::size_t k = 0; k < 100; ++k)
          same = same && same_number(value(table.functions[i], x[k]), expected[k]);
        CHECK_FOR(label(table, i), same);
      });
    }
  });
}

}  // namespace chainrule
