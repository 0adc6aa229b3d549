// Are the three products exact for a layer of any size, anywhere in memory? Layers have random
// sizes and strides; every operand and result ends, or begins, at a page that nobody may touch.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "kernels/fenced.hpp"
#include "kernels/operands.hpp"
#include "kernels/int_matrix.hpp"

namespace chainrule::test {

// Memory for the matrices of one layer, used again for the next: new pages are slow.
class FencedPool {
 public:
  // The matrices placed so far are no longer needed.
  void clear() { n_used_ = 0; }

  // Operands are surrounded by NaN, which would show in every result, results by a number.
  template <class T>
  Fenced<T> place(Index rows, Index cols, Dice& dice, double guard) {
    if (n_used_ == memory_.size()) memory_.emplace_back(kBytes);
    return {
        memory_[n_used_++], {nullptr, rows, cols, cols + dice.below(20)}, dice.one_in(2), guard};
  }
  template <class T>
  Fenced<T> operand(Index rows, Index cols, Dice& dice) {
    return place<T>(rows, cols, dice, std::nan(""));
  }
  template <class T>
  Fenced<T> result(Index rows, Index cols, Dice& dice) {
    return place<T>(rows, cols, dice, -9753.25);
  }

 private:
  static constexpr Index kBytes = Index{1} << 23;
  std::deque<FencedMemory> memory_;
  std::size_t n_used_ = 0;
};

// Mostly a few tiles and panels, sometimes more than two blocks or chunks.
template <class T>
Index random_size(const KernelTable<T>& table, Dice& dice) {
  const Index block = std::max({table.blocks.rows, table.blocks.panels * kLanes<T>, kChunk});
  return 1 + dice.below(dice.one_in(50) ? 2 * block + 10 : 40);
}

// The same as Operands, in fenced memory. Only the weight gradient may read the padding of dZ.
template <class T>
struct RandomLayer {
  Index d, n_in, n_out;
  Index padded_in = round_up(n_in, kLanes<T>), padded_out = round_up(n_out, kLanes<T>);
  IntMatrix int_x, int_dz, int_w, int_bias;
  Fenced<T> x, narrow_dz, padded_dz, w_panels, w_transposed, bias;

  RandomLayer(const KernelTable<T>& table, FencedPool& pool, Dice& dice)
      : d(random_size(table, dice)),
        n_in(random_size(table, dice)),
        n_out(random_size(table, dice)),
        int_x(d, n_in, dice),
        int_dz(d, n_out, dice),
        int_w(n_out, n_in, dice),
        int_bias(1, n_out, dice),
        x(pool.operand<T>(d, n_in, dice)),
        narrow_dz(pool.operand<T>(d, n_out, dice)),
        padded_dz(pool.operand<T>(d, padded_out, dice)),
        w_panels(pool.operand<T>(1, panels_size<T>(n_out, n_in), dice)),
        w_transposed(pool.operand<T>(1, panels_size<T>(n_in, n_out), dice)),
        bias(pool.operand<T>(1, padded_out, dice)) {
    copy_ints(int_x, x.view());
    copy_ints(int_dz, narrow_dz.view());
    copy_ints(int_dz, padded_dz.view());
    copy_ints(in_panels<T>(int_w), w_panels.view());
    copy_ints(in_panels<T>(int_w.transposed()), w_transposed.view());
    copy_ints(int_bias, bias.view());
  }
  MatrixView<T> dz() const { return narrow_dz.view(); }
};

template <class T>
bool is_right(const Fenced<T>& got, const IntMatrix& expected) {
  return is_exactly<T>(got.view(), expected) && got.rest_is_untouched();
}

// Forward and input gradient can write their result to two places, of which one may be left out.
template <class T>
struct TwoResults {
  Fenced<T> first_place, second_place;
  bool with_first, with_second;

  TwoResults(Index rows, Index cols, FencedPool& pool, Dice& dice)
      : first_place(pool.result<T>(rows, cols, dice)),
        second_place(pool.result<T>(rows, cols, dice)),
        with_first(!dice.one_in(3)),
        with_second(!with_first || dice.one_in(2)) {}

  MatrixView<T> first() const { return with_first ? first_place.view() : MatrixView<T>{}; }
  MatrixView<T> second() const { return with_second ? second_place.view() : MatrixView<T>{}; }
  bool are_right(const IntMatrix& expected) const {
    return (!with_first || is_right(first_place, expected)) &&
           (!with_second || is_right(second_place, expected));
  }
};

template <class T>
bool transpose_is_exact(const KernelTable<T>& table, const RandomLayer<T>& layer, FencedPool& pool,
                        Dice& dice) {
  const IntMatrix expected = in_panels<T>(layer.int_w.transposed());
  const Fenced<T> transposed = pool.result<T>(1, expected.cols, dice);
  return !faults([&] {
    for (Index p = 0; p < n_panels<T>(layer.n_in); ++p)
      table.transpose_panel(layer.w_panels.view().data, layer.n_out, layer.n_in, p,
                            transposed.view().data + p * layer.n_out * kLanes<T>);
  }) && is_right(transposed, expected);
}

template <class T>
bool forward_is_exact(const KernelTable<T>& table, const RandomLayer<T>& layer, FencedPool& pool,
                      Dice& dice) {
  IntMatrix expected = layer.int_x * layer.int_w.transposed();
  const T* const bias = dice.one_in(2) ? layer.bias.view().data : nullptr;
  for (Index i = 0; bias != nullptr && i < layer.d; ++i)
    for (Index j = 0; j < layer.n_out; ++j) expected.row(i)[j] += layer.int_bias.row(0)[j];
  const TwoResults<T> results(layer.d, layer.padded_out, pool, dice);
  return !faults([&] { forward<T>(table, layer, bias, results.first(), results.second()); }) &&
         results.are_right(expected);
}

template <class T>
bool input_gradient_is_exact(const KernelTable<T>& table, const RandomLayer<T>& layer,
                             FencedPool& pool, Dice& dice) {
  const TwoResults<T> results(layer.d, layer.padded_in, pool, dice);
  return !faults([&] {
    input_gradient<T>(table, layer, {results.first(), results.second(), {}, {}, {}});
  }) && results.are_right(layer.int_dz * layer.int_w);
}

// From X and dZ as they lie, or from copies in tiles and panels.
template <class T>
bool weight_gradient_is_exact(const KernelTable<T>& table, const RandomLayer<T>& layer,
                              FencedPool& pool, Dice& dice) {
  const IntMatrix expected = in_panels<T>(layer.int_dz.transposed() * layer.int_x);
  const IntMatrix int_panels = in_panels<T>(layer.int_dz.transposed());
  const Index height = table.blocks.tile_rows, last_tile = (layer.n_in - 1) / height * height;
  // The last row of the last tile ends with the columns of X.
  const Index tiles_size = layer.d * last_tile + (layer.d - 1) * height + layer.n_in - last_tile;
  const Fenced<T> tiles = pool.operand<T>(1, tiles_size, dice);
  const Fenced<T> panels = pool.operand<T>(1, int_panels.cols, dice);
  const Fenced<T> gradient = pool.result<T>(1, expected.cols, dice);
  copy_ints(int_panels, panels.view());
  WeightGradientBlock<T> where{};
  where.x_tiles = dice.one_in(2) ? tiles.view().data : nullptr;
  where.dz_panels = dice.one_in(2) ? panels.view().data : nullptr;
  where.gradient = gradient.view().data;
  return !faults([&] {
    table.pack_tiles(layer.x.view(), 0, layer.n_in, tiles.view().data);
    weight_gradient<T>(table, layer, where);
  }) && is_right(gradient, expected);
}

// Names the first product that is wrong for the layer with this seed; empty if none is.
template <class T>
std::string wrong_product(const KernelTable<T>& table, FencedPool& pool, std::uint64_t seed) {
  pool.clear();
  Dice dice(seed);
  const RandomLayer<T> layer(table, pool, dice);
  const char* const wrong = !transpose_is_exact(table, layer, pool, dice)        ? "transpose"
                            : !forward_is_exact(table, layer, pool, dice)        ? "forward"
                            : !input_gradient_is_exact(table, layer, pool, dice) ? "input gradient"
                            : !weight_gradient_is_exact(table, layer, pool, dice)
                                ? "weight gradient"
                                : nullptr;
  if (wrong == nullptr) return "";
  return text(label(table), " seed=", seed, " d=", layer.d, " n_in=", layer.n_in,
              " n_out=", layer.n_out, ": ", wrong);
}

}  // namespace chainrule::test
