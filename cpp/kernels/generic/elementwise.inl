// How are activations, optimisers and small moves applied to blocks in cache?

template <class T>
void copy(Index n, const T* from, T* to) {
  for (Index i = 0; i < n; i += Vec<T>::width) store(to + i, load(from + i));
}

// Rows of kLanes elements to rows `stride` apart.
template <class T>
void copy_block(MatrixView<const T> block, T* to, Index stride) {
  for (Index r = 0; r < block.rows; ++r) copy(kLanes<T>, block.row(r), to + r * stride);
}

// +0 behind the columns of each row, up to the next multiple of kLanes.
template <class T>
void clear_padding(MatrixView<T> m) {
  const Index padded = round_up(m.cols, kLanes<T>);
  if (padded == m.cols) return;
  for (Index i = 0; i < m.rows; ++i)
    for (Index j = m.cols; j < padded; ++j) m(i, j) = 0;
}

// kLanes inputs by kLanes outputs are one piece of memory in W and in W^T.
template <class T>
void transpose_panel(const T* w, Index n_out, Index n_in, Index panel, T* transposed) {
  const Index first = panel * kLanes<T>, inputs = n_in - first;
  for (Index o = 0; o < n_out; o += kSquare<T>)
    for (Index i = 0; i < kLanes<T>; i += kSquare<T>) {
      const T* from =
          w + o / kLanes<T> * n_in * kLanes<T> + (first + i) * kLanes<T> + o % kLanes<T>;
      T* to = transposed + o * kLanes<T> + i;
      if (i + kSquare<T> <= inputs && o + kSquare<T> <= n_out) {
        transpose_square(from, kLanes<T>, to, kLanes<T>);
        continue;
      }
      for (Index lane = 0; lane < kSquare<T>; ++lane)
        for (Index j = 0; j < kSquare<T> && o + j < n_out; ++j)
          to[j * kLanes<T> + lane] = i + lane < inputs ? from[lane * kLanes<T> + j] : T(0);
    }
}

// sums_j = sum over `rows` rows of term(i, j): chunks of kChunk rows, one chain inside a chunk,
// chunk sums added in order, and to what is in there if it goes on.
template <class T, class F>
CHAINRULE_INLINE void sum_columns(Index rows, Index cols, bool goes_on, T* sums, F term) {
  using V = Vec<T>;
  for (Index j = 0; j < cols; j += kLanes<T>) {
    constexpr Index n = kLanes<T> / V::width;
    V total[n];
    for (Index v = 0; v < n; ++v) total[v] = goes_on ? load(sums + j + v * V::width) : splat<V>(0);
    for (Index start = 0; start < rows; start += kChunk) {
      const Index end = rows - start < kChunk ? rows : start + kChunk;
      V chunk[n];
      for (Index v = 0; v < n; ++v) chunk[v] = splat<V>(0);
      for (Index i = start; i < end; ++i)
        for (Index v = 0; v < n; ++v) chunk[v] = chunk[v] + term(i, j + v * V::width);
      for (Index v = 0; v < n; ++v) total[v] = total[v] + chunk[v];
    }
    for (Index v = 0; v < n; ++v) store(sums + j + v * V::width, total[v]);
  }
}

template <class T>
void sum_rows(MatrixView<const T> m, bool goes_on, T* sums) {
  sum_columns(m.rows, m.cols, goes_on, sums, [&](Index i, Index j) { return load(m.row(i) + j); });
}

template <class T>
void sum_products(MatrixView<const T> a, MatrixView<const T> b, bool goes_on, T* sums) {
  sum_columns(a.rows, a.cols, goes_on, sums,
              [&](Index i, Index j) { return load(a.row(i) + j) * load(b.row(i) + j); });
}

template <class T>
void sum_squares(MatrixView<const T> m, const T* centre, T* sums) {
  sum_columns(m.rows, m.cols, false, sums, [&](Index i, Index j) {
    const Vec<T> distance = load(m.row(i) + j) - load(centre + j);
    return distance * distance;
  });
}

template <class T, Vec<T> (*f)(Vec<T>)>
void apply_function(Index n, const T* x, T* y) {
  for (Index i = 0; i < n; i += Vec<T>::width) store(y + i, f(load(x + i)));
}

template <class F, class T>
void forward_short_rows(const F& f, MatrixView<const T> z, MatrixView<T> a) {
  for_each_group<T>(z.rows, [&](Index first, Index count) {
    ColumnsOfRows<T> in, out;
    gather_columns(z, first, count, in);
    f.template forward_row<Column<Vec<T>>>(z.cols, in, out);
    scatter_columns(out, first, count, a);
  });
}

// Elementwise kernels work on padded rows.
template <class F, class T>
void activation_forward(MatrixView<const T> z, MatrixView<T> a, const T* fields) {
  using V = Vec<T>;
  const F f = from_values<F>(fields);
  if constexpr (F::row_wise) {
    if (z.rows > 1 && z.cols <= kShortRow) return forward_short_rows(f, z, a);
  }
  for (Index i = 0; i < z.rows; ++i) {
    if constexpr (F::row_wise) {
      f.template forward_row<V>(z.cols, z.row(i), a.row(i));
    } else {
      for (Index j = 0; j < z.cols; j += V::width)
        if constexpr (has_slopes<F>)
          store(a.row(i) + j, F::forward(load(z.row(i) + j), load(fields + j)));
        else
          store(a.row(i) + j, f.forward(load(z.row(i) + j)));
    }
  }
}

template <class F, class T>
void activation_backward(MatrixView<const T> z, MatrixView<const T> a, MatrixView<const T> da,
                         MatrixView<T> dz, const T* fields) {
  using V = Vec<T>;
  const F f = from_values<F>(fields);
  for (Index i = 0; i < a.rows; ++i) {
    if constexpr (F::row_wise) {
      f.template backward_row<V>(a.cols, a.row(i), da.row(i), dz.row(i));
    } else {
      for (Index j = 0; j < a.cols; j += V::width) {
        const V second = load(has_slopes<F> ? fields + j : a.row(i) + j);
        const V input = F::slope_needs_z ? load(z.row(i) + j) : second;
        store(dz.row(i) + j, load(da.row(i) + j) * f.slope(input, second));
      }
    }
  }
}

template <class T>
void add(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> sum) {
  for (Index i = 0; i < sum.rows; ++i)
    for (Index j = 0; j < sum.cols; j += Vec<T>::width)
      store(sum.row(i) + j, load(a.row(i) + j) + load(b.row(i) + j));
}

template <class T>
void add_penalty(Index n, const T* w, T l1, T l2, T* g) {
  using V = Vec<T>;
  for (Index i = 0; i < n; i += V::width) {
    const V x = load(w + i);
    store(g + i, fma(splat<V>(l1), sign_of(x), fma(splat<V>(l2), x, load(g + i))));
  }
}

// Written as e + (beta - 1)(e - w), an average that equals w keeps its bits, the sign of 0 too.
template <class T>
void move_average(Index n, const T* w, T factor, T* e) {
  using V = Vec<T>;
  for (Index i = 0; i < n; i += V::width) {
    const V average = load(e + i);
    store(e + i, fma(splat<V>(factor), average - load(w + i), average));
  }
}

template <class F, class T>
void slope_products(MatrixView<const T> z, MatrixView<const T> da, MatrixView<T> products) {
  for (Index i = 0; i < z.rows; ++i)
    for (Index j = 0; j < z.cols; j += Vec<T>::width)
      store(products.row(i) + j, load(da.row(i) + j) * F::by_slope(load(z.row(i) + j)));
}

// Slots that an optimiser does not use with its fields are null.
template <class F, class T>
CHAINRULE_INLINE bool has_slot(T* const* slots, Index s) {
  if constexpr (requires { &F::uses_slot; })
    return s < F::n_slots_always || slots[s] != nullptr;
  else
    return true;
}

// Pointers and coefficients are copied: for all that the compiler knows, a store could change the
// caller's, and it would load them anew for each vector.
template <class F, class T>
void optimizer_update(Index n, const T* g, const T* w, T* w_next, T* const* given_slots,
                      const T* given_coefficients) {
  using V = Vec<T>;
  T* slots[F::n_slots];
  T coefficients[F::n_coefficients];
  for (Index s = 0; s < F::n_slots; ++s) slots[s] = given_slots[s];
  for (Index c = 0; c < F::n_coefficients; ++c) coefficients[c] = given_coefficients[c];
  for (Index i = 0; i < n; i += V::width) {
    V slot[F::n_slots];
    for (Index s = 0; s < F::n_slots; ++s)
      slot[s] = has_slot<F>(slots, s) ? load(slots[s] + i) : splat<V>(0);
    const V next = F::update(load(w + i), load(g + i), slot, coefficients);
    for (Index s = 0; s < F::n_slots; ++s)
      if (has_slot<F>(slots, s)) store(slots[s] + i, slot[s]);
    store(w_next + i, next);
  }
}
