// What do the losses of several short rows read and write?

template <class T>
struct ShortRows {
  ColumnsOfRows<T> prediction, y, scale, y_hat, gradient, terms;
  Vec<T> losses;
};

// The elements of columns; loads and stores may alias them.
template <class T>
T* lanes(ColumnsOfRows<T>& columns) {
  return reinterpret_cast<T*>(columns);
}

template <class T>
void gather(const LossArguments<T>& rows, Index first, Index count, ShortRows<T>& columns) {
  gather_columns(rows.prediction, first, count, columns.prediction);
  gather_columns(rows.y, first, count, columns.y);
  if (rows.gradient.data != nullptr) gather_columns(rows.scale, first, count, columns.scale);
}

// +0 behind the columns of the gradient.
template <class T>
void scatter(ShortRows<T>& columns, const LossArguments<T>& rows, Index first, Index count,
             bool fused) {
  const Index n = rows.prediction.cols, padded = round_up(n, kLanes<T>);
  alignas(64) T losses[Vec<T>::width];
  store(losses, columns.losses);
  for (Index r = 0; r < count; ++r) rows.losses[first + r] = losses[r];
  if (fused) scatter_columns(columns.y_hat, first, count, rows.y_hat);
  if (rows.element_losses.data != nullptr)
    scatter_columns(columns.terms, first, count, rows.element_losses);
  if (rows.gradient.data == nullptr) return;
  for (Index j = n; j < padded; ++j) columns.gradient[j] = splat<Vec<T>>(0);
  scatter_columns(columns.gradient, first, count,
                  {rows.gradient.data, rows.gradient.rows, padded, rows.gradient.stride});
}
