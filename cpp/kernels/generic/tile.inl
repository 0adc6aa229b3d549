// How is arithmetic done at the limit of the machine? The register tile: C += A B for a few rows of
// A and a few panels of B, whose accumulators never leave the registers.
//
// Every element of C is one chain of fma over increasing k, whatever the tile: that is what makes
// bits independent of tile, tier, thread and batch. B gives 64 bytes per panel and step of k. Where
// the rows of A come from is its type; prefetch(r0, rows, k0, k1) brings some of them nearer.

// A(r, k) = p[r * stride + k]: examples of a batch (forward, input gradient).
template <class T>
struct RowsOfA {
  const T* p;
  Index stride;
  CHAINRULE_INLINE const T* from(Index k, Index r0) const { return p + r0 * stride + k; }
  CHAINRULE_INLINE Index row_step() const { return stride; }
  static constexpr Index k_step(Index /*stride*/) { return 1; }
  CHAINRULE_INLINE void prefetch(Index r0, Index rows, Index k0, Index k1) const {
    for (Index r = r0; r < r0 + rows; ++r)
      for (Index k = k0; k < k1; k += kLanes<T>) __builtin_prefetch(from(k, r), 0, 2);
  }
};

// A(r, k) = p[k * stride + r]: inputs as rows, examples as k (weight gradient).
template <class T>
struct ColumnsOfA {
  const T* p;
  Index stride;
  CHAINRULE_INLINE const T* from(Index k, Index r0) const { return p + k * stride + r0; }
  static constexpr Index row_step() { return 1; }
  static constexpr Index k_step(Index stride) { return stride; }
  void prefetch(Index /*r0*/, Index /*rows*/, Index /*k0*/, Index /*k1*/) const {}
};

// The columns from a copy with kTileRows of them next to each other: A(r, k) of the tile that
// begins at row r0 is p[r0 * depth + k * kTileRows + r].
template <class T>
struct PackedA {
  const T* p;
  Index stride;  // depth
  CHAINRULE_INLINE const T* from(Index k, Index r0) const {
    return p + r0 * stride + k * kTileRows;
  }
  static constexpr Index row_step() { return 1; }
  static constexpr Index k_step(Index /*stride*/) { return kTileRows; }
  CHAINRULE_INLINE void prefetch(Index r0, Index /*rows*/, Index k0, Index k1) const {
    for (const T* line = from(k0, r0); line < from(k1, r0); line += kLanes<T>)
      __builtin_prefetch(line, 0, 2);
  }
};

// B(k, panel p, lane j) = data[p * panel_stride + k * k_stride + j]
template <class T>
struct PanelsOfB {
  const T* data;
  Index k_stride;
  Index panel_stride;
};

// C(row r, panel p, lane j) = data[p * panel_stride + r * kLanes + j]. At the end of the chain
// bias[p * kLanes + j] is added to it, if it is there. A chain that is done at once may be added to
// what is in C.
template <class T>
struct BlockOfC {
  T* data;
  Index panel_stride;
  const T* bias = nullptr;
  bool adds = false;

  void advance(Index n_panels) {
    data += n_panels * panel_stride;
    if (bias != nullptr) bias += n_panels * kLanes<T>;
  }
};

// Which part of the chains: from k0 to k1, which may be their begin (at +0) or their end.
struct Steps {
  Index k0, k1;
  bool begin, end;
};

// f(r, v) for every vector v of every row r of a tile.
template <int n_rows, int n_vecs, class F>
CHAINRULE_INLINE void for_each_vec(F f) {
  CHAINRULE_UNROLL
  for (int r = 0; r < n_rows; ++r) {
    CHAINRULE_UNROLL
    for (int v = 0; v < n_vecs; ++v) f(r, v);
  }
}

// Continues the chains of rows r0 .. r0 + n_rows.
template <int n_rows, int n_panels, class T, class A>
CHAINRULE_INLINE void tile(A a, Index r0, const PanelsOfB<T>& b, const Steps& steps,
                           const BlockOfC<T>& c) {
  using V = Vec<T>;
  constexpr int per_panel = static_cast<int>(kLanes<T> / V::width);
  constexpr int n_vecs = n_panels * per_panel;
  V sum[n_rows][n_vecs];
  const auto place = [&](int r, int v) {
    return c.data + (v / per_panel) * c.panel_stride + (r0 + r) * kLanes<T> +
           (v % per_panel) * V::width;
  };
  const auto each = [&](auto f) { for_each_vec<n_rows, n_vecs>(f); };
  if (steps.begin)
    each([&](int r, int v) { sum[r][v] = splat<V>(0); });
  else
    each([&](int r, int v) { sum[r][v] = load(place(r, v)); });

  const Index row_step = a.row_step(), k_step = A::k_step(a.stride);
  const T* pa = a.from(steps.k0, r0);
  const T* pb = b.data + steps.k0 * b.k_stride;
  // Counted down: one instruction less than up to k1, of two dozen.
  for (Index left = steps.k1 - steps.k0; left > 0; --left, pa += k_step, pb += b.k_stride) {
    V row_of_b[n_vecs];
    CHAINRULE_UNROLL
    for (int v = 0; v < n_vecs; ++v)
      row_of_b[v] = load(pb + (v / per_panel) * b.panel_stride + (v % per_panel) * V::width);
    CHAINRULE_UNROLL
    for (int r = 0; r < n_rows; ++r) {
      const V x = splat<V>(pa[r * row_step]);
      CHAINRULE_UNROLL
      for (int v = 0; v < n_vecs; ++v) sum[r][v] = fma(x, row_of_b[v], sum[r][v]);
    }
  }

  if (steps.end && c.bias != nullptr)
    each([&](int r, int v) { sum[r][v] = sum[r][v] + load(c.bias + v * V::width); });
  if (c.adds) each([&](int r, int v) { sum[r][v] = load(place(r, v)) + sum[r][v]; });
  each([&](int r, int v) { store(place(r, v), sum[r][v]); });
}

// What the next tiles read of B, brought nearer a few lines at a time between the tiles of now:
// weights of a wide layer come from far away, and nobody can wait for them at the limit of the
// machine.
template <class T>
class Ahead {
 public:
  // Nothing, or `n_lines` lines of 64 bytes from `next` on, in n_pieces pieces.
  Ahead() = default;
  Ahead(const T* next, Index n_lines, Index n_pieces)
      : next_(next), end_(next + n_lines * kLanes<T>), piece_(ceil_div(n_lines, n_pieces)) {}

  CHAINRULE_INLINE void fetch() {
    for (Index i = 0; i < piece_ && next_ != end_; ++i, next_ += kLanes<T>)
      __builtin_prefetch(next_, 0, 2);
  }

 private:
  const T* next_ = nullptr;
  const T* end_ = nullptr;
  Index piece_ = 0;
};

// Some steps of C = A B, for all rows of A and the panels that are still to be done.
template <class T, class A>
struct Product {
  A a;
  Index rows;
  Index n_panels;
  PanelsOfB<T> b;
  Steps steps;
  BlockOfC<T> c;
  // Rows that no panel has met yet are fetched one tile ahead: their pieces are too short for the
  // processor to see where they lead.
  bool new_rows = true;
};

// `n_tiles` tiles of the next panels below each other, from row r0 on.
template <int n_rows, int n_panels, class T, class A>
void tiles(const Product<T, A>& product, Index r0, Index n_tiles, Ahead<T>& ahead) {
  const A a = product.a;
  const Steps steps = product.steps;
  for (; n_tiles > 0; --n_tiles, r0 += n_rows) {
    const Index next = r0 + n_rows, rows = product.rows - next;
    if (product.new_rows && rows > 0)
      a.prefetch(next, rows < n_rows ? rows : n_rows, steps.k0, steps.k1);
    tile<n_rows, n_panels>(a, r0, product.b, steps, product.c);
    ahead.fetch();
  }
}

// tiles<height, n_panels>, for a height of 1 .. max_rows.
template <int max_rows, int n_panels, class T, class A>
void tiles_of_height(Index height, const Product<T, A>& product, Index r0, Index n_tiles,
                     Ahead<T>& ahead) {
  if constexpr (max_rows > 1)
    if (height < max_rows)
      return tiles_of_height<max_rows - 1, n_panels>(height, product, r0, n_tiles, ahead);
  tiles<max_rows, n_panels>(product, r0, n_tiles, ahead);
}

// All tiles of the next panels, of nearly equal height; packed rows lie in tiles of full height.
template <int n_panels, class T, class A>
void all_tiles(const Product<T, A>& product) {
  const Index rows = product.rows, n_tiles = ceil_div(rows, kTileRows);
  Ahead<T> ahead;
  // The steps of k of a panel lie next to each other where B is in panels.
  if (product.n_panels > n_panels && product.b.k_stride == kLanes<T>)
    ahead = {product.b.data + n_panels * product.b.panel_stride + product.steps.k0 * kLanes<T>,
             product.steps.k1 - product.steps.k0, n_tiles};
  const bool packed = std::is_same_v<A, PackedA<T>>;
  if (!packed && n_tiles == 1)  // without divisions, which few rows would notice
    return tiles_of_height<kTileRows, n_panels>(rows, product, 0, 1, ahead);
  const Index height = packed ? rows % kTileRows : rows / n_tiles;
  const Index higher = packed ? kTileRows : height + 1;
  const Index n_higher = packed ? rows / kTileRows : rows % n_tiles;
  if (n_higher > 0) tiles_of_height<kTileRows, n_panels>(higher, product, 0, n_higher, ahead);
  if (n_higher < n_tiles)
    tiles_of_height<kTileRows, n_panels>(height, product, n_higher * higher, n_tiles - n_higher,
                                         ahead);
}

// At most max_panels at a time. A product has exactly n_rows, or any number where that is
// kTileRows.
template <int n_rows, int max_panels, class T, class A>
void all_panels(Product<T, A>& product) {
  if constexpr (max_panels > 1)
    if (product.n_panels < max_panels) return all_panels<n_rows, max_panels - 1>(product);
  for (; product.n_panels >= max_panels; product.n_panels -= max_panels) {
    if constexpr (n_rows < kTileRows)
      tile<n_rows, max_panels>(product.a, 0, product.b, product.steps, product.c);
    else
      all_tiles<max_panels>(product);
    product.new_rows = false;
    product.b.data += max_panels * product.b.panel_stride;
    product.c.advance(max_panels);
  }
  if constexpr (max_panels > 1)
    if (product.n_panels > 0) all_panels<n_rows, max_panels - 1>(product);
}

// How many panels a tile of n_rows takes: few rows take more of them, since eight chains beside
// each other hide the latency of an FMA.
template <class T>
constexpr int panels_of_tile(int n_rows) {
  const int chains = n_rows * static_cast<int>(kLanes<T> / Vec<T>::width);
  const int panels = chains < 8 ? 8 / chains : 1;
  return panels < kTilePanels ? kTilePanels : panels;
}

// Some steps of C = A B.
template <class T, class A>
void block_of_tiles(A a, Index rows, const PanelsOfB<T>& b, Index panels, const Steps& steps,
                    const BlockOfC<T>& c) {
  Product<T, A> product{a, rows, panels, b, steps, c};
  if constexpr (std::is_same_v<A, RowsOfA<T>>) {
    if (rows == 1) return all_panels<1, panels_of_tile<T>(1)>(product);
    if (rows == 2) return all_panels<2, panels_of_tile<T>(2)>(product);
  }
  all_panels<kTileRows, kTilePanels>(product);
}
