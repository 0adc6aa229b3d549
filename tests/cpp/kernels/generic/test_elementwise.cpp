// Are activations, sums of rows and transposes what their formulas say, at every
// length?
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/activations.hpp"
#include "kernels/operands.hpp"
#include "kernels/reference.hpp"

namespace chainrule {

namespace {

using test::Activation;
using test::for_each_activation;
using test::Guarded;

template <class T>
std::string label(const KernelTable<T>& table, std::string_view name, Index size) {
  return test::label(table) + text(" ", name, " ", size);
}

// (rows, cols) with rows padded to whole panels, zero or with numbers of at most `size` in
// magnitude.
template <class T>
Guarded<T> padded_zeros(Index rows, Index cols) {
  const Index padded = round_up(cols, kLanes<T>);
  Guarded<T> m(rows, padded, padded + 3, 1);
  test::fill(m.view(), [](Index, Index) { return T(0); });
  return m;
}
template <class T>
Guarded<T> padded_matrix(Index rows, Index cols, double size, std::uint64_t seed) {
  Guarded<T> m = padded_zeros<T>(rows, cols);
  const test::Draw draw(seed);
  test::fill(m.view(), [&](Index i, Index j) { return static_cast<T>(size * draw.real(i, j)); });
  return m;
}

template <class T>
MatrixView<T> first_columns(const Guarded<T>& m, Index cols) {
  return {m.view().data, m.view().rows, cols, m.view().stride};
}

}  // namespace

TEST(activations_write_padded_rows_and_work_in_place) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for_each_activation(table, [&](const Activation<T>& f, Index) {
      for (Index cols = 1; cols <= 2 * kLanes<T> + 1; ++cols) {
        const Guarded<T> z = padded_matrix<T>(3, cols, 3, 41),
                         da = padded_matrix<T>(3, cols, 1, 42);
        const Guarded<T> a = padded_zeros<T>(3, cols), dz = padded_zeros<T>(3, cols);
        f.forward(first_columns(z, cols), first_columns(a, cols));
        f.backward(first_columns(z, cols), first_columns(a, cols), first_columns(da, cols),
                   first_columns(dz, cols));
        f.backward(first_columns(z, cols), first_columns(a, cols), first_columns(da, cols),
                   first_columns(da, cols));
        f.forward(first_columns(z, cols), first_columns(z, cols));
        const std::string what = label(table, f.name, cols);
        CHECK_FOR(what, test::same_bytes<T>(first_columns(z, cols), first_columns(a, cols)));
        CHECK_FOR(what, test::same_bytes<T>(first_columns(da, cols), first_columns(dz, cols)));
        for (const Guarded<T>* m : {&z, &a, &da, &dz}) CHECK_FOR(what, m->rest_is_untouched());
      }
    });
  });
}

// dz_j is the derivative of sum_k da_k a_k by z_j, here by central differences of step h = 1e-5:
// off by h^2/6 times a third derivative (of at most about 2) and 1e-16/h. No |z| is below 0.1,
// where kinks are.
TEST(backward_is_the_derivative_of_forward) {
  const FloatEnvironment environment;
  constexpr double h = 1e-5;
  constexpr Index n = 19;
  test::for_each_tier<double>([](const KernelTable<double>& table) {
    for_each_activation(table, [&](const Activation<double>& f, Index) {
      const auto z = padded_matrix<double>(1, n, 3, 43), da = padded_matrix<double>(1, n, 1, 44);
      const auto a = padded_zeros<double>(1, n), dz = padded_zeros<double>(1, n);
      for (Index j = 0; j < n; ++j) z.view()(0, j) += std::copysign(0.1, z.view()(0, j));
      const auto value = [&] {
        f.forward(first_columns(z, n), first_columns(a, n));
        double sum = 0;
        for (Index j = 0; j < n; ++j) sum += da.view()(0, j) * a.view()(0, j);
        return sum;
      };
      value();
      f.backward(first_columns(z, n), first_columns(a, n), first_columns(da, n),
                 first_columns(dz, n));
      for (Index j = 0; j < n; ++j) {
        const double kept = z.view()(0, j);
        z.view()(0, j) = kept + h;
        const double above = value();
        z.view()(0, j) = kept - h;
        const double below = value();
        z.view()(0, j) = kept;
        const double numeric = (above - below) / (2 * h);
        CHECK_FOR(label(table, f.name, j), std::fabs(dz.view()(0, j) - numeric) < 1e-9);
      }
    });
  });
}

// In short rows, which are computed several at once, and in long ones.
TEST(nan_passes_through_every_activation) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for_each_activation(table, [&](const Activation<T>& f, Index) {
      for (const Index n : {9, 16, 33})
        for (Index at = 0; at < n; ++at) {
          const Guarded<T> z = padded_matrix<T>(1, n, 3, 45), a = padded_zeros<T>(1, n);
          const MatrixView<T> in = first_columns(z, n), out = first_columns(a, n);
          in(0, at) = std::numeric_limits<T>::quiet_NaN();
          f.forward(in, out);
          for (Index j = 0; j < n; ++j)
            CHECK_FOR(label(table, f.name, j), std::isnan(out(0, j)) == (f.row_wise() || j == at));
          test::fill(out, [](Index, Index) { return T(0.25); });
          f.backward(out, out, in, in);
          for (Index j = 0; j < n; ++j)
            CHECK_FOR(label(table, f.name, j), std::isnan(in(0, j)) == (f.row_wise() || j == at));
        }
    });
  });
}

// Inputs whose exponentials overflow or vanish, of both signs or all equal, have outputs and
// gradients that are numbers. The exponential function itself may overflow to infinity.
TEST(activations_of_extreme_inputs_are_finite) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for_each_activation(table, [&](const Activation<T>& f, Index) {
      for (const Index n : {9, 16, 33})
        for (const double size : {1e4, 710.0, 88.8, 1e-30, 0.0}) {
          const Guarded<T> z = padded_zeros<T>(3, n), a = padded_zeros<T>(3, n),
                           da = padded_matrix<T>(3, n, 1, 46);
          const MatrixView<T> in = first_columns(z, n), out = first_columns(a, n),
                              gradient = first_columns(da, n);
          test::fill(in, [&](Index i, Index j) {
            return static_cast<T>(i == 0 || (i == 1 && j % 2 == 0) ? size : -size);
          });
          f.forward(in, out);
          f.backward(in, out, gradient, gradient);
          const bool may_overflow = f.call.kernels->name == std::string_view(Exponential::name);
          const auto is_right = [&](T x) {
            return std::isfinite(x) || (may_overflow && std::isinf(x));
          };
          bool finite = true;
          for (Index i = 0; i < 3; ++i)
            for (Index j = 0; j < n; ++j)
              finite = finite && is_right(out(i, j)) && is_right(gradient(i, j));
          CHECK_FOR(label(table, f.name, n) + text(" at ", size), finite);
        }
    });
  });
}

// relu is z < 0 ? 0 : z, slope z <= 0 ? 0 : 1: -0 stays, and the slope of NaN is 1.
TEST(relu_at_its_kink) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    using Limits = std::numeric_limits<T>;
    const T tiny = Limits::min(), infinity = Limits::infinity();
    const std::vector<T> inputs{
        T(0), T(-0.0), tiny, -tiny, infinity, -infinity, Limits::quiet_NaN(), 1};
    const std::vector<T> outputs{T(0), T(-0.0), tiny, 0, infinity, 0, Limits::quiet_NaN(), 1};
    const std::vector<T> slopes{0, 0, 1, 0, 1, 0, 1, 1};
    const ActivationKernels<T>& relu = table.activations[find_by_name(Activations{}, Relu::name)];
    const Guarded<T> z = padded_zeros<T>(1, 8), da = padded_zeros<T>(1, 8);
    std::copy(inputs.begin(), inputs.end(), z.view().data);
    test::fill(da.view(), [](Index, Index) { return T(1); });
    relu.forward(z.view(), z.view(), nullptr);
    relu.backward({}, z.view(), da.view(), da.view(), nullptr);
    CHECK_FOR(test::label(table), std::memcmp(z.view().data, outputs.data(), 8 * sizeof(T)) == 0);
    CHECK_FOR(test::label(table), std::memcmp(da.view().data, slopes.data(), 8 * sizeof(T)) == 0);
  });
}

// Where slopes are learned, the derivative by them is min(0, z), and NaN stays NaN.
TEST(slopes_that_are_learned) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    Index n_learned = 0;
    for_each_activation(table, [&](const Activation<T>& f, Index) {
      if (f.call.kernels->slope_products == nullptr) return;
      ++n_learned;
      for (Index cols = 1; cols <= 2 * kLanes<T> + 1; ++cols) {
        const Guarded<T> z = padded_matrix<T>(3, cols, 3, 51),
                         da = padded_matrix<T>(3, cols, 1, 52), products = padded_zeros<T>(3, cols);
        z.view()(1, 0) = 0;
        z.view()(2, 0) = std::numeric_limits<T>::quiet_NaN();
        f.call.kernels->slope_products(first_columns(z, cols), first_columns(da, cols),
                                       first_columns(products, cols));
        bool right = products.rest_is_untouched() && std::isnan(products.view()(2, 0));
        for (Index i = 0; i < 3; ++i)
          for (Index j = i == 2 ? 1 : 0; j < cols; ++j)
            right =
                right && products.view()(i, j) == da.view()(i, j) * std::min(T(0), z.view()(i, j));
        CHECK_FOR(label(table, f.name, cols), right);
      }
    });
    CHECK_EQUAL(n_learned, 1);
  });
}

// Where two lines meet, the slope is PyTorch's.
TEST(slopes_at_kinks) {
  struct Kink {
    std::string_view name;
    double z, slope;
  };
  constexpr Kink kinks[] = {
      {"relu", 0, 0},        {"leaky_relu", 0, 0.01}, {"prelu", 0, 0.25},
      {"relu6", 0, 0},       {"relu6", 6, 0},         {"hard_tanh", -1, 0},
      {"hard_tanh", 1, 0},   {"hard_sigmoid", -3, 0}, {"hard_sigmoid", 3, 0},
      {"hard_swish", -3, 0}, {"hard_swish", 3, 1},    {"softsign", 0, 1},
      {"elu", 0, 1},         {"celu", 0, 1},          {"selu", 0, Selu::scale * Selu::alpha},
  };
  test::for_each_table([&]<class T>(const KernelTable<T>& table) {
    std::string_view before;
    for_each_activation(table, [&](const Activation<T>& f, Index) {
      if (f.call.kernels->name == before) return;  // kinks are those of the defaults
      before = f.call.kernels->name;
      for (const Kink& kink : kinks) {
        if (kink.name != before) continue;
        const Guarded<T> z = padded_zeros<T>(1, 1), a = padded_zeros<T>(1, 1),
                         dz = padded_zeros<T>(1, 1);
        z.view()(0, 0) = static_cast<T>(kink.z);
        dz.view()(0, 0) = 1;
        f.forward(z.view(), a.view());
        f.backward(z.view(), a.view(), dz.view(), dz.view());
        CHECK_FOR(text(test::label(table), " ", f.name, " at ", kink.z),
                  dz.view()(0, 0) == static_cast<T>(kink.slope));
      }
    });
  });
}

TEST(activations_have_the_same_bits_on_every_tier_with_fma) {
  test::for_each_pair_with_equal_bits(
      []<class T>(const KernelTable<T>& best, const KernelTable<T>& other) {
        constexpr Index n = 5 * kLanes<T> + 3;
        const auto z = padded_matrix<T>(3, n, 9, 49), da = padded_matrix<T>(3, n, 1, 50);
        for_each_activation(best, [&](const Activation<T>& activation, Index i) {
          const auto run = [&](const Activation<T>& f, const Guarded<T>& a, const Guarded<T>& dz) {
            f.forward(first_columns(z, n), first_columns(a, n));
            f.backward(first_columns(z, n), first_columns(a, n), first_columns(da, n),
                       first_columns(dz, n));
          };
          const auto a = padded_zeros<T>(3, n), dz = padded_zeros<T>(3, n),
                     a_other = padded_zeros<T>(3, n), dz_other = padded_zeros<T>(3, n);
          run(activation, a, dz);
          run(test::of_table(other, activation, i), a_other, dz_other);
          const std::string what = label(other, activation.name, n);
          CHECK_FOR(what, test::same_bytes<T>(first_columns(a, n), first_columns(a_other, n)));
          CHECK_FOR(what, test::same_bytes<T>(first_columns(dz, n), first_columns(dz_other, n)));
        });
      });
}

// Chunks of 256 rows, a chain of additions in each, chunk sums in order, after what was there if
// the sums go on: no fma, so every tier has these bits.
TEST(rows_are_summed_in_chunks) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index rows : {1, 2, 255, 256, 257, 511, 512, 513, 700})
      for (const Index cols :
           {Index{1}, kLanes<T> - 1, kLanes<T>, kLanes<T> + 1, 3 * kLanes<T> + 2}) {
        const Guarded<T> m = padded_matrix<T>(rows, cols, 1, 47), sums = padded_zeros<T>(1, cols),
                         earlier = padded_matrix<T>(1, cols, 1, 48),
                         more = padded_matrix<T>(1, cols, 1, 48);
        table.sum_rows(first_columns(m, cols), false, sums.view().data);
        table.sum_rows(first_columns(m, cols), true, more.view().data);
        bool same = sums.rest_is_untouched() && more.rest_is_untouched();
        for (Index j = 0; j < cols; ++j) {
          T total = 0, after = earlier.view()(0, j);
          for (Index start = 0; start < rows; start += kChunk) {
            T chunk = 0;
            for (Index i = start; i < std::min(rows, start + kChunk); ++i) chunk += m.view()(i, j);
            total += chunk;
            after += chunk;
          }
          same = same && std::memcmp(&total, &sums.view()(0, j), sizeof(T)) == 0 &&
                 std::memcmp(&after, &more.view()(0, j), sizeof(T)) == 0;
        }
        CHECK_FOR(label(table, "rows", rows), same);
      }
  });
}

TEST(weights_are_transposed_with_zero_padding) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (Index n_out = 1; n_out <= 2 * kLanes<T> + 1; ++n_out)
      for (Index n_in = 1; n_in <= 2 * kLanes<T> + 1; ++n_in) {
        const test::Operands<T> layer(1, n_in, n_out, test::whole_numbers(48));
        const Index size = panels_size<T>(n_in, n_out);
        const Guarded<T> got(1, size, size, 1, std::nan("")), w(n_in, n_out, n_out),
            expected(1, size, size);
        test::fill(w.view(), [&](Index i, Index o) { return layer.w.view()(o, i); });
        pack<T>(w.view(), expected.view().data);
        for (Index p = 0; p < n_panels<T>(n_in); ++p)
          table.transpose_panel(layer.w_panels.view().data, n_out, n_in, p,
                                got.view().data + p * n_out * kLanes<T>);
        CHECK_FOR(label(table, "inputs", n_in),
                  got.rest_is_untouched() && test::same_bytes<T>(got.view(), expected.view()));
      }
  });
}

// In the place of either, too, or of both.
TEST(matrices_are_added) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (Index cols = 1; cols <= 2 * kLanes<T> + 1; ++cols) {
      const Guarded<T> a = padded_matrix<T>(3, cols, 3, 61), b = padded_matrix<T>(3, cols, 1, 62),
                       sum = padded_zeros<T>(3, cols), same = padded_matrix<T>(3, cols, 3, 61);
      const MatrixView<T> x = first_columns(a, cols), y = first_columns(b, cols),
                          z = first_columns(sum, cols);
      table.add(x, y, z);
      bool right = sum.rest_is_untouched();
      for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < cols; ++j) right = right && z(i, j) == x(i, j) + y(i, j);
      table.add(x, y, y);
      table.add(x, x, x);
      for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < cols; ++j)
          right = right && y(i, j) == z(i, j) && x(i, j) == 2 * same.view()(i, j);
      CHECK_FOR(label(table, "add", cols), right);
    }
  });
}

// g + l2 w + l1 sign(w), each rounded once where there is fma: by hand in float64 and in steps;
// padding stays +0.
TEST(penalties_are_added_to_gradients) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    constexpr Index n = 3 * kLanes<T>;
    const T l1 = T(0.375), l2 = T(0.3);
    alignas(64) T w[n] = {}, g[n] = {}, start[n] = {};
    for (Index i = 0; i < n - 5; ++i) {
      w[i] = i % 4 == 0 ? T(0) : static_cast<T>(std::sin(static_cast<double>(i)));
      g[i] = start[i] = static_cast<T>(std::cos(static_cast<double>(3 * i)));
    }
    table.add_penalty(n, w, l1, l2, g);
    for (Index i = 0; i < n; ++i) {
      const T sign = w[i] > 0 ? T(1) : w[i] < 0 ? T(-1) : T(0);
      const T sum = test::has_fma(table) ? std::fma(l2, w[i], start[i]) : l2 * w[i] + start[i];
      CHECK_FOR(label(table, "element", i), g[i] == sum + l1 * sign);
    }
    CHECK_FOR(label(table, "size", n), test::padding_is_zero(MatrixView<T>{g, 1, n, n}, n - 5));
  });
}

// e + (beta - 1)(e - w), its last step rounded once where there is fma; e keeps its bits where w is
// the same.
TEST(averages_are_moved) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    constexpr Index n = 3 * kLanes<T>;
    const T factor = static_cast<T>(0.9 - 1.0);
    alignas(64) T w[n] = {}, e[n] = {}, start[n] = {};
    for (Index i = 0; i < n - 5; ++i) {
      e[i] = start[i] = i % 8 == 0 ? T(-0.0) : static_cast<T>(std::cos(static_cast<double>(i)));
      w[i] = i % 4 == 0 ? e[i] : static_cast<T>(std::sin(static_cast<double>(i)));
    }
    table.move_average(n, w, factor, e);
    for (Index i = 0; i < n; ++i) {
      const T by = start[i] - w[i];
      const T expected =
          test::has_fma(table) ? std::fma(factor, by, start[i]) : factor * by + start[i];
      CHECK_FOR(label(table, "element", i), std::memcmp(&e[i], &expected, sizeof(T)) == 0);
      if (i % 4 == 0)
        CHECK_FOR(label(table, "element", i), std::memcmp(&e[i], &start[i], sizeof(T)) == 0);
    }
    CHECK_FOR(label(table, "size", n), test::padding_is_zero(MatrixView<T>{e, 1, n, n}, n - 5));
  });
}

// Padding of the result is +0, whatever 0 times dZ is.
TEST(input_gradients_have_zero_padding) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (Index n_in = 1; n_in <= 2 * kLanes<T> + 1; ++n_in) {
      const test::Operands<T> layer(
          3, n_in, 1, [](int matrix, Index, Index) { return matrix == 1 ? HUGE_VAL : 1.0; });
      const Index padded = round_up(n_in, kLanes<T>);
      const Guarded<T> da(3, padded, padded, 1), dz(3, padded, padded, 1);
      test::input_gradient<T>(table, layer, {da.view(), dz.view(), {}, {}, {}});
      for (const MatrixView<T>& m : {da.view(), dz.view()}) {
        CHECK_FOR(label(table, "inputs", n_in), m(0, 0) == T(HUGE_VAL));
        CHECK_FOR(label(table, "inputs", n_in), test::padding_is_zero(m, n_in));
      }
    }
  });
}

}  // namespace chainrule
