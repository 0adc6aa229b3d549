// How is a loss computed whose outputs meet each other? For one row, or for several short ones when
// V is a Column.

// Places that are null are not wanted.
template <class V>
struct LossRow {
  using Scalar = typename V::Scalar;
  Index n, n_terms;  // outputs, and what is averaged or added
  const Scalar* prediction;
  const Scalar* y;
  const Scalar* scale;  // one number, or one per term
  bool scale_per_term;
  Scalar* y_hat;
  Scalar* gradient;
  Scalar* element_losses;
};

template <class T>
LossRow<Vec<T>> row_of(const LossArguments<T>& rows, Index n_terms, Index i) {
  const auto row_or_null = [&](auto m) { return m.data == nullptr ? nullptr : m.row(i); };
  return {rows.prediction.cols,
          n_terms,
          rows.prediction.row(i),
          rows.y.row(i),
          row_or_null(rows.scale),
          rows.scale.cols > 1,
          row_or_null(rows.y_hat),
          row_or_null(rows.gradient),
          row_or_null(rows.element_losses)};
}

template <class T>
LossRow<Column<Vec<T>>> row_of(const LossArguments<T>& rows, Index n_terms, ShortRows<T>& columns) {
  return {rows.prediction.cols,
          n_terms,
          columns.prediction,
          columns.y,
          columns.scale,
          rows.scale.cols > 1,
          columns.y_hat,
          rows.gradient.data == nullptr ? nullptr : columns.gradient,
          rows.element_losses.data == nullptr ? nullptr : columns.terms};
}

// The sum of its terms, and everything that is wanted of a row.
template <class V>
using LossOfRow = typename V::Scalar (*)(const double* fields, const LossRow<V>& row);

// c times a gradient that is there already, in blocks of as many outputs as there are terms.
template <class V>
void scale_gradient(const LossRow<V>& row) {
  const Index k = row.n_terms;
  for (typename V::Scalar* g = row.gradient; g < row.gradient + row.n; g += k) {
    if (row.scale_per_term) {
      map_row<V>(k, g, [](V x, V c) { return x * c; }, g, row.scale);
    } else {
      const V c = spread<V>(*row.scale);
      map_row<V>(k, g, [&](V x) { return x * c; }, g);
    }
  }
}

// (y_hat - y) c
template <class V>
void plain_gradient(const LossRow<V>& row) {
  if (row.scale_per_term) {
    map_row<V>(
        row.n, row.gradient, [](V p, V t, V c) { return (p - t) * c; }, row.y_hat, row.y,
        row.scale);
  } else {
    const V c = spread<V>(*row.scale);
    map_row<V>(row.n, row.gradient, [&](V p, V t) { return (p - t) * c; }, row.y_hat, row.y);
  }
}

template <class F, bool fused, class V>
typename V::Scalar loss_of_row(const double* fields, const LossRow<V>& row) {
  const F loss = from_values<F>(fields);
  const bool with_gradient = row.gradient != nullptr;
  if constexpr (!fused) {
    if (with_gradient) {
      loss.template gradient_row<V>(row.n, row.prediction, row.y, row.gradient);
      scale_gradient(row);
    }
    return loss.template value_row<V>(row.n, row.prediction, row.y, row.element_losses);
  } else {
    const auto value = loss.template fused_row<V>(row.n, row.prediction, row.y, row.y_hat);
    if (!with_gradient) return value;
    if constexpr (requires {
                    loss.template fused_gradient_row<V>(0, row.y, row.y, row.gradient);
                  }) {
      loss.template fused_gradient_row<V>(row.n, row.y, row.y_hat, row.gradient);
      scale_gradient(row);
    } else {
      plain_gradient(row);
    }
    return value;
  }
}
