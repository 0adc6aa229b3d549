// In which order do products add? One chain of fma per element, in order of k; examples in chunks
// of 256, whose sums are added in order. On every tier with fma this gives the bits of the plain
// loops below; the tier without is held to an error bound. How far from exact are they?
#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/operands.hpp"

namespace chainrule {

namespace {

using test::Guarded;
using test::Operands;

// A result and, for the error bound, the sum of magnitudes of its terms.
template <class T>
struct Chain {
  T sum = 0;
  T magnitude = 0;
  void add(T a, T b) {
    sum = std::fma(a, b, sum);
    magnitude += std::fabs(a * b);
  }
};

// Whether `got` has the bits of the chain; without fma, whether it is within k u (sum of
// magnitudes) of it on either side, k the number of terms with the two roundings of each.
template <class T>
bool agrees(const KernelTable<T>& table, T got, T expected, T magnitude, Index k) {
  if (test::has_fma(table)) return std::memcmp(&got, &expected, sizeof(T)) == 0;
  return std::fabs(got - expected) <= T(4 * k) * test::kUnit<T> * magnitude;
}

// (number of examples, inputs, outputs): tiles of every height, several panels, depths beyond the
// blocks of every tier, one to three chunks of examples.
struct Shape {
  Index d, n_in, n_out;
};
const std::vector<Shape> kShapes{{1, 300, 5},  {3, 129, 37},  {14, 257, 83}, {97, 13, 140},
                                 {255, 7, 19}, {256, 98, 20}, {257, 9, 70},  {513, 14, 33}};

// Calls f(table, layer) for every tier, type and shape.
template <class F>
void for_each_layer(F f) {
  test::for_each_float([&]<class T>() {
    for (const Shape& shape : kShapes) {
      const Operands<T> layer(shape.d, shape.n_in, shape.n_out, test::real_numbers(21));
      test::for_each_tier<T>([&](const KernelTable<T>& table) { f(table, layer); });
    }
  });
}

template <class T>
std::string shape_of(const KernelTable<T>& table, const Operands<T>& layer) {
  return test::label(table) +
         text(" d=", layer.d, " n_in=", layer.n_in, " n_out=", layer.n_out, ": ");
}

}  // namespace

TEST(forward_is_one_chain_and_then_the_bias) {
  for_each_layer([]<class T>(const KernelTable<T>& table, const Operands<T>& layer) {
    const auto x = layer.x.view(), w = layer.w.view(), bias = layer.bias.view();
    const Guarded<T> z(layer.d, layer.padded_out, layer.padded_out);
    test::forward<T>(table, layer, bias.data, z.view(), {});
    bool all = true;
    for (Index e = 0; e < layer.d; ++e)
      for (Index o = 0; o < layer.n_out; ++o) {
        Chain<T> chain;
        for (Index i = 0; i < layer.n_in; ++i) chain.add(x(e, i), w(o, i));
        all = all && agrees(table, z.view()(e, o), chain.sum + bias(0, o),
                            chain.magnitude + std::fabs(bias(0, o)), layer.n_in + 1);
      }
    CHECK_FOR(shape_of(table, layer), all);
  });
}

TEST(input_gradient_is_one_chain) {
  for_each_layer([]<class T>(const KernelTable<T>& table, const Operands<T>& layer) {
    const auto dz = layer.dz(), w = layer.w.view();
    const Index padded = round_up(layer.n_in, kLanes<T>);
    const Guarded<T> da(layer.d, padded, padded);
    test::input_gradient<T>(table, layer, {da.view(), {}, {}, {}, {}});
    bool all = true;
    for (Index e = 0; e < layer.d; ++e)
      for (Index i = 0; i < layer.n_in; ++i) {
        Chain<T> chain;
        for (Index o = 0; o < layer.n_out; ++o) chain.add(dz(e, o), w(o, i));
        all = all && agrees(table, da.view()(e, i), chain.sum, chain.magnitude, layer.n_out);
      }
    CHECK_FOR(shape_of(table, layer), all);
  });
}

TEST(weight_gradient_is_a_sum_of_chains_over_chunks) {
  for_each_layer([]<class T>(const KernelTable<T>& table, const Operands<T>& layer) {
    const auto dz = layer.dz(), x = layer.x.view();
    const Guarded<T> dw(1, layer.w_panels.view().cols, layer.w_panels.view().cols);
    WeightGradientBlock<T> where{};
    where.gradient = dw.view().data;
    test::weight_gradient<T>(table, layer, where);
    bool all = true;
    for (Index o = 0; o < layer.n_out; ++o)
      for (Index i = 0; i < layer.n_in; ++i) {
        Chain<T> total;
        for (Index start = 0; start < layer.d; start += kChunk) {
          Chain<T> chunk;
          const Index end = std::min(layer.d, start + kChunk);
          for (Index e = start; e < end; ++e) chunk.add(dz(e, o), x(e, i));
          total.sum += chunk.sum;
          total.magnitude += chunk.magnitude;
        }
        const T got = dw.view()(0, panel_offset<T>(layer.n_in, o, i));
        all = all && agrees(table, got, total.sum, total.magnitude, layer.d);
      }
    CHECK_FOR(shape_of(table, layer), all);
  });
}

// The order is not the only one that comes out: the chain of another chunk length is another
// number.
TEST(the_order_of_additions_shows_in_the_bits) {
  test::for_each_float([]<class T>() {
    const Operands<T> layer(513, 1, 1, test::real_numbers(21));
    Chain<T> chain, chunk;
    T chunks = 0;
    for (Index e = 0; e < layer.d; ++e) {
      chain.add(layer.dz()(e, 0), layer.x.view()(e, 0));
      chunk.add(layer.dz()(e, 0), layer.x.view()(e, 0));
      if (e % kChunk == kChunk - 1 || e == layer.d - 1) chunks += chunk.sum, chunk = {};
    }
    CHECK(chain.sum != chunks);
  });
}

// The error of C = A B, (rows, k) times (k, cols), is at most k u (|A| |B|), whatever the data:
// Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.5. Errors that do not
// conspire, as here, add up to about sqrt(k). Sums in double are exact enough for float32.
template <class T, class Got, class A, class B>
void check_errors(const std::string& what, Index rows, Index cols, Index k, Got got, A a, B b) {
  using Exact = std::conditional_t<std::is_same_v<T, float>, double, long double>;
  const Exact most = static_cast<Exact>(k), usual = 2 * std::sqrt(most);
  Index n_wrong = 0, n_unusual = 0;
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      Exact exact = 0, magnitude = 0;
      for (Index l = 0; l < k; ++l) {
        const Exact term = static_cast<Exact>(a(i, l)) * b(l, j);
        exact += term;
        magnitude += std::fabs(term);
      }
      const Exact error = std::fabs(got(i, j) - exact), unit = test::kUnit<T> * magnitude;
      n_wrong += !(error <= most * unit);
      n_unusual += !(error <= usual * unit);
    }
  CHECK_FOR(text(what, n_wrong, " errors beyond k u"), n_wrong == 0);
  CHECK_FOR(text(what, n_unusual, " errors beyond 2 sqrt(k) u"), 1000 * n_unusual <= rows * cols);
}

template <class T>
void check_layer(const KernelTable<T>& table, const Operands<T>& layer) {
  const Index d = layer.d, n_in = layer.n_in, n_out = layer.n_out;
  const auto x = layer.x.view(), w = layer.w.view(), dz = layer.dz();
  const auto transposed = [](auto m) { return [=](Index i, Index j) { return m(j, i); }; };
  const std::string what = shape_of(table, layer);

  const Guarded<T> z(d, layer.padded_out, layer.padded_out);
  test::forward<T>(table, layer, nullptr, z.view(), {});
  check_errors<T>(what + "forward: ", d, n_out, n_in, z.view(), x, transposed(w));

  const Index padded_in = round_up(n_in, kLanes<T>);
  const Guarded<T> da(d, padded_in, padded_in);
  test::input_gradient<T>(table, layer, {da.view(), {}, {}, {}, {}});
  check_errors<T>(what + "input gradient: ", d, n_in, n_out, da.view(), dz, w);

  const Guarded<T> panels(1, layer.w_panels.view().cols, layer.w_panels.view().cols);
  WeightGradientBlock<T> where{};
  where.gradient = panels.view().data;
  test::weight_gradient<T>(table, layer, where);
  const auto dw = [&](Index o, Index i) { return panels.view()(0, panel_offset<T>(n_in, o, i)); };
  check_errors<T>(what + "weight gradient: ", n_out, n_in, d, dw, transposed(dz), x);
}

// Data of either sign, and positive data, whose sums only grow.
TEST(products_are_within_their_error_bounds) {
  const auto positive = [](int matrix, Index i, Index j) {
    return std::fabs(test::real_numbers(23)(matrix, i, j));
  };
  test::for_each_float([&]<class T>() {
    for (const Shape& shape : {Shape{90, 1000, 40}, Shape{1000, 50, 60}, Shape{60, 90, 1000}}) {
      const Operands<T> either(shape.d, shape.n_in, shape.n_out, test::real_numbers(22)),
          growing(shape.d, shape.n_in, shape.n_out, positive);
      test::for_each_tier<T>([&](const KernelTable<T>& table) {
        check_layer(table, either);
        check_layer(table, growing);
      });
    }
  });
}

}  // namespace chainrule
