// What does a run learn from? Examples, their targets and weights, as the caller holds them, and
// the rows of them that make the batch.
#pragma once

#include <cstdint>

#include "network/execution.hpp"
#include "network/own_loss.hpp"

namespace chainrule {

// Targets are rows (d, k), or classes (d) that stand for rows with a single 1. Weights are (d, 1)
// or (d, k), relative: a weight of `mean_weight` counts as 1. No data means that all weights are 1.
// A loss of the caller's has its targets itself, and weights (d, 1).
template <class T>
struct Examples {
  MatrixView<const T> x;
  MatrixView<const T> y;
  const std::int64_t* classes = nullptr;
  MatrixView<const double> weights;
  double mean_weight = 1.0;
  OwnLoss<T>* own = nullptr;

  Index rows() const { return x.rows; }
  bool weights_per_output() const { return weights.data != nullptr && weights.cols > 1; }
  // The first `count` examples from `first` on.
  Examples part(Index first, Index count) const;
};

// The mean of all weights, in float64; 1 without weights. std::invalid_argument if all are 0.
template <class T>
double mean_of_weights(const Examples<T>& examples);

// The weight of an example whose outputs have no weights of their own.
template <class T>
double weight_of_row(const Examples<T>& examples, Index row) {
  if (examples.weights.data == nullptr) return 1.0;
  return examples.weights(row, 0) / examples.mean_weight;
}

// Which rows of the examples make a batch: `indices`, or the first ones in order.
struct Selection {
  const std::int64_t* indices = nullptr;
  Index count = 0;

  Index row(Index i) const { return indices == nullptr ? i : static_cast<Index>(indices[i]); }
};

// Writes targets and, where the plan wants gradients, c_i = w_i s into the workspace; s = 1/D or
// 1/(D m) times the factor of the loss.
template <class T>
void load_targets(Run<T>& run, const Examples<T>& examples, Selection rows, Index union_rows);

// total + sum_i w_i l_i over the batch in float64, chunks of kChunk rows from its start.
template <class T>
double weighted_loss_sum(const Run<T>& run, const Examples<T>& examples, Selection rows,
                         double total = 0.0);

// total + sum_i w_i of the rows (row means of weights per output).
template <class T>
double weight_sum(const Examples<T>& examples, Selection rows, double total = 0.0);

}  // namespace chainrule
