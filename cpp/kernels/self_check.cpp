#include "kernels/self_check.hpp"

#include <algorithm>

#include "base/aligned_buffer.hpp"
#include "base/thread_memory.hpp"
#include "kernels/panels.hpp"
#include "kernels/reference.hpp"

namespace chainrule {

namespace {

// Operands of a small layer: integers of at most 3 in magnitude, so that all sums are exact.
template <class T>
struct ExactLayer {
  static constexpr Index d = 33, n_in = 17, n_out = 19;
  static constexpr Index padded_in = round_up(n_in, kLanes<T>),
                         padded_out = round_up(n_out, kLanes<T>);
  AlignedBuffer<T> x{d * padded_in}, dz{d * padded_out}, w{n_out * n_in};
  AlignedBuffer<T> w_panels{panels_size<T>(n_out, n_in)};
  AlignedBuffer<T> w_transposed{panels_size<T>(n_in, n_out)};

  ExactLayer() {
    for (Index e = 0; e < d; ++e) {
      for (Index i = 0; i < n_in; ++i) x.data()[e * padded_in + i] = T((e * 5 + i * 3) % 7 - 3);
      for (Index o = 0; o < n_out; ++o) dz.data()[e * padded_out + o] = T((e * 3 + o * 2) % 7 - 3);
    }
    for (Index i = 0; i < n_out * n_in; ++i) w.data()[i] = T((i * 11) % 7 - 3);
    pack<T>(w_view(), w_panels.data());
  }
  MatrixView<const T> x_view() const { return {x.data(), d, n_in, padded_in}; }
  MatrixView<const T> dz_view() const { return {dz.data(), d, n_out, padded_out}; }
  MatrixView<const T> w_view() const { return {w.data(), n_out, n_in, n_in}; }
};

template <class T>
bool equal(MatrixView<const T> a, MatrixView<const T> b) {
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j)
      if (a(i, j) != b(i, j)) return false;
  return true;
}

// Z for the first rows of X.
template <class T>
bool forward_is_exact(const KernelTable<T>& table, const ExactLayer<T>& layer, Index rows) {
  constexpr Index n_out = ExactLayer<T>::n_out, stride = ExactLayer<T>::padded_out;
  const AlignedBuffer<T> got(rows * stride), expected(rows * n_out);
  ForwardBlock<T> block{};
  block.x = layer.x_view().rows_from(0, rows);
  block.w = layer.w_panels.data();
  block.n_panels = n_panels<T>(n_out);
  block.z = got.data();
  block.z_stride = stride;
  table.forward(block);
  const MatrixView<T> expected_z{expected.data(), rows, n_out, n_out};
  reference::forward<T>(block.x, layer.w_view(), nullptr, expected_z);
  return equal<T>({got.data(), rows, n_out, stride}, expected_z);
}

// dA_prev for the first rows of dZ.
template <class T>
bool input_gradient_is_exact(const KernelTable<T>& table, const ExactLayer<T>& layer, Index rows) {
  constexpr Index n_in = ExactLayer<T>::n_in, n_out = ExactLayer<T>::n_out,
                  stride = ExactLayer<T>::padded_in;
  const AlignedBuffer<T> got(rows * stride), expected(rows * n_in);
  for (Index p = 0; p < n_panels<T>(n_in); ++p)
    table.transpose_panel(layer.w_panels.data(), n_out, n_in, p,
                          layer.w_transposed.data() + p * n_out * kLanes<T>);
  InputGradientBlock<T> block{};
  block.dz = layer.dz_view().rows_from(0, rows);
  block.w_transposed = layer.w_transposed.data();
  block.count = n_in;
  block.da = {got.data(), rows, n_in, stride};
  table.input_gradient(block);
  const MatrixView<T> expected_da{expected.data(), rows, n_in, n_in};
  reference::input_gradient<T>(block.dz, layer.w_view(), expected_da);
  return equal<T>(block.da, expected_da);
}

template <class T>
bool weight_gradient_is_exact(const KernelTable<T>& table, const ExactLayer<T>& layer) {
  constexpr Index n_in = ExactLayer<T>::n_in, n_out = ExactLayer<T>::n_out;
  const AlignedBuffer<T> panels(panels_size<T>(n_out, n_in)), got(n_out * n_in),
      expected(n_out * n_in);
  for (Index p = 0; p < n_panels<T>(n_out); p += table.blocks.panels) {
    WeightGradientBlock<T> block{};
    block.x = layer.x_view();
    block.dz = layer.dz_view();
    block.first_panel = p;
    block.n_panels = std::min(table.blocks.panels, n_panels<T>(n_out) - p);
    block.count = n_in;
    block.gradient = panels.data();
    table.weight_gradient(block);
  }
  const MatrixView<T> dw{got.data(), n_out, n_in, n_in},
      expected_dw{expected.data(), n_out, n_in, n_in};
  unpack<T>(panels.data(), dw);
  reference::weight_gradient<T>(layer.dz_view(), layer.x_view(), expected_dw);
  return equal<T>(dw, expected_dw);
}

}  // namespace

template <class T>
bool products_are_exact(const KernelTable<T>& table) {
  reserve_block_memory();
  const ExactLayer<T> layer;
  // One and two rows have tiles of their own.
  for (const Index rows : {Index{1}, Index{2}, ExactLayer<T>::d})
    if (!forward_is_exact(table, layer, rows) || !input_gradient_is_exact(table, layer, rows))
      return false;
  return weight_gradient_is_exact(table, layer);
}

template bool products_are_exact(const KernelTable<float>&);
template bool products_are_exact(const KernelTable<double>&);

}  // namespace chainrule
