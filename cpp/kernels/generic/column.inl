// How are short rows computed? As many at once as a Vec has lanes: a Column is one element of each
// of them, and takes the place of a Vec in whatever is written for one row. The operations are the
// same, in the same order, and so are the bits. Here are those that losses and row-wise activations
// use; a formula that uses another one needs it here, too.

template <class W>
struct Column {
  using Scalar = W;                   // what a row has at one place, for all rows
  using Number = typename W::Scalar;  // of one row
  static constexpr Index width = 1;
  W v;
};

template <class V>
inline constexpr bool is_column = false;
template <class W>
inline constexpr bool is_column<Column<W>> = true;

// A constant; where a Vec has its own splat, a Column takes that of its Vec.
template <class V>
CHAINRULE_INLINE V splat(typename V::Number x)
  requires is_column<V>
{
  return {splat<decltype(V::v)>(x)};
}

// A scalar of the row (the sum, the largest element) beside each of its elements.
template <class V>
CHAINRULE_INLINE V spread(typename V::Scalar x) {
  if constexpr (is_column<V>)
    return {x};
  else
    return splat<V>(x);
}

// A field of a formula, rounded once.
template <class V>
CHAINRULE_INLINE V constant(double x) {
  return splat<V>(static_cast<typename V::Number>(x));
}

template <class V>
CHAINRULE_INLINE V load_part(const typename V::Scalar* p) {
  if constexpr (is_column<V>)
    return {*p};
  else
    return load(p);
}

template <class V>
CHAINRULE_INLINE void store_part(typename V::Scalar* p, V x) {
  if constexpr (is_column<V>)
    *p = x.v;
  else
    store(p, x);
}

// Of numbers that are all the same.
template <class V>
CHAINRULE_INLINE typename V::Scalar first_of(V x) {
  alignas(64) typename V::Scalar all[V::width];
  store_part(all, x);
  return all[0];
}

template <class W>
CHAINRULE_INLINE Column<W> operator+(Column<W> a, Column<W> b) {
  return {a.v + b.v};
}
template <class W>
CHAINRULE_INLINE Column<W> operator-(Column<W> a, Column<W> b) {
  return {a.v - b.v};
}
template <class W>
CHAINRULE_INLINE Column<W> operator*(Column<W> a, Column<W> b) {
  return {a.v * b.v};
}
template <class W>
CHAINRULE_INLINE Column<W> operator/(Column<W> a, Column<W> b) {
  return {a.v / b.v};
}
template <class W>
CHAINRULE_INLINE Column<W> operator-(Column<W> a) {
  return {-a.v};
}
template <class W>
CHAINRULE_INLINE auto less(Column<W> a, Column<W> b) {
  return less(a.v, b.v);
}
template <class W>
CHAINRULE_INLINE auto less_equal(Column<W> a, Column<W> b) {
  return less_equal(a.v, b.v);
}
template <class W>
CHAINRULE_INLINE auto equal(Column<W> a, Column<W> b) {
  return equal(a.v, b.v);
}
template <class M, class W>
CHAINRULE_INLINE Column<W> select(M mask, Column<W> a, Column<W> b) {
  return {select(mask, a.v, b.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> sqrt(Column<W> x) {
  return {sqrt(x.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> exp(Column<W> x) {
  return {exp(x.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> log(Column<W> x) {
  return {log(x.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> log1p(Column<W> x) {
  return {log1p(x.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> tanh(Column<W> x) {
  return {tanh(x.v)};
}
template <class W>
CHAINRULE_INLINE Column<W> sigmoid(Column<W> x) {
  return {sigmoid(x.v)};
}

// Rows that fit into the virtual lanes of one row sum are short.
inline constexpr Index kShortRow = 16;

template <class T>
using ColumnsOfRows = Vec<T>[kShortRow];

// Whether square transposes fit into a Vec of rows.
template <class T>
inline constexpr bool kHasSquares = Vec<T>::width % kSquare<T> == 0;

// columns[j] = element j of `count` rows from `first` on; lanes without a row repeat the last one.
template <class T>
void gather_columns(MatrixView<const T> rows, Index first, Index count, ColumnsOfRows<T>& columns) {
  constexpr Index width = Vec<T>::width;
  alignas(64) T lanes[kShortRow * width];
  Index j = 0;
  if (kHasSquares<T> && count == width)
    for (; j + kSquare<T> <= rows.cols; j += kSquare<T>)
      for (Index r = 0; r < width; r += kSquare<T>)
        transpose_square(rows.row(first + r) + j, rows.stride, lanes + j * width + r, width);
  for (; j < rows.cols; ++j)
    for (Index r = 0; r < width; ++r)
      lanes[j * width + r] = rows(first + (r < count ? r : count - 1), j);
  for (j = 0; j < rows.cols; ++j) columns[j] = load(lanes + j * width);
}

// The way back, for the first rows.cols columns.
template <class T>
void scatter_columns(const ColumnsOfRows<T>& columns, Index first, Index count,
                     MatrixView<T> rows) {
  constexpr Index width = Vec<T>::width;
  alignas(64) T lanes[kShortRow * width];
  for (Index j = 0; j < rows.cols; ++j) store(lanes + j * width, columns[j]);
  Index j = 0;
  if (kHasSquares<T> && count == width)
    for (; j + kSquare<T> <= rows.cols; j += kSquare<T>)
      for (Index r = 0; r < width; r += kSquare<T>)
        transpose_square(lanes + j * width + r, width, rows.row(first + r) + j, rows.stride);
  for (; j < rows.cols; ++j)
    for (Index r = 0; r < count; ++r) rows(first + r, j) = lanes[j * width + r];
}

// f(first, count) for groups of as many rows as a Vec has lanes.
template <class T, class F>
CHAINRULE_INLINE void for_each_group(Index rows, F f) {
  constexpr Index width = Vec<T>::width;
  for (Index first = 0; first < rows; first += width)
    f(first, rows - first < width ? rows - first : width);
}
