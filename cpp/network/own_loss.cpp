#include "network/own_loss.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "network/batch.hpp"

namespace chainrule {

namespace {

template <class T>
void check_derivatives(MatrixView<const T> gradient, Selection rows) {
  if (all_finite(gradient)) return;
  for (Index i = 0; i < gradient.rows; ++i)
    for (Index j = 0; j < gradient.cols; ++j)
      check(std::isfinite(gradient(i, j)),
            "loss: expected finite derivatives where the losses are ", "finite, got ",
            gradient(i, j), " in row ", rows.row(i), ", column ", j);
}

}  // namespace

template <class T>
double ask_own_loss(const Run<T>& run, const Examples<T>& examples, Selection rows, Index d,
                    double total) {
  const MatrixView<T> gradient = run.view(run.plan.output_gradient);
  T* losses = run.view(run.plan.losses).data;
  examples.own->ask(run.view(run.plan.y_hat), rows, losses, gradient);
  for (Index i = 0; i < rows.count; ++i) {
    const double w = weight_of_row(examples, rows.row(i));
    if (w == 0.0) {  // whatever the function says there
      losses[i] = T(0);
      std::fill_n(gradient.row(i), gradient.cols, T(0));
    }
    const auto scale = static_cast<T>(w / static_cast<double>(d));
    for (Index j = 0; j < gradient.cols; ++j) gradient(i, j) *= scale;
  }
  pad_rows(gradient);
  const double sum = weighted_loss_sum(run, examples, rows, total);
  if (std::isfinite(sum)) check_derivatives<T>(gradient, rows);
  return sum;
}

template double ask_own_loss(const Run<float>&, const Examples<float>&, Selection, Index, double);
template double ask_own_loss(const Run<double>&, const Examples<double>&, Selection, Index, double);

}  // namespace chainrule
