// How are the three products of a dense layer done? Blocks of tiles whose accumulators stay in
// cache, then what follows from them: bias and activation, slope, optimiser.

// Z = X W^T + b: rows are examples, lanes are outputs, k runs over inputs.
template <class T>
void forward(const ForwardBlock<T>& block) {
  alignas(64) T sums[kBlockPanels * kBlockRows * kLanes<T>];
  const Index rows = block.x.rows, n_in = block.x.cols;
  const BlockOfC<T> c{sums, rows * kLanes<T>};
  const RowsOfA<T> a{block.x.data, block.x.stride};
  const PanelsOfB<T> b{block.w, kLanes<T>, n_in * kLanes<T>};
  for (Index k = 0; k == 0 || k < n_in; k += kDepth)
    block_of_tiles<T>(a, rows, b, block.n_panels, k, n_in - k < kDepth ? n_in : k + kDepth, k == 0,
                      c);

  for (Index p = 0; p < block.n_panels; ++p) {
    T* z = sums + p * c.panel_stride;
    if (block.bias != nullptr) add_row(rows, z, block.bias + p * kLanes<T>);
    const MatrixView<T> z_view{z, rows, kLanes<T>, kLanes<T>};
    if (block.z != nullptr) copy_block<T>(z_view, block.z + p * kLanes<T>, block.z_stride);
    if (block.a == nullptr) continue;
    T* a_out = block.a + p * kLanes<T>;
    if (block.activation.kernels == nullptr)
      copy_block<T>(z_view, a_out, block.a_stride);
    else
      block.activation.kernels->forward(z_view, {a_out, rows, kLanes<T>, block.a_stride},
                                        block.activation.fields);
  }
}

// What happens to dA of one panel of examples, given as `da` (examples x inputs): slope and stores.
template <class T>
void finish_input_gradient(const InputGradientBlock<T>& block, Index example, MatrixView<T> da) {
  const Index padded = round_up(block.count, kLanes<T>);
  if (block.da.data != nullptr)
    copy_padded<T>(da, block.count, padded, block.da.row(example) + block.first, block.da.stride);
  if (block.dz.data == nullptr) return;
  if (block.activation.kernels != nullptr) {
    const auto part = [&](MatrixView<const T> m) {
      return MatrixView<const T>{m.data == nullptr ? nullptr : m.row(example) + block.first,
                                 da.rows, block.count, m.stride};
    };
    block.activation.kernels->backward(part(block.z_prev), part(block.a_prev), da, da,
                                       block.activation.fields);
  }
  copy_padded<T>(da, block.count, padded, block.dz.row(example) + block.first, block.dz.stride);
}

// dA^T = W^T dZ^T: rows are inputs, lanes are examples, k runs over outputs.
template <class T>
void input_gradient(const InputGradientBlock<T>& block) {
  alignas(64) T sums[kBlockPanels * kBlockRows * kLanes<T>];
  alignas(64) T transposed[kLanes<T> * kBlockRows];
  const BlockOfC<T> c{sums, block.count * kLanes<T>};
  const PanelsOfA<T> a{block.w + block.first * kLanes<T>, block.n_in * kLanes<T>};
  const PanelsOfB<T> b{block.dz_panels, kLanes<T>, block.n_out * kLanes<T>};
  for (Index k = 0; k < block.n_out; k += kDepth)
    block_of_tiles<T>(a, block.count, b, block.n_panels, k,
                      block.n_out - k < kDepth ? block.n_out : k + kDepth, k == 0, c);

  const Index examples = block.da.data != nullptr ? block.da.rows : block.dz.rows;
  for (Index p = 0; p < block.n_panels; ++p) {
    const Index example = p * kLanes<T>;
    const Index rows = examples - example < kLanes<T> ? examples - example : kLanes<T>;
    transpose_lanes(sums + p * c.panel_stride, block.count, transposed, kBlockRows);
    finish_input_gradient<T>(block, example, {transposed, rows, block.count, kBlockRows});
  }
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

// Examples k0 to k1 of the sums of some tiles and panels.
template <class T>
void add_examples(const WeightGradientBlock<T>& block, Index k0, Index k1, bool begin, T* sums) {
  const Index batch = block.x.rows, panel_size = block.count * kLanes<T>;
  for (Index p = 0; p < block.n_panels; p += kTilePanels) {
    const Index n_panels = block.n_panels - p < kTilePanels ? block.n_panels - p : kTilePanels;
    const Index panel = block.first_panel + p;
    const PanelsOfB<T> b =
        block.dz_panels != nullptr
            ? PanelsOfB<T>{block.dz_panels + (panel * batch + k0) * kLanes<T>, kLanes<T>,
                           batch * kLanes<T>}
            : PanelsOfB<T>{block.dz.row(k0) + panel * kLanes<T>, block.dz.stride, kLanes<T>};
    const BlockOfC<T> c{sums + p * panel_size, panel_size};
    if (block.x_tiles != nullptr)
      block_of_tiles<T>(PackedA<T>{block.x_tiles + block.first * batch + k0 * kTileRows, batch},
                        block.count, b, n_panels, 0, k1 - k0, begin, c);
    else
      block_of_tiles<T>(ColumnsOfA<T>{block.x.row(k0) + block.first, block.x.stride}, block.count,
                        b, n_panels, 0, k1 - k0, begin, c);
  }
}

// dW^T = X^T dZ: rows are inputs, lanes are outputs, k runs over the examples of a chunk; the sums
// of chunks are added in order.
template <class T>
void weight_gradient(const WeightGradientBlock<T>& block) {
  alignas(64) T total[kBlockPanels * kBlockRows * kLanes<T>];
  alignas(64) T chunk[kBlockPanels * kBlockRows * kLanes<T>];
  const Index panel_size = block.count * kLanes<T>;
  const Index batch = block.x.rows;
  for (Index start = 0; start < batch; start += kChunk) {
    const Index end = batch - start < kChunk ? batch : start + kChunk;
    for (Index k = start; k < end; k += kExampleDepth<T>)
      add_examples(block, k, end - k < kExampleDepth<T> ? end : k + kExampleDepth<T>, k == start,
                   start == 0 ? total : chunk);
    if (start > 0) add_into(block.n_panels * panel_size, chunk, total);
  }
  const Index n_in = block.x.cols;
  for (Index p = 0; p < block.n_panels; ++p) {
    const Index at = ((block.first_panel + p) * n_in + block.first) * kLanes<T>;
    const T* g = total + p * panel_size;
    if (block.gradient != nullptr) {
      copy(panel_size, g, block.gradient + at);
      continue;
    }
    T* slots[kMaxSlots];
    for (Index s = 0; s < block.n_slots; ++s) slots[s] = block.slots[s] + at;
    block.update(panel_size, g, block.w + at, block.w_next + at, slots, block.coefficients);
  }
}
