// How is a loss computed for rows of a batch? Value, gradient and, in the fused form, the
// prediction.

// sum_j l_j of one row; the terms are stored, too, if there is a place for them.
template <class F, bool fused, class T>
T loss_value_row(Index n, const T* prediction, const T* y, T* element_losses) {
  using V = Vec<T>;
  const auto value = [](V p, V t) {
    if constexpr (fused)
      return F::fused_value(p, t);
    else
      return F::value(p, t);
  };
  if (element_losses == nullptr) return sum_row<V>(n, value, prediction, y);
  map_row<V>(n, element_losses, value, prediction, y);
  return sum_row<V>(n, [](V term) { return term; }, element_losses);
}

// dZ (fused) or dY_hat of one row, padding +0.
template <class F, bool fused, class T>
void loss_gradient_row(Index n, const T* y_hat, const T* y, const T* scale, bool per_output,
                       T* gradient) {
  using V = Vec<T>;
  const auto slope = [](V p, V t) {
    if constexpr (fused)
      return p - t;
    else
      return F::gradient(p, t);
  };
  if (per_output) {
    map_row<V>(n, gradient, [&](V p, V t, V c) { return slope(p, t) * c; }, y_hat, y, scale);
  } else {
    const V c = splat<V>(*scale);
    map_row<V>(n, gradient, [&](V p, V t) { return slope(p, t) * c; }, y_hat, y);
  }
  for (Index j = n; j < round_up(n, kLanes<T>); ++j) gradient[j] = 0;
}

template <class T>
bool all_in_unit_interval(Index n, const T* p) {
  for (Index j = 0; j < n; ++j)
    if (p[j] < T(0) || p[j] > T(1)) return false;
  return true;
}

template <class F, bool fused, class T>
Index loss_rows(const LossArguments<T>& rows) {
  using V = Vec<T>;
  const Index n = rows.prediction.cols;
  const bool per_output = rows.scale.cols > 1;
  for (Index i = 0; i < rows.prediction.rows; ++i) {
    const T* prediction = rows.prediction.row(i);
    const T* y_hat = prediction;
    const T* y = rows.y.row(i);
    if constexpr (!fused && F::needs_probabilities)
      if (!all_in_unit_interval(n, prediction)) return i;
    T value;
    if constexpr (fused && F::Matching::row_wise) {
      value = F::template fused_row<V>(n, prediction, y, rows.y_hat.row(i));
    } else {
      T* element_losses =
          rows.element_losses.data == nullptr ? nullptr : rows.element_losses.row(i);
      value = loss_value_row<F, fused>(n, prediction, y, element_losses);
      if constexpr (fused)
        activation_forward<typename F::Matching, T>({prediction, 1, n, n},
                                                    {rows.y_hat.row(i), 1, n, n}, nullptr);
    }
    if constexpr (fused) y_hat = rows.y_hat.row(i);
    rows.losses[i] = F::averages_outputs ? value / static_cast<T>(n) : value;
    if (rows.gradient.data != nullptr)
      loss_gradient_row<F, fused>(n, y_hat, y, rows.scale.row(i), per_output, rows.gradient.row(i));
  }
  return -1;
}
