// In which order do rows add? In 16 virtual lanes on every tier and type: with those of the plain
// loops below, softmax and the losses have the bits of the kernels.
#include <algorithm>
#include <cmath>
#include <vector>

#include "formulas/registry.hpp"
#include "kernels/guarded.hpp"
#include "kernels/tables.hpp"

namespace chainrule {

namespace {

using test::Guarded;

// Lane j adds terms j, j + 16, ... from +0; then the lanes fold 8, 4, 2, 1.
template <class T, class F>
T sum_in_lanes(Index n, F term) {
  T lanes[16] = {};
  for (Index j = 0; j < n; ++j) lanes[j % 16] += term(j);
  for (Index half = 8; half > 0; half /= 2)
    for (Index j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  return lanes[0];
}

std::vector<Index> lengths() {
  std::vector<Index> all{100, 1000, 1003};
  for (Index n = 1; n <= 50; ++n) all.push_back(n);
  return all;
}

template <class T>
const ActivationKernels<T>& softmax_of(const KernelTable<T>& table) {
  return table.activations[find_by_name(Activations{}, Softmax::name)];
}
template <class T>
const LossKernels<T>& mse_of(const KernelTable<T>& table) {
  return table.losses[find_by_name(Losses{}, Mse::name)];
}

// Softmax of one row, written straight from its definition with the table's own exp.
template <class T>
void expected_softmax(const KernelTable<T>& table, MatrixView<const T> z, MatrixView<T> a) {
  const Index n = z.cols, padded = round_up(n, kLanes<T>);
  const T shift = *std::max_element(z.data, z.data + n);
  const AlignedBuffer<T> e(padded);
  for (Index j = 0; j < n; ++j) e.data()[j] = z.data[j] - shift;
  for (const FunctionKernels<T>& f : std::span(table.functions, kFunctions))
    if (f.name == std::string_view("exp")) f.apply(padded, e.data(), e.data());
  const T inverse = 1 / sum_in_lanes<T>(n, [&](Index j) { return e.data()[j]; });
  for (Index j = 0; j < n; ++j) a.data[j] = e.data()[j] * inverse;
}

}  // namespace

TEST(softmax_adds_in_sixteen_lanes) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index n : lengths()) {
      // NaN lies before and behind the row: nothing of it may come in.
      const Guarded<T> z(1, n, n, 1, std::nan("")), a(1, n, n, 3), expected(1, n, n);
      test::fill(z.view(),
                 [&](Index, Index j) { return static_cast<T>(5 * test::Draw(31).real(n, j)); });
      expected_softmax<T>(table, z.view(), expected.view());
      softmax_of(table).forward(z.view(), a.view(), nullptr);
      CHECK_FOR(test::label(table) + text(" ", n),
                test::same_bytes<T>(a.view(), expected.view()) && a.rest_is_untouched());
      softmax_of(table).forward(z.view(), z.view(), nullptr);
      CHECK_FOR(test::label(table) + text(" ", n),
                test::same_bytes<T>(z.view(), expected.view()) && z.rest_is_untouched());
    }
  });
}

// The mean of the gradient under the probabilities is a sum along the row, too.
TEST(softmax_gradient_adds_in_sixteen_lanes) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index n : lengths()) {
      const Guarded<T> a(1, n, n, 1, std::nan("")), da(1, n, n, 1, std::nan("")), dz(1, n, n, 3),
          expected(1, n, n);
      const MatrixView<T> p = a.view(), g = da.view();
      test::fill(p, [&](Index, Index j) { return static_cast<T>(test::Draw(32).real(n, j)); });
      test::fill(g, [&](Index, Index j) { return static_cast<T>(test::Draw(33).real(n, j)); });
      const T mean = sum_in_lanes<T>(n, [&](Index j) { return p(0, j) * g(0, j); });
      test::fill(expected.view(), [&](Index, Index j) { return p(0, j) * (g(0, j) - mean); });
      softmax_of(table).backward({}, p, g, dz.view(), nullptr);
      CHECK_FOR(test::label(table) + text(" ", n),
                test::same_bytes<T>(dz.view(), expected.view()) && dz.rest_is_untouched());
      softmax_of(table).backward({}, p, g, g, nullptr);
      CHECK_FOR(test::label(table) + text(" ", n),
                test::same_bytes<T>(g, expected.view()) && da.rest_is_untouched());
    }
  });
}

// A loss over a row, with and without a place for its terms.
TEST(losses_add_in_sixteen_lanes) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index n : lengths()) {
      const Guarded<T> y_hat(1, n, n, 1, std::nan("")), y(1, n, n, 1, std::nan("")),
          terms(1, n, n, 3);
      test::fill(y_hat.view(), [&](Index, Index j) { return T(test::Draw(34).real(n, j)); });
      test::fill(y.view(), [&](Index, Index j) { return T(test::Draw(35).real(n, j)); });
      const T sum = sum_in_lanes<T>(n, [&](Index j) {
        const T e = y_hat.view()(0, j) - y.view()(0, j);
        return e * e;
      });
      T loss = 0;
      LossArguments<T> arguments{};
      arguments.prediction = y_hat.view();
      arguments.y = y.view();
      arguments.losses = &loss;
      mse_of(table).general(arguments);
      CHECK_EQUAL(loss, sum / static_cast<T>(n));
      arguments.element_losses = terms.view();
      loss = 0;
      mse_of(table).general(arguments);
      CHECK_EQUAL(loss, sum / static_cast<T>(n));
      CHECK_FOR(test::label(table), terms.rest_is_untouched());
    }
  });
}

// The order is not the only one that comes out.
TEST(the_lanes_show_in_the_bits) {
  test::for_each_float([]<class T>() {
    T chain = 0;
    const auto term = [](Index j) { return static_cast<T>(test::Draw(36).real(0, j)); };
    for (Index j = 0; j < 1000; ++j) chain += term(j);
    CHECK(chain != sum_in_lanes<T>(1000, term));
  });
}

TEST(softmax_of_special_rows) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const auto softmax = [&](std::vector<T> z) {
      std::vector<T> a(z.size());
      const auto n = static_cast<Index>(z.size());
      softmax_of(table).forward({z.data(), 1, n, n}, {a.data(), 1, n, n}, nullptr);
      return a;
    };
    const auto all_nan = [](const std::vector<T>& a) {
      return std::all_of(a.begin(), a.end(), [](T x) { return std::isnan(x); });
    };
    CHECK(softmax({T(-3)}) == std::vector<T>({1}));
    CHECK(softmax({T(1e30), T(-1e30)}) == std::vector<T>({1, 0}));
    CHECK(softmax({T(1e4), T(1e4), T(1e4), T(1e4)}) == std::vector<T>(4, T(0.25)));
    CHECK(softmax({-infinity, T(2), -infinity}) == std::vector<T>({0, 1, 0}));
    for (Index n : {1, 2, 17, 40})
      for (Index at = 0; at < n; ++at) {
        std::vector<T> z(static_cast<std::size_t>(n), T(1));
        z[static_cast<std::size_t>(at)] = std::numeric_limits<T>::quiet_NaN();
        CHECK_FOR(test::label(table), all_nan(softmax(z)));
        z[static_cast<std::size_t>(at)] = infinity;
        CHECK_FOR(test::label(table), std::isnan(softmax(z)[static_cast<std::size_t>(at)]));
      }
    CHECK(all_nan(softmax({-infinity, -infinity})));
  });
}

}  // namespace chainrule
