// Which initialisers shape the weights of a unit or of a layer together? Most of a row zero, or all
// rows at right angles, scaled by data or not.
//
// With `fills_tensors`, fill() gives all units of a layer at once, row after row, and is called for
// the first one. With `scaled_by_data`, its rows or columns have length 1 until data scale them.
#pragma once

#include <cmath>
#include <span>
#include <tuple>
#include <vector>

#include "base/fields.hpp"
#include "base/orthonormalize.hpp"
#include "formulas/layer_unit.hpp"

namespace chainrule {

template <class F>
inline constexpr bool fills_tensors = requires { F::fills_tensors; };
template <class F>
inline constexpr bool scaled_by_data = requires { F::scaled_by_data; };

struct Sparse {
  static constexpr auto name = "sparse";
  static constexpr auto class_name = "Sparse";
  static constexpr auto doc =
      R"(Normally distributed, but zero for a part of the inputs, which each unit draws for itself.

.. math:: w \sim \mathcal{N}(0, \sigma^2) \text{ at } n_{in} - \lceil s \, n_{in} \rceil
          \text{ places, } \quad w = 0 \text{ elsewhere}

So the number of zeros is that of every unit, as in the reference; PyTorch's ``sparse_`` fixes that
of every input. A bias, one weight, is zero unless s is.)";
  static constexpr auto reference =
      "Martens (2010), Deep learning via Hessian-free optimization, section 5.";
  double sparsity = 0.1;
  double stddev = 0.01;
  static constexpr auto fields = std::make_tuple(
      Field{"sparsity", &Sparse::sparsity, from_to(0, 1), "part s of the weights that are zero"},
      Field{"stddev", &Sparse::stddev, at_least(0), "standard deviation sigma of the others"});

  // Weight j is zero if floor(word (n - j) / 2^32) is below the number of zeros still to place,
  // with the words of step 1: every choice of places is equally likely. Fan, Muller and Rezucha
  // (1962), Development of sampling plans, method 1.
  void fill(const LayerUnit& at, std::span<double> w) const {
    fill_normal(0, stddev, at, w);
    RandomStream choice = at.random;
    ++choice.step;
    const auto n = static_cast<Index>(w.size());
    auto n_zeros = static_cast<std::uint64_t>(std::ceil(sparsity * static_cast<double>(n)));
    for (Index j = 0; j < n; ++j) {
      const std::uint64_t word = choice.word(at.unit, j);
      if ((word * static_cast<std::uint64_t>(n - j)) >> 32 >= n_zeros) continue;
      w[static_cast<std::size_t>(j)] = 0;
      --n_zeros;
    }
  }
};

struct Orthogonal {
  static constexpr auto name = "orthogonal";
  static constexpr auto class_name = "Orthogonal";
  static constexpr auto doc =
      R"(Rows at right angles to each other, or columns where there are fewer of them.

.. math:: W W^T = g^2 I \quad (n_{out} \le n_{in}), \qquad W^T W = g^2 I \quad (n_{out} \ge n_{in})

So lengths are kept, times g, on the way forward or back. W is uniformly distributed among all such
matrices: Q of a matrix of normal numbers, R having a positive diagonal. Biases are one column.)";
  static constexpr auto reference =
      "Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning "
      "in deep linear neural networks.";
  static constexpr bool fills_tensors = true;
  double gain = 1.0;
  static constexpr auto fields =
      std::make_tuple(Field{"gain", &Orthogonal::gain, any(), "length g of the rows or columns"});

  void fill(const LayerUnit& first, std::span<double> w) const {
    const auto n_out = static_cast<Index>(first.fan_out);
    const Index n_in = static_cast<Index>(w.size()) / n_out;
    const MatrixView<double> rows{w.data(), n_out, n_in, n_in};
    for (Index o = 0; o < n_out; ++o)
      first.random.fill_normal(o, {rows.row(o), static_cast<std::size_t>(n_in)});
    if (n_out <= n_in) {
      orthonormalize_rows(rows);
    } else {
      std::vector<double> transposed(w.size());
      const MatrixView<double> columns{transposed.data(), n_in, n_out, n_out};
      for (Index o = 0; o < n_out; ++o)
        for (Index i = 0; i < n_in; ++i) columns(i, o) = rows(o, i);
      orthonormalize_rows(columns);
      for (Index o = 0; o < n_out; ++o)
        for (Index i = 0; i < n_in; ++i) rows(o, i) = columns(i, o);
    }
    for (double& value : w) value *= gain;
  }
};

struct Lsuv {
  static constexpr auto name = "lsuv";
  static constexpr auto class_name = "Lsuv";
  static constexpr auto doc =
      R"(Layer-sequential unit variance: orthogonal, then scaled by data, the first layer first.

.. math:: W \leftarrow \frac{W}{\sqrt{\operatorname{Var}(W A_{prev})}}

The variance is that over all rows and units, of what the layers before, scaled already, make of the
rows, as a training forward does. They are those of ``net.initialize(x)``, or of the first batch that
the network learns from. Until then W is that of ``orthogonal``, and only a W whose rows (or columns,
if there are fewer) still have length 1 is scaled; frozen layers are, too. Where nothing varies,
``net.initialize(x)`` raises, and a first batch leaves the layer as it is. Rows count alike, whatever
their weights. Before gradients of several machines are put together, call ``net.initialize(x)``. For
weights alone.)";
  static constexpr auto reference =
      "Mishkin and Matas (2016), All you need is a good init, algorithm 1.";
  static constexpr bool fills_tensors = true;
  static constexpr bool scaled_by_data = true;
  static constexpr auto fields = std::make_tuple();

  void fill(const LayerUnit& first, std::span<double> w) const { Orthogonal{}.fill(first, w); }
};

}  // namespace chainrule
