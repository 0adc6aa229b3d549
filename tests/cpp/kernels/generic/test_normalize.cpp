// Do norms and scales have the bits of their equations, at every width and on every tier? They use
// no fma, so plain loops say exactly what they give.
#include <cmath>
#include <vector>

#include "kernels/operands.hpp"

namespace chainrule {

namespace {

using test::Guarded;

// (rows, cols) in rows that are padded to whole panels with +0.
template <class T>
struct Padded {
  Padded(Index rows, Index cols, std::uint64_t seed)
      : all(rows, round_up(cols, kLanes<T>), round_up(cols, kLanes<T>) + 3, 1),
        view{all.view().data, rows, cols, all.view().stride} {
    const test::Draw draw(seed);
    test::fill(all.view(), [](Index, Index) { return T(0); });
    test::fill(view, [&](Index i, Index j) { return static_cast<T>(2 * draw.real(i, j)); });
  }
  T* data() const { return view.data; }
  // Nothing is written around it, and +0 or -0 in its padding.
  bool is_clean() const {
    for (Index i = 0; i < view.rows; ++i)
      for (Index j = view.cols; j < all.view().cols; ++j)
        if (all.view()(i, j) != 0) return false;
    return all.rest_is_untouched();
  }

  Guarded<T> all;
  MatrixView<T> view;
};

// f(table, cols) for every width of a few panels.
template <class F>
void for_each_width(F f) {
  test::for_each_table([&]<class T>(const KernelTable<T>& table) {
    for (Index cols = 1; cols <= 3 * kLanes<T> + 1; ++cols) f(table, cols);
  });
}

template <class T>
std::string label(const KernelTable<T>& table, Index size) {
  return test::label(table) + text(" ", size);
}

// The sum of f(j), j < n, in 16 lanes that fold 8, 4, 2, 1.
template <class T, class F>
T sum_in_lanes(Index n, F f) {
  T lanes[16] = {};
  for (Index j = 0; j < n; ++j) lanes[j % 16] += f(j);
  for (Index half = 8; half > 0; half /= 2)
    for (Index j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  return lanes[0];
}

// The sum of f(i), i < n, in chunks.
template <class T, class F>
T sum_in_chunks_of(Index n, F f) {
  T total = 0;
  for (Index start = 0; start < n; start += kChunk) {
    T chunk = 0;
    for (Index i = start; i < std::min(n, start + kChunk); ++i) chunk += f(i);
    total += chunk;
  }
  return total;
}

// Whether m(i, j) is f(i, j), to the bit.
template <class T, class F>
bool is_exactly(const Padded<T>& m, F f) {
  for (Index i = 0; i < m.view.rows; ++i)
    for (Index j = 0; j < m.view.cols; ++j)
      if (m.view(i, j) != f(i, j)) return false;
  return m.is_clean();
}

}  // namespace

TEST(normalize_rows_is_its_equation) {
  for_each_width([]<class T>(const KernelTable<T>& table, Index cols) {
    const Padded<T> z(3, cols, 1), a(3, cols, 2), da(3, cols, 3), dz(3, cols, 4);
    std::vector<T> inverse(3), mean(3), mean_da(3), along(3);
    const T epsilon = T(0.125), n = static_cast<T>(cols);
    table.normalize_rows(z.view, epsilon, a.view, inverse.data());
    table.normalize_rows_backward(a.view, da.view, inverse.data(), dz.view);
    bool same = true;
    for (Index i = 0; i < 3; ++i) {
      const auto at = static_cast<std::size_t>(i);
      mean[at] = sum_in_lanes<T>(cols, [&](Index j) { return z.view(i, j); }) / n;
      const auto square = [&](Index j) {
        return (z.view(i, j) - mean[at]) * (z.view(i, j) - mean[at]);
      };
      same &= inverse[at] == T(1) / std::sqrt(sum_in_lanes<T>(cols, square) / n + epsilon);
      mean_da[at] = sum_in_lanes<T>(cols, [&](Index j) { return da.view(i, j); }) / n;
      const auto product = [&](Index j) { return a.view(i, j) * da.view(i, j); };
      along[at] = sum_in_lanes<T>(cols, product) / n;
    }
    CHECK_FOR(label(table, cols), same);
    CHECK_FOR(label(table, cols), is_exactly(a, [&](Index i, Index j) {
                const auto at = static_cast<std::size_t>(i);
                return (z.view(i, j) - mean[at]) * inverse[at];
              }));
    CHECK_FOR(label(table, cols), is_exactly(dz, [&](Index i, Index j) {
                const auto at = static_cast<std::size_t>(i);
                return (da.view(i, j) - mean_da[at] - a.view(i, j) * along[at]) * inverse[at];
              }));
    table.normalize_rows_backward(a.view, da.view, inverse.data(), da.view);
    CHECK_FOR(label(table, cols), test::same_bytes<T>(da.view, dz.view));
  });
}

TEST(normalize_columns_is_its_equation) {
  for_each_width([]<class T>(const KernelTable<T>& table, Index cols) {
    const Padded<T> z(3, cols, 1), a(3, cols, 2), da(3, cols, 3), dz(3, cols, 4), mean(1, cols, 5),
        along(1, cols, 6), inverse(1, cols, 7);
    table.normalize_columns(z.view, mean.data(), inverse.data(), a.view);
    CHECK_FOR(label(table, cols), is_exactly(a, [&](Index i, Index j) {
                return (z.view(i, j) - mean.view(0, j)) * inverse.view(0, j);
              }));
    table.normalize_columns_backward(a.view, da.view, mean.data(), along.data(), inverse.data(),
                                     dz.view);
    CHECK_FOR(label(table, cols), is_exactly(dz, [&](Index i, Index j) {
                return (da.view(i, j) - mean.view(0, j) - a.view(i, j) * along.view(0, j)) *
                       inverse.view(0, j);
              }));
    table.normalize_columns_backward(a.view, da.view, mean.data(), along.data(), inverse.data(),
                                     da.view);
    CHECK_FOR(label(table, cols), test::same_bytes<T>(da.view, dz.view));
  });
}

TEST(normalize_scales_columns) {
  for_each_width([]<class T>(const KernelTable<T>& table, Index cols) {
    const Padded<T> z(3, cols, 1), a(3, cols, 2), w(1, cols, 3), b(1, cols, 4);
    table.scale_columns(z.view, w.data(), b.data(), a.view);
    CHECK_FOR(label(table, cols), is_exactly(a, [&](Index i, Index j) {
                return w.view(0, j) * z.view(i, j) + b.view(0, j);
              }));
    table.scale_columns(z.view, w.data(), nullptr, a.view);
    CHECK_FOR(label(table, cols),
              is_exactly(a, [&](Index i, Index j) { return w.view(0, j) * z.view(i, j); }));
    table.rescale(z.view, T(0.75), T(-0.5), a.view);
    CHECK_FOR(label(table, cols),
              is_exactly(a, [&](Index i, Index j) { return T(0.75) * z.view(i, j) + T(-0.5); }));
    table.rescale(z.view, T(0.75), T(-0.5), z.view);
    CHECK_FOR(label(table, cols), test::same_bytes<T>(z.view, a.view));
  });
}

TEST(normalize_sums_in_chunks) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index rows : {1, 255, 256, 257, 700}) {
      constexpr Index cols = kLanes<T> + 1;
      const Padded<T> m(rows, cols, 1), other(rows, cols, 2), centre(1, cols, 3),
          squares(1, cols, 4), products(1, cols, 5);
      table.sum_squares(m.view, centre.data(), squares.data());
      table.sum_products(m.view, other.view, false, products.data());
      CHECK_FOR(label(table, rows), is_exactly(squares, [&](Index, Index j) {
                  return sum_in_chunks_of<T>(rows, [&](Index i) {
                    return (m.view(i, j) - centre.view(0, j)) * (m.view(i, j) - centre.view(0, j));
                  });
                }));
      CHECK_FOR(label(table, rows), is_exactly(products, [&](Index, Index j) {
                  return sum_in_chunks_of<T>(
                      rows, [&](Index i) { return m.view(i, j) * other.view(i, j); });
                }));
    }
  });
}

// A row or column of equal numbers has no deviation: what is left is 0, and all stays finite.
TEST(normalize_of_equal_numbers_is_zero) {
  for_each_width([]<class T>(const KernelTable<T>& table, Index cols) {
    const Padded<T> z(2, cols, 1), a(2, cols, 2), da(2, cols, 3), dz(2, cols, 4);
    std::vector<T> inverse(2);
    test::fill(z.view, [](Index, Index) { return T(4); });
    table.normalize_rows(z.view, T(1e-5), a.view, inverse.data());
    table.normalize_rows_backward(a.view, da.view, inverse.data(), dz.view);
    CHECK_FOR(label(table, cols), is_exactly(a, [](Index, Index) { return T(0); }));
    CHECK_FOR(label(table, cols), std::isfinite(inverse[0]) && std::isfinite(dz.view(0, 0)));
  });
}

}  // namespace chainrule
