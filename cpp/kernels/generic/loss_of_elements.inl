// How is a loss computed whose outputs do not meet each other? Its formula is compiled once, for
// whole Vecs of elements, whether they are neighbours in a row or in columns of short rows.

// Places that are null are not wanted.
template <class V>
struct LossElements {
  using Scalar = typename V::Scalar;
  Index n;  // a multiple of V::width
  const Scalar* prediction;
  const Scalar* y;
  const Scalar* scale;  // a V for all of them, or as many as there are elements
  bool scale_per_element;
  Scalar* y_hat;  // in the fused form
  Scalar* terms;
  Scalar* gradient;

  LossElements from(Index first) const {
    const auto moved = [&](auto p) { return p == nullptr ? nullptr : p + first; };
    return {n - first,         moved(prediction),
            moved(y),          scale_per_element ? moved(scale) : scale,
            scale_per_element, moved(y_hat),
            moved(terms),      moved(gradient)};
  }
};

// terms_j = l_j, and the gradient by the prediction times the scale.
template <class F, bool fused, class V>
void loss_of_elements(const double* fields, const LossElements<V>& elements) {
  const F loss = from_values<F>(fields);
  const LossElements<V> e = elements;  // which no store can change
  for (Index j = 0; j < e.n; j += V::width) {
    const V p = load_part<V>(e.prediction + j), t = load_part<V>(e.y + j);
    V y_hat = p;
    if constexpr (fused) {
      y_hat = F::Matching::forward(p);
      store_part(e.y_hat + j, y_hat);
      store_part(e.terms + j, loss.fused_value(p, t));
    } else {
      store_part(e.terms + j, loss.value(p, t));
    }
    if (e.gradient == nullptr) continue;
    const V c = load_part<V>(e.scale + (e.scale_per_element ? j : 0));
    if constexpr (!fused)
      store_part(e.gradient + j, loss.gradient(p, t) * c);
    else if constexpr (requires { loss.fused_gradient(p, t); })
      store_part(e.gradient + j, loss.fused_gradient(p, t) * c);
    else
      store_part(e.gradient + j, (y_hat - t) * c);
  }
}

template <class T>
using LossOfElements = void (*)(const double* fields, const LossElements<Vec<T>>& elements);

// Any number of elements: the last ones, which fill no Vec, by way of copies.
template <class T>
void compute_elements(LossOfElements<T> loss, const double* fields, const LossElements<Vec<T>>& e) {
  using V = Vec<T>;
  constexpr Index width = V::width;
  const Index rest = e.n % width;
  if (rest == 0) return loss(fields, e);
  LossElements<V> whole = e;
  whole.n -= rest;
  loss(fields, whole);
  const LossElements<V> last = e.from(whole.n);
  alignas(64) T prediction[width]{}, y[width]{}, scale[width], y_hat[width], terms[width],
      gradient[width];
  for (Index j = 0; j < rest; ++j) {
    prediction[j] = last.prediction[j];
    y[j] = last.y[j];
  }
  if (last.gradient != nullptr)
    for (Index j = 0; j < width; ++j)
      scale[j] = last.scale[last.scale_per_element && j >= rest ? 0 : j];
  loss(fields, {width, prediction, y, scale, last.scale_per_element, y_hat, terms,
                last.gradient == nullptr ? nullptr : gradient});
  for (Index j = 0; j < rest; ++j) {
    last.terms[j] = terms[j];
    if (last.y_hat != nullptr) last.y_hat[j] = y_hat[j];
    if (last.gradient != nullptr) last.gradient[j] = gradient[j];
  }
}

// One row, in pieces whose terms stay in L1; returns l.
template <class T>
T elementwise_loss_of_row(LossOfElements<T> loss, bool is_fused, const LossArguments<T>& rows,
                          Index i) {
  using V = Vec<T>;
  constexpr Index kPiece = 16 * kVirtualLanes;
  alignas(64) T terms[kPiece], scale[V::width];
  const Index n = rows.prediction.cols;
  const bool scale_per_element = rows.scale.cols > 1;
  if (rows.scale.data != nullptr) store(scale, splat<V>(*rows.scale.row(i)));
  const auto from = [&](auto m, Index first) {
    return m.data == nullptr ? nullptr : m.row(i) + first;
  };
  Lanes<V> sum = all_lanes<V>(Lanes<V>::n, 0);
  for (Index first = 0; first < n; first += kPiece) {
    const Index count = n - first < kPiece ? n - first : kPiece;
    compute_elements(
        loss, rows.fields,
        {count, from(rows.prediction, first), from(rows.y, first),
         scale_per_element ? from(rows.scale, first) : scale, scale_per_element,
         is_fused ? from(rows.y_hat, first) : nullptr, terms, from(rows.gradient, first)});
    add_to_lanes(sum, count, terms);
    if (rows.element_losses.data != nullptr)
      for (Index j = 0; j < count; ++j) rows.element_losses(i, first + j) = terms[j];
  }
  return fold_sum(sum, Lanes<V>::n);
}

template <class T>
Vec<T> elementwise_loss_of_short_rows(LossOfElements<T> loss, const LossArguments<T>& rows,
                                      ShortRows<T>& columns) {
  using V = Vec<T>;
  const Index n = rows.prediction.cols;
  loss(rows.fields,
       {n * V::width, lanes(columns.prediction), lanes(columns.y), lanes(columns.scale),
        rows.scale.cols > 1, lanes(columns.y_hat), lanes(columns.terms),
        rows.gradient.data == nullptr ? nullptr : lanes(columns.gradient)});
  return sum_row<Column<V>>(n, [](Column<V> term) { return term; }, columns.terms);
}
