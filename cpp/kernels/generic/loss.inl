// How is a loss computed for rows of a batch? Value, gradient and, in the fused form, the
// prediction.

// One row, or several short ones when V is a Column. Places that are null are not wanted.
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

// sum_j l_j; the terms are stored, too, if there is a place for them.
template <bool fused, class F, class V>
typename V::Scalar loss_value(const F& loss, const LossRow<V>& row) {
  const auto value = [&](V p, V t) {
    if constexpr (fused)
      return loss.fused_value(p, t);
    else
      return loss.value(p, t);
  };
  if (row.element_losses == nullptr) return sum_row<V>(row.n, value, row.prediction, row.y);
  map_row<V>(row.n, row.element_losses, value, row.prediction, row.y);
  return sum_row<V>(row.n, [](V term) { return term; }, row.element_losses);
}

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

// slope(in_j, y_j) c
template <class V, class Slope>
void store_gradient(const LossRow<V>& row, Slope slope, const typename V::Scalar* in) {
  if (row.scale_per_term) {
    map_row<V>(
        row.n, row.gradient, [&](V p, V t, V c) { return slope(p, t) * c; }, in, row.y, row.scale);
  } else {
    const V c = spread<V>(*row.scale);
    map_row<V>(row.n, row.gradient, [&](V p, V t) { return slope(p, t) * c; }, in, row.y);
  }
}

// dY_hat
template <class F, class V>
void general_gradient(const F& loss, const LossRow<V>& row) {
  if constexpr (is_row_wise<F>) {
    loss.template gradient_row<V>(row.n, row.prediction, row.y, row.gradient);
    scale_gradient(row);
  } else {
    store_gradient(row, [&](V p, V t) { return loss.gradient(p, t); }, row.prediction);
  }
}

// dZ
template <class F, class V>
void fused_gradient(const F& loss, const LossRow<V>& row) {
  if constexpr (requires { loss.template fused_gradient_row<V>(0, row.y, row.y, row.gradient); }) {
    loss.template fused_gradient_row<V>(row.n, row.y, row.y_hat, row.gradient);
    scale_gradient(row);
  } else if constexpr (requires(V z) { loss.fused_gradient(z, z); }) {
    store_gradient(row, [&](V z, V t) { return loss.fused_gradient(z, t); }, row.prediction);
  } else {
    store_gradient(row, [](V p, V t) { return p - t; }, row.y_hat);
  }
}

// Everything that is wanted of a row; returns l.
template <bool fused, class F, class V>
typename V::Scalar loss_row(const F& loss, const LossRow<V>& row) {
  typename V::Scalar value;
  if constexpr (fused && F::Matching::row_wise) {
    value = loss.template fused_row<V>(row.n, row.prediction, row.y, row.y_hat);
  } else if constexpr (is_row_wise<F>) {
    value = loss.template value_row<V>(row.n, row.prediction, row.y, row.element_losses);
  } else {
    value = loss_value<fused>(loss, row);
    if constexpr (fused)
      map_row<V>(row.n, row.y_hat, [](V z) { return F::Matching::forward(z); }, row.prediction);
  }
  if (row.gradient != nullptr) {
    if constexpr (fused)
      fused_gradient(loss, row);
    else
      general_gradient(loss, row);
  }
  if constexpr (F::averages_outputs)
    return first_of(spread<V>(value) / splat<V>(static_cast<typename V::Number>(row.n_terms)));
  return value;
}

// NaN is for others to find.
template <class T>
bool all_inside(const Interval& range, Index n, const T* p) {
  const T low = static_cast<T>(range.low), high = static_cast<T>(range.high);
  for (Index j = 0; j < n; ++j)
    if (p[j] < low || p[j] > high) return false;
  return true;
}

// The first row whose prediction the loss refuses, or -1.
template <class F, bool fused, class T>
Index refused_row(MatrixView<const T> prediction) {
  if constexpr (!fused && F::predictions.low > -kInfinity)
    for (Index i = 0; i < prediction.rows; ++i)
      if (!all_inside(F::predictions, prediction.cols, prediction.row(i))) return i;
  return -1;
}

template <bool fused, class F, class T>
void loss_of_short_rows(const F& loss, const LossArguments<T>& rows, Index first, Index count) {
  using W = Vec<T>;
  ColumnsOfRows<T> prediction, y, scale, y_hat, gradient, element_losses;
  const Index n = rows.prediction.cols;
  const bool with_gradient = rows.gradient.data != nullptr;
  const bool with_elements = rows.element_losses.data != nullptr;
  gather_columns(rows.prediction, first, count, prediction);
  gather_columns(rows.y, first, count, y);
  if (with_gradient) gather_columns(rows.scale, first, count, scale);
  const W value = loss_row<fused>(
      loss, LossRow<Column<W>>{n, terms_of<F>(n), prediction, y, scale, rows.scale.cols > 1, y_hat,
                               with_gradient ? gradient : nullptr,
                               with_elements ? element_losses : nullptr});
  alignas(64) T losses[W::width];
  store(losses, value);
  for (Index r = 0; r < count; ++r) rows.losses[first + r] = losses[r];
  if constexpr (fused) scatter_columns(y_hat, first, count, rows.y_hat);
  if (with_elements) scatter_columns(element_losses, first, count, rows.element_losses);
  if (!with_gradient) return;
  const Index padded = round_up(n, kLanes<T>);
  for (Index j = n; j < padded; ++j) gradient[j] = splat<W>(0);
  scatter_columns(gradient, first, count,
                  {rows.gradient.data, rows.gradient.rows, padded, rows.gradient.stride});
}

template <class F, bool fused, class T>
Index loss_rows(const LossArguments<T>& rows) {
  const Index refused = refused_row<F, fused>(rows.prediction);
  if (refused >= 0) return refused;
  const F loss = from_values<F>(rows.fields);
  const Index n = rows.prediction.cols;
  if (n <= kShortRow && rows.y.cols <= kShortRow) {
    for_each_group<T>(rows.prediction.rows, [&](Index first, Index count) {
      loss_of_short_rows<fused>(loss, rows, first, count);
    });
    return -1;
  }
  const auto row_or_null = [](auto m, Index i) { return m.data == nullptr ? nullptr : m.row(i); };
  for (Index i = 0; i < rows.prediction.rows; ++i) {
    T* gradient = row_or_null(rows.gradient, i);
    rows.losses[i] =
        loss_row<fused>(loss, LossRow<Vec<T>>{n, terms_of<F>(n), rows.prediction.row(i),
                                              rows.y.row(i), row_or_null(rows.scale, i),
                                              rows.scale.cols > 1, row_or_null(rows.y_hat, i),
                                              gradient, row_or_null(rows.element_losses, i)});
    if (gradient != nullptr)
      for (Index j = n; j < round_up(n, kLanes<T>); ++j) gradient[j] = 0;
  }
  return -1;
}
