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
void load_y(const Examples<T>& examples, Selection rows, Index n_targets, MatrixView<T> y) {
  if (examples.classes == nullptr) {
    for (Index i = 0; i < rows.count; ++i)
      copy_row(examples.y.row(rows.row(i)), n_targets, y.row(i));
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

template <class T>
void smooth(const LossForm& form, Index rows, MatrixView<T> y) {
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < y.cols; ++j)
      y(i, j) = static_cast<T>((1.0 - form.smoothing) * static_cast<double>(y(i, j)) +
                               form.smoothing * form.smooth_target);
}

// Each target for each of its outputs, then the levels of the outputs.
template <class T>
void spread_over_levels(const LossForm& form, Index rows, MatrixView<T> y) {
  const auto each = std::ssize(form.levels);
  for (Index i = 0; i < rows; ++i)
    for (Index j = form.n_outputs; j-- > 0;) {
      y(i, j) = y(i, j / each);
      y(i, form.n_outputs + j) = static_cast<T>(form.levels[static_cast<std::size_t>(j % each)]);
    }
}

// The weight of a term, of which there are as many for each target.
template <class T>
double weight_of(const Examples<T>& examples, const LossForm& form, Index row, Index term) {
  const Index column = examples.weights.cols > 1 ? term * form.n_targets / form.n_terms : Index{0};
  return examples.weights(row, column) / examples.mean_weight;
}

}  // namespace

template <class T>
void load_targets(Run<T>& run, const Examples<T>& examples, Selection rows, Index union_rows) {
  const LossForm& form = run.plan.loss_form;
  const MatrixView<T> y = run.view(run.plan.y), scale = run.view(run.plan.scale);
  load_y(examples, rows, form.n_targets, y);
  if (form.smoothing > 0.0) smooth(form, rows.count, y);
  if (!form.levels.empty()) spread_over_levels(form, rows.count, y);
  if (scale.data == nullptr) return;
  const double terms = form.averages_outputs ? static_cast<double>(form.n_terms) : 1.0;
  const double s = form.gradient_factor / (static_cast<double>(union_rows) * terms);
  for (Index i = 0; i < rows.count; ++i)
    for (Index j = 0; j < scale.cols; ++j) {
      const double w =
          examples.weights.data == nullptr ? 1.0 : weight_of(examples, form, rows.row(i), j);
      scale(i, j) = static_cast<T>(w * s);
    }
}

template <class T>
double weighted_loss_sum(const Run<T>& run, const Examples<T>& examples, Selection rows,
                         double total) {
  const LossForm& form = run.plan.loss_form;
  const T* losses = run.view(run.plan.losses).data;
  const MatrixView<T> elements = run.view(run.plan.element_losses);
  return sum_in_chunks(rows.count, total, [&](Index i) {
    if (examples.weights.data == nullptr) return static_cast<double>(losses[i]);
    const Index row = rows.row(i);
    if (elements.data == nullptr)
      return weight_of(examples, form, row, 0) * static_cast<double>(losses[i]);
    double sum = 0.0;
    for (Index j = 0; j < elements.cols; ++j)
      sum += weight_of(examples, form, row, j) * static_cast<double>(elements(i, j));
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
