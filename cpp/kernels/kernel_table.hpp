// What can the processor be asked to do? The contract of every kernel: one table per tier and type.
//
// Matrices are row-major with one example per row; kLanes<T> elements are one panel lane group (64
// bytes). "Padded" rows may be read and written up to the next multiple of kLanes. Kernels work on
// one block, whose size the caller chooses within `blocks`; blocks are independent, so that threads
// may take them in any order. Kernels cannot fail and allocate nothing; products have their sums in
// the block_memory() of their thread.
#pragma once

#include "base/index.hpp"
#include "base/matrix_view.hpp"

namespace chainrule {

// Largest block that the products work on, sized so that its accumulators stay in L2.
struct BlockSizes {
  Index rows;       // forward and input gradient: examples; weight gradient: inputs
  Index panels;     // forward and weight gradient: of outputs; input gradient: of inputs
  Index tile_rows;  // inputs of a tile of the weight gradient; `rows` is a multiple of it
};

template <class T>
struct ActivationKernels {
  const char* name;
  bool row_wise;
  bool slope_needs_z;
  // a = f(z). Elementwise: any cols, a may be z. Row-wise: cols is the length of the row.
  void (*forward)(MatrixView<const T> z, MatrixView<T> a, const T* fields);
  // dz = da * f'(z), or the Jacobian times da. `z` is null unless slope_needs_z. dz may be da.
  void (*backward)(MatrixView<const T> z, MatrixView<const T> a, MatrixView<const T> da,
                   MatrixView<T> dz, const T* fields);
  // Where a slope per unit is learned: products_ij = da_ij * da_ij/dc_j; elsewhere null. `fields`
  // are the slopes then, padded.
  void (*slope_products)(MatrixView<const T> z, MatrixView<const T> da, MatrixView<T> products);

  // Blocks of some columns would be parts of rows, or need parts of the slopes.
  bool takes_whole_rows() const { return row_wise || slope_products != nullptr; }
};

// An activation with the values of its fields; kernels null means the identity.
template <class T>
struct ActivationCall {
  const ActivationKernels<T>* kernels = nullptr;
  const T* fields = nullptr;
};

template <class T>
struct LossArguments {
  MatrixView<const T> prediction;  // z in the fused form, y_hat otherwise
  MatrixView<const T> y;
  MatrixView<const T> scale;  // c_i (one column) or c_ij; null data when no gradient is wanted
  MatrixView<T> y_hat;        // fused: written
  MatrixView<T> gradient;     // dZ fused, dY_hat otherwise, padded rows (padding +0); or null data
  MatrixView<T> element_losses;  // l_ij before averaging or adding; or null data
  T* losses;                     // l_i
  const double* fields;          // of the loss, in order
};

template <class T>
struct LossKernels {
  const char* name;
  // Rows of `prediction`; returns the first row with y_hat outside the range of the loss, or -1.
  // `fused` is null where there is no fused form.
  Index (*fused)(const LossArguments<T>& arguments);
  Index (*general)(const LossArguments<T>& arguments);
};

// w_next, slots <- update of w by g, n elements (a multiple of kLanes); w_next may be w. Slots that
// the optimiser does not use with its fields are null.
template <class T>
using UpdateKernel = void (*)(Index n, const T* g, const T* w, T* w_next, T* const* slots,
                              const T* coefficients);

template <class T>
struct OptimizerKernels {
  const char* name;
  UpdateKernel<T> update;
};

// An elementary function that the formulas are made of, by itself: what the tests and measure_ulp
// hold against long double.
template <class T>
struct FunctionKernels {
  const char* name;
  // y = f(x), n elements (a multiple of kLanes); y may be x.
  void (*apply)(Index n, const T* x, T* y);
};

// Z = X W^T + b, A = f(Z) for rows of examples and some neighbouring panels of outputs.
template <class T>
struct ForwardBlock {
  MatrixView<const T> x;  // (rows, n_in)
  const T* w;             // first panel; panels are n_in * kLanes apart
  Index n_panels;
  const T* bias;  // (n_panels * kLanes) or null
  T* z;           // first column of the block, padded rows, or null
  Index z_stride;
  T* a;  // likewise; holds Z when there is no activation
  Index a_stride;
  ActivationCall<T> activation;
};

// dA_prev = dZ W, dZ_prev = dA_prev * f'(Z_prev) for rows of examples and some neighbouring panels
// of inputs: `count` inputs, which `da`, `dz_prev`, `z_prev` and `a_prev` begin with.
template <class T>
struct InputGradientBlock {
  MatrixView<const T> dz;              // (rows, n_out)
  const T* w_transposed;               // first panel of W^T; panels are n_out * kLanes apart
  Index count;                         // a multiple of kLanes, but for the last inputs of the layer
  MatrixView<T> da;                    // padded rows, or null data
  MatrixView<T> dz_prev;               // likewise: times the slope; or null data
  MatrixView<const T> z_prev, a_prev;  // padded rows
  ActivationCall<T> activation;        // of the layer below
};

// dW = dZ^T X for some inputs and some neighbouring panels of outputs, and what follows from it.
template <class T>
struct WeightGradientBlock {
  MatrixView<const T> x;   // (batch, n_in)
  MatrixView<const T> dz;  // (batch, n_out) padded
  // Copies of all X by pack_tiles, and of all dZ as dz_panels[panel][example][lane], which spare
  // strided reads where several blocks read the same; or null. With tiles, `first` is a multiple of
  // blocks.tile_rows.
  const T* x_tiles;
  const T* dz_panels;
  Index first_panel, n_panels;
  Index first, count;  // inputs
  T* gradient;         // the whole dW in panels, or null
  bool goes_on;        // whether chunks are added to what is in there: dW of earlier batches
  // Else the update, straight from the tile: the whole W, W_next and slots in panels. Unless both
  // are 0, l1 sign(W) + l2 W is added to dW first.
  T l1, l2;
  UpdateKernel<T> update;
  const T* w;
  T* w_next;
  T* const* slots;
  Index n_slots;
  const T* coefficients;
};

template <class T>
struct KernelTable {
  const char* tier;
  BlockSizes blocks;
  void (*forward)(const ForwardBlock<T>& block);
  void (*input_gradient)(const InputGradientBlock<T>& block);
  void (*weight_gradient)(const WeightGradientBlock<T>& block);
  // tiles[t][example][r] = x(example, t * tile_rows + r) for the columns from `first`, a multiple
  // of tile_rows, to first + count; r ends with the columns.
  void (*pack_tiles)(MatrixView<const T> x, Index first, Index count, T* tiles);
  // sums[j] = sum over rows of m(i, j), padded rows, in chunks of kChunk rows; added to what is in
  // there if it goes on.
  void (*sum_rows)(MatrixView<const T> m, bool goes_on, T* sums);
  // The same of a(i, j) b(i, j), and of (m(i, j) - centre[j])^2, which never goes on.
  void (*sum_products)(MatrixView<const T> a, MatrixView<const T> b, bool goes_on, T* sums);
  void (*sum_squares)(MatrixView<const T> m, const T* centre, T* sums);
  // What norms do, on padded rows; vectors of columns are padded likewise, and dz may be da.
  // a_ij = (z_ij - mean_i) inverse_i, inverse_i = 1 / sqrt(variance_i + epsilon), of each row.
  void (*normalize_rows)(MatrixView<const T> z, T epsilon, MatrixView<T> a, T* inverse);
  // dz_ij = (da_ij - mean_i da - a_ij mean_i (a da)) inverse_i
  void (*normalize_rows_backward)(MatrixView<const T> a, MatrixView<const T> da, const T* inverse,
                                  MatrixView<T> dz);
  // a_ij = (z_ij - mean_j) inverse_j
  void (*normalize_columns)(MatrixView<const T> z, const T* mean, const T* inverse,
                            MatrixView<T> a);
  // dz_ij = (da_ij - mean_j - a_ij along_j) inverse_j
  void (*normalize_columns_backward)(MatrixView<const T> a, MatrixView<const T> da, const T* mean,
                                     const T* along, const T* inverse, MatrixView<T> dz);
  // a_ij = w_j z_ij + b_j; b may be null.
  void (*scale_columns)(MatrixView<const T> z, const T* w, const T* b, MatrixView<T> a);
  // a_ij = factor z_ij + offset
  void (*rescale)(MatrixView<const T> z, T factor, T offset, MatrixView<T> a);
  // sum_ij = a_ij + b_ij on padded rows; it may be one of them.
  void (*add)(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> sum);
  // One panel of W^T, transposed[o][lane] = W(o, panel * kLanes + lane), from all panels of W; +0
  // where there is no such input.
  void (*transpose_panel)(const T* w, Index n_out, Index n_in, Index panel, T* transposed);
  // g += l1 sign(w) + l2 w, n elements (a multiple of kLanes).
  void (*add_penalty)(Index n, const T* w, T l1, T l2, T* g);
  // e <- beta e + (1 - beta) w, n elements (a multiple of kLanes); `factor` is beta - 1.
  void (*move_average)(Index n, const T* w, T factor, T* e);
  const ActivationKernels<T>* activations;  // in the order of Activations
  const LossKernels<T>* losses;             // in the order of LossForms
  const OptimizerKernels<T>* optimizers;    // in the order of Optimizers
  const FunctionKernels<T>* functions;      // kFunctions of them
};

// Rows per chunk of a sum over examples: part of the promise of equal bits.
inline constexpr Index kChunk = 256;

inline constexpr Index kFunctions = 7;
inline constexpr Index kMaxSlots = 3;
inline constexpr Index kMaxCoefficients = 16;

}  // namespace chainrule
