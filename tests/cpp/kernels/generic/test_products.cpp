// Are the products exact where exactness is possible, for every size around a tile, a block, a
// chunk? Do they write what they promise and nothing else? The order of additions is asked in
// test_tile.cpp.
#include <vector>

#include "kernels/activations.hpp"
#include "kernels/operands.hpp"
#include "kernels/random_products.hpp"
#include "kernels/reference.hpp"
#include "kernels/updates.hpp"

namespace chainrule {

namespace {

using test::Guarded;
using test::Operands;

template <class T>
std::string shape_of(const KernelTable<T>& table, const Operands<T>& layer) {
  return test::label(table) +
         text(" d=", layer.d, " n_in=", layer.n_in, " n_out=", layer.n_out, ": ");
}

// Sizes around the heights of tiles and blocks of rows, ...
const std::vector<Index> kRows{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 95, 96, 97};
// ... around the depths of tiles and the chunks of examples.
const std::vector<Index> kDepths{1, 2, 3, 127, 128, 129, 255, 256, 257, 512, 513};
// Around numbers of panels.
template <class T>
std::vector<Index> lanes() {
  constexpr Index n = kLanes<T>;
  return {1, n - 1, n, n + 1, 2 * n + 1, 3 * n, 4 * n + 1, 5 * n, 7 * n + 2, 8 * n, 9 * n + 1};
}

// f(d, n_in, n_out): the rows and the panels of each product against each other, then its depth.
template <class T, class F>
void for_each_shape(F f) {
  for (const Index rows : kRows)
    for (const Index panels : lanes<T>()) {
      f(rows, Index{5}, panels);
      f(panels, rows, Index{5});
      f(Index{7}, rows, panels);
    }
  for (const Index depth : kDepths) {
    f(Index{7}, depth, kLanes<T> + 1);
    f(kLanes<T> + 7, Index{9}, depth);
    f(depth, Index{7}, kLanes<T> + 1);
    f(depth, Index{100}, 5 * kLanes<T>);
  }
}

template <class T>
void check_forward(const KernelTable<T>& table, const Operands<T>& layer) {
  const Index d = layer.d, n_out = layer.n_out, padded = layer.padded_out;
  const AlignedBuffer<T> memory(d * padded);
  const MatrixView<T> expected{memory.data(), d, padded, padded};
  for (const T* bias : {static_cast<T*>(nullptr), layer.bias.view().data}) {
    reference::forward<T>(layer.x.view(), layer.w.view(), bias,
                          {expected.data, d, n_out, expected.stride});
    const Guarded<T> z(d, padded, padded + 3, 1), a(d, padded, padded + 2, 5);
    test::forward<T>(table, layer, bias, z.view(), a.view());
    CHECK_FOR(shape_of(table, layer), test::same_bytes<T>(z.view(), expected));
    CHECK_FOR(shape_of(table, layer), test::same_bytes<T>(a.view(), expected));
    CHECK_FOR(shape_of(table, layer), z.rest_is_untouched() && a.rest_is_untouched());
  }
}

template <class T>
void check_input_gradient(const KernelTable<T>& table, const Operands<T>& layer) {
  const Index d = layer.d, padded = round_up(layer.n_in, kLanes<T>);
  const AlignedBuffer<T> memory(d * padded);
  const MatrixView<T> expected{memory.data(), d, padded, padded};
  reference::input_gradient<T>(layer.dz(), layer.w.view(), {memory.data(), d, layer.n_in, padded});
  const Guarded<T> da(d, padded, padded + 3, 1), dz(d, padded, padded + 2, 5);
  test::input_gradient<T>(table, layer, {da.view(), dz.view(), {}, {}, {}});
  CHECK_FOR(shape_of(table, layer), test::same_bytes<T>(da.view(), expected));
  CHECK_FOR(shape_of(table, layer), test::same_bytes<T>(dz.view(), expected));
  CHECK_FOR(shape_of(table, layer), da.rest_is_untouched() && dz.rest_is_untouched());
}

// Padding lanes included: they are +0.
template <class T>
void check_weight_gradient(const KernelTable<T>& table, const Operands<T>& layer) {
  const Index size = layer.w_panels.view().cols;
  const AlignedBuffer<T> dw(layer.n_out * layer.n_in), panels(size);
  const MatrixView<T> dw_view{dw.data(), layer.n_out, layer.n_in, layer.n_in};
  reference::weight_gradient<T>(layer.dz(), layer.x.view(), dw_view);
  pack<T>(dw_view, panels.data());
  const Guarded<T> gradient(1, size, size, 1);
  WeightGradientBlock<T> where{};
  where.gradient = gradient.view().data;
  test::weight_gradient<T>(table, layer, where);
  CHECK_FOR(shape_of(table, layer),
            test::same_bytes<T>(gradient.view(), {panels.data(), 1, size, size}));
  CHECK_FOR(shape_of(table, layer), gradient.rest_is_untouched());
}

}  // namespace

TEST(products_are_exact_on_small_integers) {
  test::for_each_float([]<class T>() {
    for_each_shape<T>([](Index d, Index n_in, Index n_out) {
      const Operands<T> layer(d, n_in, n_out, test::whole_numbers(11));
      test::for_each_tier<T>([&](const KernelTable<T>& table) {
        check_forward(table, layer);
        check_input_gradient(table, layer);
        check_weight_gradient(table, layer);
      });
    });
  });
}

// One element too far is a fault, on either side, or a change that shows.
TEST(fenced_memory_shows_what_goes_too_far) {
  test::FencedPool pool;
  test::Dice dice(0);
  for (int i = 0; i < 20; ++i) {
    const test::Fenced<float> m = pool.result<float>(3, 5, dice);
    volatile float* const first = m.view().data;
    volatile float* const end = m.view().row(2) + 5;
    CHECK(!test::faults([&] { *first = end[-1]; }));
    CHECK(m.rest_is_untouched());
    const bool reads = test::faults([&] { *first = first[-1]; });
    CHECK(reads != test::faults([&] { *first = *end; }));
    CHECK(test::faults([&] { (reads ? first[-1] : *end) = 1; }));
    (reads ? *end : first[-1]) = 1;
    CHECK(!m.rest_is_untouched());
  }
}

// 20,000 layers on every tier, half of them of each type; more: tests/cpp/random_products.cpp.
TEST(products_of_random_layers_are_exact_between_fences) {
  test::FencedPool pool;
  test::for_each_table([&](const auto& table) {
    for (std::uint64_t seed = 0; seed < 10000; ++seed)
      CHECK_EQUAL(test::wrong_product(table, pool, seed), "");
  });
}

// What a caller leaves out is not touched: here, what the next block would write.
TEST(blocks_write_their_own_part_only) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    constexpr Index n = kLanes<T>, n_in = 3 * n, d = 2 * n;
    const Operands<T> layer(d, n_in, 4 * n, test::whole_numbers(12));

    const Guarded<T> z(7, 2 * n, 4 * n, n);
    ForwardBlock<T> up{};
    up.x = layer.x.view().rows_from(2, 7);
    up.w = layer.w_panels.view().data + n_in * n;
    up.n_panels = 2;
    up.z = z.view().data;
    up.z_stride = z.view().stride;
    table.forward(up);
    CHECK_FOR(test::label(table), z.rest_is_untouched());

    const Guarded<T> da(n - 1, n, n_in, n), transposed(1, 4 * n * n, 4 * n * n);
    table.transpose_panel(layer.w_panels.view().data, 4 * n, n_in, 1, transposed.view().data);
    CHECK_FOR(test::label(table), transposed.rest_is_untouched());
    InputGradientBlock<T> down{};
    down.dz = layer.dz().rows_from(0, n - 1);
    down.w_transposed = transposed.view().data;
    down.count = n - 2;
    down.da = da.view();
    table.input_gradient(down);
    CHECK_FOR(test::label(table), da.rest_is_untouched());

    const Guarded<T> gradient(2, 5 * n, n_in * n, 3 * n);
    WeightGradientBlock<T> across{};
    across.x = layer.x.view();
    across.dz = layer.padded_dz.view();
    across.first_panel = 1;
    across.n_panels = 2;
    across.first = 3;
    across.count = 5;
    across.gradient = gradient.view().data - (n_in + 3) * n;
    table.weight_gradient(across);
    CHECK_FOR(test::label(table), gradient.rest_is_untouched());
  });
}

// Activation and slope are those of the table, applied to what the product alone gives.
TEST(products_end_in_activations) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    const Operands<T> layer(37, 2 * kLanes<T> + 3, 2 * kLanes<T> + 3, test::real_numbers(13));
    const Index d = layer.d, padded = layer.padded_out, n_in = layer.n_in;
    test::for_each_activation(table, [&](const test::Activation<T>& activation, Index) {
      const std::string name = text(test::label(table), " ", activation.name);
      if (activation.takes_whole_rows()) return;  // the blocks hold parts of rows
      const Guarded<T> z(d, padded, padded), a(d, padded, padded), expected(d, padded, padded);
      const T* bias = layer.bias.view().data;
      test::forward<T>(table, layer, bias, z.view(), a.view(), activation.call);
      activation.forward(z.view(), expected.view());
      CHECK_FOR(name, test::same_bytes<T>(a.view(), expected.view()));
      test::forward<T>(table, layer, bias, {}, a.view(), activation.call);
      CHECK_FOR(name, test::same_bytes<T>(a.view(), expected.view()));

      // z and a serve as those of the layer below, which has as many units.
      const Guarded<T> da(d, padded, padded), dz(d, padded, padded);
      test::input_gradient<T>(table, layer,
                              {da.view(), dz.view(), z.view(), a.view(), activation.call});
      activation.backward(z.view(), a.view(), da.view(), expected.view());
      const auto logical = [&](const Guarded<T>& m) {
        return MatrixView<const T>{m.view().data, d, n_in, padded};
      };
      CHECK_FOR(name, test::same_bytes<T>(logical(dz), logical(expected)));
      CHECK_FOR(name,
                test::padding_is_zero(da.view(), n_in) && test::padding_is_zero(dz.view(), n_in));
    });
  });
}

// The update from the tile is the sweep over a stored gradient, in place or not; padding stays +0.
template <class T>
void check_updates(const KernelTable<T>& table, const Operands<T>& layer) {
  const Index size = layer.w_panels.view().cols;
  const Guarded<T> gradient(1, size, size);
  WeightGradientBlock<T> where{};
  where.gradient = gradient.view().data;
  test::weight_gradient<T>(table, layer, where);
  const test::Parameters<T> start(layer.n_out, layer.n_in);
  test::for_each_update<T>(table, [&](const test::Update<T>& update) {
    const test::Parameters<T> sweep = start, tile = start, again = start;
    const T* c = update.coefficients.data();
    update.run(size, gradient.view().data, start.w(), sweep.w(), sweep.slots(), c);
    for (const test::Parameters<T>* to : {&tile, &again}) {
      where = {};
      where.update = update.run;
      where.w = to == &again ? to->w() : start.w();
      where.w_next = to->w();
      where.slots = to->slots();
      where.n_slots = update.n_slots;
      where.coefficients = c;
      test::weight_gradient<T>(table, layer, where);
      CHECK_FOR(update.name, to->same_bytes_as(sweep));
      CHECK_FOR(update.name, to->padding_is_zero());
    }
  });
}

// Some examples of a layer, as weight_gradient() takes it.
template <class T>
struct PartOfLayer {
  struct Rows {
    MatrixView<const T> rows;
    MatrixView<const T> view() const { return rows; }
  };
  Index n_in, padded_out;
  Rows x, padded_dz;
};

// Two parts of a batch, the first of whole chunks, come to the bits of the batch.
TEST(weight_gradients_go_on) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for (const Index first : {kChunk, 2 * kChunk})
      for (const Index rest : {Index{1}, kChunk, kChunk + 7}) {
        const Operands<T> layer(first + rest, 19, 2 * kLanes<T> + 3, test::real_numbers(16));
        const Index size = layer.w_panels.view().cols;
        const Guarded<T> whole(1, size, size), parts(1, size, size, 1);
        WeightGradientBlock<T> where{};
        where.gradient = whole.view().data;
        test::weight_gradient<T>(table, layer, where);
        where.gradient = parts.view().data;
        for (const bool goes_on : {false, true}) {
          const auto cut = [&](MatrixView<const T> m) {
            return goes_on ? m.rows_from(first, rest) : m.rows_from(0, first);
          };
          where.goes_on = goes_on;
          test::weight_gradient<T>(table,
                                   PartOfLayer<T>{layer.n_in,
                                                  layer.padded_out,
                                                  {cut(layer.x.view())},
                                                  {cut(layer.padded_dz.view())}},
                                   where);
        }
        CHECK_FOR(shape_of(table, layer), test::same_bytes<T>(whole.view(), parts.view()));
        CHECK_FOR(shape_of(table, layer), parts.rest_is_untouched());
      }
  });
}

TEST(updates_from_the_tile_are_those_of_the_sweep) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    check_updates(table, Operands<T>(257, 9, 2 * kLanes<T> + 3, test::real_numbers(14)));
    check_updates(table, Operands<T>(5, 101, 9 * kLanes<T> + 3, test::real_numbers(15)));
  });
}

}  // namespace chainrule
