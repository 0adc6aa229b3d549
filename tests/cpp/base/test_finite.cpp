#include "base/finite.hpp"

#include <limits>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

template <class T>
struct Finite {
  static void finds_them_anywhere() {
    using Limits = std::numeric_limits<T>;
    CHECK(all_finite(std::span<const T>()));
    const std::vector<T> extremes = {
        T(0), T(-0.0), Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min()};
    CHECK(all_finite(std::span<const T>(extremes)));
    for (const T bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                        -Limits::quiet_NaN(), Limits::signaling_NaN()})
      for (std::size_t n = 1; n < 40; ++n)
        for (std::size_t i = 0; i < n; ++i) {
          std::vector<T> numbers(n, Limits::max());
          numbers[i] = bad;
          CHECK(!all_finite(std::span<const T>(numbers)));
        }
  }

  static void looks_at_the_columns_alone() {
    constexpr T kInfinity = std::numeric_limits<T>::infinity();
    std::vector<T> numbers = {1, 2, kInfinity, 3, 4, kInfinity};
    CHECK(all_finite(MatrixView<const T>{numbers.data(), 2, 2, 3}));
    numbers[4] = kInfinity;
    CHECK(!all_finite(MatrixView<const T>{numbers.data(), 2, 2, 3}));
    CHECK(all_finite(MatrixView<const T>{}));
  }
};

}  // namespace

TEST(finite_finds_infinity_and_nan_anywhere) {
  Finite<float>::finds_them_anywhere();
  Finite<double>::finds_them_anywhere();
}

TEST(finite_looks_at_the_columns_alone) {
  Finite<float>::looks_at_the_columns_alone();
  Finite<double>::looks_at_the_columns_alone();
}

}  // namespace chainrule
