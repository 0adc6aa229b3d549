// How is a loss computed for rows of a batch? Value, gradient and, in the fused form, the
// prediction.

#include "kernels/generic/losses_of_short_rows.inl"
#include "kernels/generic/loss_of_elements.inl"
#include "kernels/generic/loss_of_row.inl"

// NaN is for others to find.
template <class T>
bool all_inside(const Interval& range, Index n, const T* p) {
  const T low = static_cast<T>(range.low), high = static_cast<T>(range.high);
  for (Index j = 0; j < n; ++j)
    if (p[j] < low || p[j] > high) return false;
  return true;
}

// The first row with a prediction outside the range, or -1.
template <class T>
Index refused_row(const Interval& range, MatrixView<const T> prediction) {
  if (range.low == -kInfinity && range.high == kInfinity) return -1;
  for (Index i = 0; i < prediction.rows; ++i)
    if (!all_inside(range, prediction.cols, prediction.row(i))) return i;
  return -1;
}

// What differs between the forms of the losses: the sum of the terms of a row, or of each row in
// columns, and what else is wanted; elementwise ones compute elements instead.
template <class T>
struct LossBody {
  bool is_fused, averages_outputs;
  Interval predictions;
  Index outputs_per_term;
  LossOfElements<T> of_elements = nullptr;
  LossOfRow<Vec<T>> of_row = nullptr;
  LossOfRow<Column<Vec<T>>> of_short_rows = nullptr;
};

// Whether outputs of a row meet each other.
template <class F, bool fused>
constexpr bool takes_rows = fused ? F::Matching::row_wise : is_row_wise<F>;

template <class F, bool fused, class T>
constexpr LossBody<T> loss_body() {
  LossBody<T> body{fused, F::averages_outputs, fused ? any() : F::predictions, 1};
  if constexpr (requires { F::outputs_per_term; }) body.outputs_per_term = F::outputs_per_term;
  if constexpr (takes_rows<F, fused>) {
    body.of_row = loss_of_row<F, fused, Vec<T>>;
    body.of_short_rows = loss_of_row<F, fused, Column<Vec<T>>>;
  } else {
    body.of_elements = loss_of_elements<F, fused, Vec<T>>;
  }
  return body;
}

// As many short rows at once as a Vec has lanes.
template <class T>
void losses_of_short_rows(const LossBody<T>& loss, Index n_terms, const LossArguments<T>& rows) {
  const Vec<T> divisor = splat<Vec<T>>(loss.averages_outputs ? static_cast<T>(n_terms) : T(1));
  ShortRows<T> columns;
  for_each_group<T>(rows.prediction.rows, [&](Index first, Index count) {
    gather(rows, first, count, columns);
    const Vec<T> sum = loss.of_elements != nullptr
                           ? elementwise_loss_of_short_rows(loss.of_elements, rows, columns)
                           : loss.of_short_rows(rows.fields, row_of(rows, n_terms, columns));
    columns.losses = sum / divisor;
    scatter(columns, rows, first, count, loss.is_fused);
  });
}

template <class T>
Index losses_of_rows(const LossBody<T>& loss, const LossArguments<T>& rows) {
  const Index n = rows.prediction.cols, n_terms = n / loss.outputs_per_term;
  const Index refused = refused_row(loss.predictions, rows.prediction);
  if (refused >= 0) return refused;
  if (n <= kShortRow && rows.y.cols <= kShortRow) {
    losses_of_short_rows(loss, n_terms, rows);
    return -1;
  }
  for (Index i = 0; i < rows.prediction.rows; ++i) {
    const T sum = loss.of_elements != nullptr
                      ? elementwise_loss_of_row(loss.of_elements, loss.is_fused, rows, i)
                      : loss.of_row(rows.fields, row_of(rows, n_terms, i));
    rows.losses[i] = loss.averages_outputs ? sum / static_cast<T>(n_terms) : sum;
  }
  if (rows.gradient.data != nullptr)
    clear_padding<T>({rows.gradient.data, rows.gradient.rows, n, rows.gradient.stride});
  return -1;
}

template <class F, bool fused, class T>
Index loss_rows(const LossArguments<T>& rows) {
  static constexpr LossBody<T> body = loss_body<F, fused, T>();
  return losses_of_rows(body, rows);
}
