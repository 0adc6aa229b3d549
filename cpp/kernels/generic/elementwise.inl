// How are activations, optimisers and small moves applied to blocks in cache?

template <class T>
void copy(Index n, const T* from, T* to) {
  for (Index i = 0; i < n; i += Vec<T>::width) store(to + i, load(from + i));
}

template <class T>
void add_into(Index n, const T* from, T* to) {
  for (Index i = 0; i < n; i += Vec<T>::width) store(to + i, load(to + i) + load(from + i));
}

// Rows of kLanes elements: block(r, j) + row(j).
template <class T>
void add_row(Index rows, T* block, const T* row) {
  for (Index r = 0; r < rows; ++r) add_into(kLanes<T>, row, block + r * kLanes<T>);
}

// Rows of kLanes elements to rows `stride` apart.
template <class T>
void copy_block(MatrixView<const T> block, T* to, Index stride) {
  for (Index r = 0; r < block.rows; ++r) copy(kLanes<T>, block.row(r), to + r * stride);
}

// The first `cols` columns, then +0 up to `padded`; rows of `to` are `stride` apart.
template <class T>
void copy_padded(MatrixView<const T> from, Index cols, Index padded, T* to, Index stride) {
  for (Index r = 0; r < from.rows; ++r) {
    copy(padded, from.row(r), to + r * stride);
    for (Index j = cols; j < padded; ++j) to[r * stride + j] = 0;
  }
}

// to[lane * stride + i] = from[i * kLanes + lane] for i < count.
template <class T>
void transpose_lanes(const T* from, Index count, T* to, Index stride) {
  Index i = 0;
  for (; i + kSquare<T> <= count; i += kSquare<T>)
    for (Index lane = 0; lane < kLanes<T>; lane += kSquare<T>)
      transpose_square(from + i * kLanes<T> + lane, kLanes<T>, to + lane * stride + i, stride);
  for (; i < count; ++i)
    for (Index lane = 0; lane < kLanes<T>; ++lane)
      to[lane * stride + i] = from[i * kLanes<T> + lane];
}

template <class T>
void pack_panels(MatrixView<const T> m, T* panels) {
  for (Index first = 0; first < m.rows; first += kLanes<T>, panels += m.cols * kLanes<T>) {
    const Index rows = m.rows - first < kLanes<T> ? m.rows - first : kLanes<T>;
    Index k = 0;
    if (rows == kLanes<T>)
      for (; k + kSquare<T> <= m.cols; k += kSquare<T>)
        for (Index lane = 0; lane < kLanes<T>; lane += kSquare<T>)
          transpose_square(m.row(first + lane) + k, m.stride, panels + k * kLanes<T> + lane,
                           kLanes<T>);
    for (; k < m.cols; ++k)
      for (Index lane = 0; lane < kLanes<T>; ++lane)
        panels[k * kLanes<T> + lane] = lane < rows ? m(first + lane, k) : T(0);
  }
}

// Chunks of kChunk rows, one chain inside a chunk, chunk sums added in order.
template <class T>
void sum_rows(MatrixView<const T> m, T* sums) {
  using V = Vec<T>;
  for (Index j = 0; j < m.cols; j += kLanes<T>) {
    constexpr Index n = kLanes<T> / V::width;
    V total[n];
    for (Index v = 0; v < n; ++v) total[v] = splat<V>(0);
    for (Index start = 0; start < m.rows; start += kChunk) {
      const Index end = m.rows - start < kChunk ? m.rows : start + kChunk;
      V chunk[n];
      for (Index v = 0; v < n; ++v) chunk[v] = splat<V>(0);
      for (Index i = start; i < end; ++i)
        for (Index v = 0; v < n; ++v) chunk[v] = chunk[v] + load(m.row(i) + j + v * V::width);
      for (Index v = 0; v < n; ++v) total[v] = total[v] + chunk[v];
    }
    for (Index v = 0; v < n; ++v) store(sums + j + v * V::width, total[v]);
  }
}

template <class T, Vec<T> (*f)(Vec<T>)>
void apply_function(Index n, const T* x, T* y) {
  for (Index i = 0; i < n; i += Vec<T>::width) store(y + i, f(load(x + i)));
}

template <class F, class T>
void forward_short_rows(MatrixView<const T> z, MatrixView<T> a) {
  for_each_group<T>(z.rows, [&](Index first, Index count) {
    ColumnsOfRows<T> in, out;
    gather_columns(z, first, count, in);
    F::template forward_row<Column<Vec<T>>>(z.cols, in, out);
    scatter_columns(out, first, count, a);
  });
}

// Elementwise kernels work on padded rows.
template <class F, class T>
void activation_forward(MatrixView<const T> z, MatrixView<T> a, const T* /*fields*/) {
  using V = Vec<T>;
  if constexpr (F::row_wise) {
    if (z.cols <= kShortRow) return forward_short_rows<F>(z, a);
  }
  for (Index i = 0; i < z.rows; ++i) {
    if constexpr (F::row_wise) {
      F::template forward_row<V>(z.cols, z.row(i), a.row(i));
    } else {
      for (Index j = 0; j < z.cols; j += V::width)
        store(a.row(i) + j, F::forward(load(z.row(i) + j)));
    }
  }
}

template <class F, class T>
void activation_backward(MatrixView<const T> z, MatrixView<const T> a, MatrixView<const T> da,
                         MatrixView<T> dz, const T* /*fields*/) {
  using V = Vec<T>;
  for (Index i = 0; i < a.rows; ++i) {
    if constexpr (F::row_wise) {
      F::template backward_row<V>(a.cols, a.row(i), da.row(i), dz.row(i));
    } else {
      for (Index j = 0; j < a.cols; j += V::width) {
        const V output = load(a.row(i) + j);
        const V input = F::slope_needs_z ? load(z.row(i) + j) : output;
        store(dz.row(i) + j, load(da.row(i) + j) * F::slope(input, output));
      }
    }
  }
}

template <class F, class T>
void optimizer_update(Index n, const T* g, const T* w, T* w_next, T* const* slots,
                      const T* coefficients) {
  using V = Vec<T>;
  for (Index i = 0; i < n; i += V::width) {
    V slot[F::n_slots];
    for (Index s = 0; s < F::n_slots; ++s) slot[s] = load(slots[s] + i);
    const V next = F::update(load(w + i), load(g + i), slot, coefficients);
    for (Index s = 0; s < F::n_slots; ++s) store(slots[s] + i, slot[s]);
    store(w_next + i, next);
  }
}
