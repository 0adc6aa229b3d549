// How are the three products of a dense layer done? Blocks of tiles whose accumulators stay in
// cache, then what follows from them: bias and activation, slope, optimiser.

// sums = A B^T (+ bias) for rows of A and B in panels, k over all columns of A.
template <class T>
BlockOfC<T> rows_by_panels(MatrixView<const T> a, const T* b, Index n_panels, const T* bias,
                           T* sums) {
  const BlockOfC<T> c{sums, a.rows * kLanes<T>, bias};
  const Index depth = a.cols;
  for (Index k = 0; k == 0 || k < depth; k += kDepth) {
    const bool end = depth - k <= kDepth;
    block_of_tiles<T>(RowsOfA<T>{a.data, a.stride}, a.rows,
                      PanelsOfB<T>{b, kLanes<T>, depth * kLanes<T>}, n_panels,
                      {k, end ? depth : k + kDepth, k == 0, end}, c);
  }
  return c;
}

// Where a block's sums stand.
static_assert(kBlockPanels * kBlockRows * kPanelBytes <= kBlockBytes);
template <class T>
T* block_sums() {
  return reinterpret_cast<T*>(block_memory());
}

// Z = X W^T + b: rows are examples, lanes are outputs, k runs over inputs.
template <class T>
void forward(const ForwardBlock<T>& block) {
  const BlockOfC<T> c =
      rows_by_panels<T>(block.x, block.w, block.n_panels, block.bias, block_sums<T>());
  Index rows = block.x.rows, n_panels = block.n_panels;
  Index z_stride = block.z_stride, a_stride = block.a_stride;
  if (rows == 1) {  // whose panels lie one after the other, as the rows of a single panel do
    rows = n_panels;
    n_panels = 1;
    z_stride = a_stride = kLanes<T>;
  }
  for (Index p = 0; p < n_panels; ++p) {
    const MatrixView<T> z{c.data + p * c.panel_stride, rows, kLanes<T>, kLanes<T>};
    if (block.z != nullptr) copy_block<T>(z, block.z + p * kLanes<T>, z_stride);
    if (block.a == nullptr) continue;
    T* a = block.a + p * kLanes<T>;
    if (block.activation.kernels == nullptr)
      copy_block<T>(z, a, a_stride);
    else
      block.activation.kernels->forward(z, {a, rows, kLanes<T>, a_stride}, block.activation.fields);
  }
}

// dA = dZ W: rows are examples, lanes are inputs, k runs over outputs.
template <class T>
void input_gradient(const InputGradientBlock<T>& block) {
  const Index rows = block.dz.rows, n_panels = ceil_div(block.count, kLanes<T>);
  const BlockOfC<T> c =
      rows_by_panels<T>(block.dz, block.w_transposed, n_panels, nullptr, block_sums<T>());
  for (Index p = 0; p < n_panels; ++p) {
    const MatrixView<T> da{c.data + p * c.panel_stride, rows, kLanes<T>, kLanes<T>};
    const auto panel = [&](auto m) {
      if (m.data != nullptr) m.data += p * kLanes<T>;
      m.cols = kLanes<T>;
      return m;
    };
    if (block.da.data != nullptr) copy_block<T>(da, panel(block.da).data, block.da.stride);
    if (block.dz_prev.data == nullptr) continue;
    if (block.activation.kernels == nullptr)
      copy_block<T>(da, panel(block.dz_prev).data, block.dz_prev.stride);
    else
      block.activation.kernels->backward(panel(block.z_prev), panel(block.a_prev), da,
                                         panel(block.dz_prev), block.activation.fields);
  }
  // What 0 times an infinite dZ, or a slope at 0, has left there.
  if (block.da.data != nullptr)
    clear_padding<T>({block.da.data, rows, block.count, block.da.stride});
  if (block.dz_prev.data != nullptr)
    clear_padding<T>({block.dz_prev.data, rows, block.count, block.dz_prev.stride});
}

// Some rows at a time, which stay in L1 while the tiles take their columns.
template <class T>
void pack_tiles(MatrixView<const T> x, Index first, Index count, T* tiles) {
  constexpr Index kRows = 64;
  for (Index start = 0; start < x.rows; start += kRows) {
    const Index end = x.rows - start < kRows ? x.rows : start + kRows;
    for (Index r = first; r < first + count; r += kTileRows) {
      const Index width = first + count - r < kTileRows ? first + count - r : kTileRows;
      T* to = tiles + r * x.rows + start * kTileRows;
      for (Index e = start; e < end; ++e, to += kTileRows)
        if (width == kTileRows)
          __builtin_memcpy(to, x.row(e) + r, kTileRows * sizeof(T));
        else
          for (Index i = 0; i < width; ++i) to[i] = x(e, r + i);
    }
  }
}

// The sums over examples k0 .. k1 of some tiles and panels.
template <class T>
void sum_examples(const WeightGradientBlock<T>& block, Index k0, Index k1, const BlockOfC<T>& c) {
  const Index batch = block.x.rows, panel = block.first_panel;
  const Steps steps{0, k1 - k0, true, true};
  const PanelsOfB<T> b =
      block.dz_panels != nullptr
          ? PanelsOfB<T>{block.dz_panels + (panel * batch + k0) * kLanes<T>, kLanes<T>,
                         batch * kLanes<T>}
          : PanelsOfB<T>{block.dz.row(k0) + panel * kLanes<T>, block.dz.stride, kLanes<T>};
  if (block.x_tiles != nullptr)
    block_of_tiles<T>(PackedA<T>{block.x_tiles + block.first * batch + k0 * kTileRows, batch},
                      block.count, b, block.n_panels, steps, c);
  else
    block_of_tiles<T>(ColumnsOfA<T>{block.x.row(k0) + block.first, block.x.stride}, block.count, b,
                      block.n_panels, steps, c);
}

// dW^T = X^T dZ: rows are inputs, lanes are outputs, k runs over the examples of a chunk; the sums
// of chunks are added in order. A chunk of dZ of a panel takes 16 KiB.
template <class T>
void weight_gradient(const WeightGradientBlock<T>& block) {
  T* const total = block_sums<T>();
  const Index panel_size = block.count * kLanes<T>;
  const Index batch = block.x.rows, n_in = block.x.cols;
  const auto place_of = [&](Index p) {
    return ((block.first_panel + p) * n_in + block.first) * kLanes<T>;
  };
  for (Index p = 0; block.goes_on && p < block.n_panels; ++p)
    copy(panel_size, block.gradient + place_of(p), total + p * panel_size);
  for (Index start = 0; start < batch; start += kChunk) {
    const Index end = batch - start < kChunk ? batch : start + kChunk;
    const bool adds = start > 0 || block.goes_on;
    sum_examples(block, start, end, BlockOfC<T>{total, panel_size, nullptr, adds});
  }
  for (Index p = 0; p < block.n_panels; ++p) {
    const Index at = place_of(p);
    T* g = total + p * panel_size;
    if (block.gradient != nullptr) {
      copy(panel_size, g, block.gradient + at);
      continue;
    }
    if (block.l1 != 0 || block.l2 != 0)
      add_penalty(panel_size, block.w + at, block.l1, block.l2, g);
    T* slots[kMaxSlots] = {};
    for (Index s = 0; s < block.n_slots; ++s)
      if (block.slots[s] != nullptr) slots[s] = block.slots[s] + at;
    block.update(panel_size, g, block.w + at, block.w_next + at, slots, block.coefficients);
  }
}
