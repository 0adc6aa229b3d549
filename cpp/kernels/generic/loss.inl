// How is a loss computed for rows of a batch? Value, gradient and, in the fused form, the
// prediction.

// One row, or several short ones when V is a Column. Places that are null are not wanted.
template <class V>
struct LossRow {
  using Scalar = typename V::Scalar;
  Index n;
  const Scalar* prediction;
  const Scalar* y;
  const Scalar* scale;  // one number, or one per output
  bool scale_per_output;
  Scalar* y_hat;
  Scalar* gradient;
  Scalar* element_losses;
};

// sum_j l_j; the terms are stored, too, if there is a place for them.
template <class F, bool fused, class V>
typename V::Scalar loss_value(const LossRow<V>& row) {
  const auto value = [](V p, V t) {
    if constexpr (fused)
      return F::fused_value(p, t);
    else
      return F::value(p, t);
  };
  if (row.element_losses == nullptr) return sum_row<V>(row.n, value, row.prediction, row.y);
  map_row<V>(row.n, row.element_losses, value, row.prediction, row.y);
  return sum_row<V>(row.n, [](V term) { return term; }, row.element_losses);
}

// dZ (fused) or dY_hat.
template <class F, bool fused, class V>
void loss_gradient(const LossRow<V>& row, const typename V::Scalar* y_hat) {
  const auto slope = [](V p, V t) {
    if constexpr (fused)
      return p - t;
    else
      return F::gradient(p, t);
  };
  if (row.scale_per_output) {
    map_row<V>(
        row.n, row.gradient, [&](V p, V t, V c) { return slope(p, t) * c; }, y_hat, row.y,
        row.scale);
  } else {
    const V c = spread<V>(*row.scale);
    map_row<V>(row.n, row.gradient, [&](V p, V t) { return slope(p, t) * c; }, y_hat, row.y);
  }
}

// Everything that is wanted of a row; returns l.
template <class F, bool fused, class V>
typename V::Scalar loss_row(const LossRow<V>& row) {
  typename V::Scalar value;
  if constexpr (fused && F::Matching::row_wise) {
    value = F::template fused_row<V>(row.n, row.prediction, row.y, row.y_hat);
  } else {
    value = loss_value<F, fused>(row);
    if constexpr (fused)
      map_row<V>(row.n, row.y_hat, [](V z) { return F::Matching::forward(z); }, row.prediction);
  }
  if (row.gradient != nullptr) loss_gradient<F, fused>(row, fused ? row.y_hat : row.prediction);
  if constexpr (F::averages_outputs) {
    const V average = spread<V>(value) / splat<V>(static_cast<typename V::Number>(row.n));
    alignas(64) typename V::Scalar first[V::width];
    store_part(first, average);
    return first[0];
  }
  return value;
}

template <class T>
bool all_in_unit_interval(Index n, const T* p) {
  for (Index j = 0; j < n; ++j)
    if (p[j] < T(0) || p[j] > T(1)) return false;
  return true;
}

// The first row whose prediction the loss refuses, or -1.
template <class F, bool fused, class T>
Index refused_row(MatrixView<const T> prediction) {
  if constexpr (!fused && F::needs_probabilities)
    for (Index i = 0; i < prediction.rows; ++i)
      if (!all_in_unit_interval(prediction.cols, prediction.row(i))) return i;
  return -1;
}

template <class F, bool fused, class T>
void loss_of_short_rows(const LossArguments<T>& rows, Index first, Index count) {
  using W = Vec<T>;
  ColumnsOfRows<T> prediction, y, scale, y_hat, gradient, element_losses;
  const Index n = rows.prediction.cols;
  const bool with_gradient = rows.gradient.data != nullptr;
  const bool with_elements = rows.element_losses.data != nullptr;
  gather_columns(rows.prediction, first, count, prediction);
  gather_columns(rows.y, first, count, y);
  if (with_gradient) gather_columns(rows.scale, first, count, scale);
  const W value = loss_row<F, fused>(LossRow<Column<W>>{
      n, prediction, y, scale, rows.scale.cols > 1, y_hat, with_gradient ? gradient : nullptr,
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
  const Index n = rows.prediction.cols;
  if (n <= kShortRow) {
    for_each_group<T>(rows.prediction.rows, [&](Index first, Index count) {
      loss_of_short_rows<F, fused>(rows, first, count);
    });
    return -1;
  }
  const auto row_or_null = [](auto m, Index i) { return m.data == nullptr ? nullptr : m.row(i); };
  for (Index i = 0; i < rows.prediction.rows; ++i) {
    T* gradient = row_or_null(rows.gradient, i);
    rows.losses[i] = loss_row<F, fused>(LossRow<Vec<T>>{
        n, rows.prediction.row(i), rows.y.row(i), row_or_null(rows.scale, i), rows.scale.cols > 1,
        row_or_null(rows.y_hat, i), gradient, row_or_null(rows.element_losses, i)});
    if (gradient != nullptr)
      for (Index j = n; j < round_up(n, kLanes<T>); ++j) gradient[j] = 0;
  }
  return -1;
}
