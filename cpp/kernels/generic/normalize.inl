// How are activations normalised and scaled? By rows, whose sums go in virtual lanes, or by
// columns, whose sums go in chunks of examples (rows.inl, elementwise.inl); matrices have padded
// rows.

// a_j = (z_j - mean z) inverse, inverse = 1 / sqrt(mean (z - mean z)^2 + epsilon)
template <class V>
void normalize_row(Index n, const typename V::Scalar* z, typename V::Scalar epsilon,
                   typename V::Scalar* a, typename V::Scalar* inverse) {
  using T = typename V::Scalar;
  const V count = splat<V>(static_cast<T>(n));
  const V mean = splat<V>(sum_row<V>(n, [](V x) { return x; }, z)) / count;
  const auto squared = [&](V x) { return (x - mean) * (x - mean); };
  const V variance = splat<V>(sum_row<V>(n, squared, z)) / count;
  const V factor = splat<V>(1) / sqrt(variance + splat<V>(epsilon));
  map_row<V>(n, a, [&](V x) { return (x - mean) * factor; }, z);
  *inverse = first_of(factor);
}

template <class T>
void normalize_rows(MatrixView<const T> z, T epsilon, MatrixView<T> a, T* inverse) {
  for (Index i = 0; i < z.rows; ++i)
    normalize_row<Vec<T>>(z.cols, z.row(i), epsilon, a.row(i), inverse + i);
  clear_padding(a);
}

// dz_j = inverse (da_j - mean da - a_j mean (a da))
template <class T>
void normalize_rows_backward(MatrixView<const T> a, MatrixView<const T> da, const T* inverse,
                             MatrixView<T> dz) {
  using V = Vec<T>;
  const V count = splat<V>(static_cast<T>(a.cols));
  const auto product = [](V x, V g) { return x * g; };
  for (Index i = 0; i < a.rows; ++i) {
    const V mean = splat<V>(sum_row<V>(a.cols, [](V g) { return g; }, da.row(i))) / count;
    const V along = splat<V>(sum_row<V>(a.cols, product, a.row(i), da.row(i))) / count;
    const V factor = splat<V>(inverse[i]);
    map_row<V>(
        a.cols, dz.row(i), [&](V x, V g) { return (g - mean - x * along) * factor; }, a.row(i),
        da.row(i));
  }
  clear_padding(dz);
}

// out_ij = f(j, in_ij, ...) where f loads what belongs to the columns from j on.
template <class T, class F, class... In>
CHAINRULE_INLINE void map_columns(MatrixView<T> out, F f, const In&... in) {
  for (Index i = 0; i < out.rows; ++i)
    for (Index j = 0; j < out.cols; j += Vec<T>::width)
      store(out.row(i) + j, f(j, load(in.row(i) + j)...));
}

// a_ij = (z_ij - mean_j) inverse_j
template <class T>
void normalize_columns(MatrixView<const T> z, const T* mean, const T* inverse, MatrixView<T> a) {
  using V = Vec<T>;
  map_columns(a, [&](Index j, V x) { return (x - load(mean + j)) * load(inverse + j); }, z);
}

// dz_ij = inverse_j (da_ij - mean_j - a_ij along_j)
template <class T>
void normalize_columns_backward(MatrixView<const T> a, MatrixView<const T> da, const T* mean,
                                const T* along, const T* inverse, MatrixView<T> dz) {
  using V = Vec<T>;
  map_columns(
      dz,
      [&](Index j, V x, V g) {
        return (g - load(mean + j) - x * load(along + j)) * load(inverse + j);
      },
      a, da);
}

// a_ij = w_j z_ij + b_j, or without b.
template <class T>
void scale_columns(MatrixView<const T> z, const T* w, const T* b, MatrixView<T> a) {
  using V = Vec<T>;
  if (b == nullptr)
    map_columns(a, [&](Index j, V x) { return load(w + j) * x; }, z);
  else
    map_columns(a, [&](Index j, V x) { return load(w + j) * x + load(b + j); }, z);
}

template <class T>
void rescale(MatrixView<const T> z, T factor, T offset, MatrixView<T> a) {
  using V = Vec<T>;
  map_columns(a, [&](Index, V x) { return splat<V>(factor) * x + splat<V>(offset); }, z);
  clear_padding(a);
}
