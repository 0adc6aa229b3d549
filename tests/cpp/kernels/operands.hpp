// What do the three products of a dense layer read, and how are they run over all blocks of a
// layer?
#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/guarded.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/panels.hpp"
#include "kernels/tables.hpp"

namespace chainrule::test {

// X (d, n_in), dZ (d, n_out), W (n_out, n_in) and b, each (i, j) from draw(matrix, i, j). Rows
// begin at odd addresses, and NaN lies wherever the products must not read.
template <class T>
struct Operands {
  Index d, n_in, n_out, padded_out;
  Guarded<T> x, padded_dz, w, w_panels, w_transposed, bias;

  template <class F>
  Operands(Index d_, Index n_in_, Index n_out_, F draw)
      : d(d_),
        n_in(n_in_),
        n_out(n_out_),
        padded_out(round_up(n_out_, kLanes<T>)),
        x(d, n_in, n_in + 3, 1, std::nan("")),
        padded_dz(d, padded_out, padded_out + 5, 3, std::nan("")),
        w(n_out, n_in, n_in, 0, std::nan("")),
        w_panels(1, panels_size<T>(n_out, n_in), panels_size<T>(n_out, n_in), 1, std::nan("")),
        w_transposed(1, panels_size<T>(n_in, n_out), panels_size<T>(n_in, n_out), 1, std::nan("")),
        bias(1, padded_out, padded_out, 1, std::nan("")) {
    const auto from = [&](int matrix) {
      return [=](Index i, Index j) { return static_cast<T>(draw(matrix, i, j)); };
    };
    fill(x.view(), from(0));
    fill(padded_dz.view(), [](Index, Index) { return T(0); });
    fill(dz(), from(1));
    fill(w.view(), from(2));
    pack<T>(w.view(), w_panels.view().data);
    const Guarded<T> w_columns(n_in, n_out, n_out);
    fill(w_columns.view(), [&](Index i, Index o) { return w.view()(o, i); });
    pack<T>(w_columns.view(), w_transposed.view().data);
    fill(bias.view(), [&](Index i, Index j) { return j < n_out ? from(3)(i, j) : T(0); });
  }

  MatrixView<T> dz() const { return {padded_dz.view().data, d, n_out, padded_dz.view().stride}; }
};

// Whether all columns from `cols` on are +0.
template <class T>
bool padding_is_zero(MatrixView<T> m, Index cols) {
  for (Index i = 0; i < m.rows; ++i)
    for (Index j = cols; j < m.cols; ++j)
      if (m(i, j) != 0 || std::signbit(m(i, j))) return false;
  return true;
}

inline auto whole_numbers(std::uint64_t seed) {
  return [=](int matrix, Index i, Index j) {
    return Draw(seed + static_cast<std::uint64_t>(matrix)).whole(i, j);
  };
}
inline auto real_numbers(std::uint64_t seed) {
  return [=](int matrix, Index i, Index j) {
    return Draw(seed + static_cast<std::uint64_t>(matrix)).real(i, j);
  };
}

// f(first, count) for the parts of n of at most `size`, last first: blocks are independent.
template <class F>
void for_each_part(Index n, Index size, F f) {
  for (Index first = (n - 1) / size * size; first >= 0; first -= size)
    f(first, std::min(size, n - first));
}

// The layer has the members of Operands. z, a: (d, padded n_out), or null.
template <class T, class Layer>
void forward(const KernelTable<T>& table, const Layer& layer, const T* bias, MatrixView<T> z,
             MatrixView<T> a, ActivationCall<T> activation = {}) {
  for_each_part(layer.d, table.blocks.rows, [&](Index row, Index rows) {
    for_each_part(layer.padded_out / kLanes<T>, table.blocks.panels, [&](Index panel, Index n) {
      ForwardBlock<T> block{};
      block.x = layer.x.view().rows_from(row, rows);
      block.w = layer.w_panels.view().data + panel * layer.n_in * kLanes<T>;
      block.n_panels = n;
      block.bias = bias == nullptr ? nullptr : bias + panel * kLanes<T>;
      block.z = z.data == nullptr ? nullptr : z.row(row) + panel * kLanes<T>;
      block.z_stride = z.stride;
      block.a = a.data == nullptr ? nullptr : a.row(row) + panel * kLanes<T>;
      block.a_stride = a.stride;
      block.activation = activation;
      table.forward(block);
    });
  });
}

// da, dz: (d, padded n_in), or null; z_prev and a_prev likewise.
template <class T>
struct GradientOfInput {
  MatrixView<T> da, dz;
  MatrixView<const T> z_prev, a_prev;
  ActivationCall<T> activation;
};

template <class T, class Layer>
void input_gradient(const KernelTable<T>& table, const Layer& layer,
                    const GradientOfInput<T>& out) {
  const Index n = kLanes<T>, panel_size = layer.n_out * n;
  for_each_part(layer.d, table.blocks.rows, [&](Index row, Index rows) {
    for_each_part(n_panels<T>(layer.n_in), table.blocks.panels, [&](Index panel, Index panels) {
      const auto part = [&](auto m) {
        if (m.data == nullptr) return m;
        m = m.rows_from(row, rows);
        m.data += panel * n;
        return m;
      };
      InputGradientBlock<T> block{};
      block.dz = layer.dz().rows_from(row, rows);
      block.w_transposed = layer.w_transposed.view().data + panel * panel_size;
      block.count = std::min(panels * n, layer.n_in - panel * n);
      block.da = part(out.da);
      block.dz_prev = part(out.dz);
      block.z_prev = part(out.z_prev);
      block.a_prev = part(out.a_prev);
      block.activation = out.activation;
      table.input_gradient(block);
    });
  });
}

// `where` says what happens to the gradient; the rest of the block is set here.
template <class T, class Layer>
void weight_gradient(const KernelTable<T>& table, const Layer& layer,
                     WeightGradientBlock<T> where) {
  for_each_part(layer.padded_out / kLanes<T>, table.blocks.panels, [&](Index panel, Index n) {
    for_each_part(layer.n_in, table.blocks.rows, [&](Index first, Index count) {
      WeightGradientBlock<T> block = where;
      block.x = layer.x.view();
      block.dz = layer.padded_dz.view();
      block.first_panel = panel;
      block.n_panels = n;
      block.first = first;
      block.count = count;
      table.weight_gradient(block);
    });
  });
}

}  // namespace chainrule::test
