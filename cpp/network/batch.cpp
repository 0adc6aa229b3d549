#include "network/batch.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "network/chunks.hpp"

namespace chainrule {

template <class T>
Examples<T> Examples<T>::part(Index first, Index count) const {
  Examples cut = *this;
  cut.x = x.rows_from(first, count);
  if (y.data != nullptr) cut.y = y.rows_from(first, count);
  if (classes != nullptr) cut.classes = classes + first;
  if (weights.data != nullptr) cut.weights = weights.rows_from(first, count);
  return cut;
}

template <class T>
double mean_of_weights(const Examples<T>& examples) {
  if (examples.weights.data == nullptr) return 1.0;
  const double mean =
      weight_sum(examples, {nullptr, examples.rows()}) / static_cast<double>(examples.rows());
  check(mean > 0.0, "sample_weight: expected at least one weight above 0, got only zeros");
  return mean;
}

namespace {

// y(i, :) = row rows.row(i) of the targets, classes as rows with one 1.
template <class T>
void load_y(const Examples<T>& examples, Selection rows, MatrixView<T> y) {
  if (examples.classes == nullptr) {
    for (Index i = 0; i < rows.count; ++i) copy_row(examples.y.row(rows.row(i)), y.cols, y.row(i));
    return;
  }
  std::fill_n(y.data, rows.count * y.stride, T(0));
  for (Index i = 0; i < rows.count; ++i) {
    // They were in range when the call began; but their owner may have written to them since.
    const Index row = rows.row(i);
    const auto label = static_cast<Index>(examples.classes[row]);
    check(label >= 0 && label < y.cols, "y: expected classes in 0..", y.cols - 1, ", got ", label,
          " in row ", row, "; it has been changed since the call began");
    y(i, label) = T(1);
  }
}

}  // namespace

template <class T>
void load_targets(Run<T>& run, const Examples<T>& examples, Selection rows, Index union_rows) {
  const MatrixView<T> y = run.view(run.plan.y), scale = run.view(run.plan.scale);
  load_y(examples, rows, y);
  if (scale.data == nullptr) return;
  const double outputs = run.plan.loss_averages ? static_cast<double>(y.cols) : 1.0;
  const double s = run.plan.loss_gradient_factor / (static_cast<double>(union_rows) * outputs);
  for (Index i = 0; i < rows.count; ++i)
    for (Index j = 0; j < scale.cols; ++j) {
      const double w = examples.weights.data == nullptr
                           ? 1.0
                           : examples.weights(rows.row(i), j) / examples.mean_weight;
      scale(i, j) = static_cast<T>(w * s);
    }
}

template <class T>
double weighted_loss_sum(const Run<T>& run, const Examples<T>& examples, Selection rows,
                         double total) {
  const T* losses = run.view(run.plan.losses).data;
  const MatrixView<T> elements = run.view(run.plan.element_losses);
  return sum_in_chunks(rows.count, total, [&](Index i) {
    if (examples.weights.data == nullptr) return static_cast<double>(losses[i]);
    const double* w = examples.weights.row(rows.row(i));
    if (elements.data == nullptr) return *w / examples.mean_weight * static_cast<double>(losses[i]);
    double sum = 0.0;
    for (Index j = 0; j < elements.cols; ++j)
      sum += w[j] / examples.mean_weight * static_cast<double>(elements(i, j));
    return sum / static_cast<double>(elements.cols);
  });
}

template <class T>
double weight_sum(const Examples<T>& examples, Selection rows, double total) {
  const MatrixView<const double> w = examples.weights;
  if (w.data == nullptr) return total + static_cast<double>(rows.count);
  return sum_in_chunks(rows.count, total, [&](Index i) {
    double sum = 0.0;
    for (Index j = 0; j < w.cols; ++j) sum += w(rows.row(i), j) / examples.mean_weight;
    return sum / static_cast<double>(w.cols);
  });
}

#define CHAINRULE_INSTANTIATE(T)                                                           \
  template struct Examples<T>;                                                             \
  template double mean_of_weights(const Examples<T>&);                                     \
  template void load_targets(Run<T>&, const Examples<T>&, Selection, Index);               \
  template double weighted_loss_sum(const Run<T>&, const Examples<T>&, Selection, double); \
  template double weight_sum(const Examples<T>&, Selection, double);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
