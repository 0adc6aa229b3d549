// What is computed for a batch, in which order, and where? A straight-line program of operations on
// numbered buffers, built once per network and purpose. It holds no pointer to data: parameters,
// gradients and a workspace are arguments of a run, so that many runs can share one plan.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "formulas/loss_form.hpp"
#include "kernels/kernel_table.hpp"
#include "network/parameters.hpp"

namespace chainrule {

// What a plan is for; all give the same bits.
//   infer      Y_hat alone
//   evaluate   Y_hat and losses
//   train      the update is applied to the tiles of dW, gradients are never stored
//   gradients  gradients are stored, and dX can be computed
//   keep_all   the same, of frozen layers too, and no buffer is used twice
enum class PlanPurpose { infer, evaluate, train, gradients, keep_all };

using BufferId = Index;
inline constexpr BufferId kNoBuffer = -1;
inline constexpr BufferId kInput = 0;  // X, wherever the caller has it

// Position of an activation in Plan::activations; -1 is the identity.
using ActivationId = Index;
inline constexpr ActivationId kIdentity = -1;

// X with padded rows, for an activation in front of the first Dense layer.
struct LoadInput {
  BufferId x;
};

// Z = W A_prev + b, and A = f(Z) for an elementwise f.
struct DenseForward {
  Index stage;
  BufferId x, z, a;
  ActivationId activation;
};

// A = f(Z)
struct ActivationForward {
  ActivationId activation;
  BufferId z, a;
};

// A = scale Z + shift with new random factors; `scale` is kept for the way back.
struct NoiseForward {
  Index noise;  // position in Plan::noises
  BufferId z, scale, a;
};

// Rows with mean 0 and variance 1; `inverse` is 1 / sqrt(variance + epsilon) of each.
struct LayerNormForward {
  double epsilon;
  BufferId z, inverse, a;
};

// The same of each feature over the rows of the batch.
struct BatchNormForward {
  double epsilon;
  BufferId z, mean, variance, inverse, a;
};

// With the statistics that have followed the batches.
struct RunningNormForward {
  double epsilon;
  Index mean, variance;  // positions in ParameterTable::statistics
  BufferId z, inverse, a;
};

// A = w Z + b with a factor and an offset for each feature.
struct ScaleForward {
  Index weight, bias;  // segments; bias may be -1
  BufferId z, a;
};

// A = factor Z + offset
struct RescaleForward {
  double factor, offset;
  BufferId z, a;
};

// sum = a + b: where a block ends, and on the way back, where it begins.
struct Addition {
  BufferId a, b, sum;
};

// running <- (1 - momentum) running + momentum of the batch, of mean and variance.
struct StatisticsUpdate {
  double momentum;
  Index mean, variance;  // positions in ParameterTable::statistics
  BufferId batch_mean, batch_variance;
};

// The losses of the examples; `gradient` is dZ in the fused form, dY_hat otherwise.
struct LossOfBatch {
  bool fused;
  BufferId prediction, y_hat, gradient;
};

// dZ = dA * f'(Z)
struct ActivationBackward {
  ActivationId activation;
  BufferId z, a, da, dz;
};

// dZ = dA * scale
struct NoiseBackward {
  BufferId da, scale, dz;
};

// dZ = J^T dA of a normalisation of rows, of columns (with two vectors of sums), and of one with
// given statistics, where the inverse deviations are factors.
struct LayerNormBackward {
  BufferId a, da, inverse, dz;
};
struct BatchNormBackward {
  BufferId a, da, inverse, sums, sums_along, dz;
};
struct RunningNormBackward {
  BufferId da, inverse, dz;
};

// dZ = dA * w
struct ScaleBackward {
  Index weight;  // segment
  BufferId da, dz;
};
struct RescaleBackward {
  double factor;
  BufferId da, dz;
};

// products = dA * df/dc where a slope c per unit is learned: what its gradient is the sum of.
struct SlopeProducts {
  ActivationId activation;
  BufferId z, da, products;
};

// The gradient of a vector, the sum of some rows, times factors if there are any: stored, or used
// at once to update it.
struct VectorGradient {
  Index segment;
  BufferId rows, factors, sums;
};

// dA_prev = W^T dZ after a copy of W^T, and dZ_prev = dA_prev * f'(Z_prev) for an elementwise f.
struct InputGradient {
  Index stage;
  BufferId dz, w_transposed, da, dz_prev, z_prev, a_prev;
  ActivationId activation;
};

// dW = dZ A_prev^T and db = dZ 1: stored, or used at once to update W and b.
// X and dZ are first copied in the order in which the kernel reads them, where that pays.
struct ParameterGradient {
  Index stage;
  BufferId x, dz, db;
  BufferId x_tiles, dz_panels;
};

// What a plain network has no use for, in one alternative: std::visit has a switch for up to
// eleven, which a tiny network notices.
using LinkOperation =
    std::variant<NoiseForward, NoiseBackward, SlopeProducts, LayerNormForward, BatchNormForward,
                 RunningNormForward, ScaleForward, RescaleForward, LayerNormBackward,
                 BatchNormBackward, RunningNormBackward, ScaleBackward, RescaleBackward, Addition,
                 StatisticsUpdate>;

using Operation =
    std::variant<LoadInput, DenseForward, ActivationForward, LossOfBatch, ActivationBackward,
                 VectorGradient, InputGradient, ParameterGradient, LinkOperation>;

// `rows` rows of `cols` elements, `stride` apart; copies of dZ in panels have a row per panel.
struct Buffer {
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;
  Index offset = 0;           // in elements
  Index first = 0, last = 0;  // the operations between which it is in use
};

// The buffers of a stage that trace and the training loop look at.
struct StageBuffers {
  BufferId z = kNoBuffer, a = kNoBuffer, da = kNoBuffer, dz = kNoBuffer;
};

template <class T>
struct Plan {
  PlanPurpose purpose;
  Index capacity;  // largest batch
  const KernelTable<T>* kernels;
  const LossKernels<T>* loss = nullptr;
  LossForm loss_form{};
  std::vector<double> loss_fields;

  std::vector<Operation> operations;
  Index n_forward = 0;   // operations up to and with the loss
  Index n_backward = 0;  // and up to the last gradient of a parameter; the rest computes dX, once
  std::vector<Buffer> buffers;
  std::vector<StageBuffers> stages;
  BufferId first_input = kInput;  // what the first Dense layer receives
  std::vector<ActivationCall<T>> activations;
  std::vector<std::vector<T>> activation_fields;
  std::vector<Index> activation_slopes;  // the segments that take the place of fields, or -1
  std::vector<NoiseUse> noises;
  BufferId y_hat = kNoBuffer, y = kNoBuffer, scale = kNoBuffer, losses = kNoBuffer,
           element_losses = kNoBuffer, output_gradient = kNoBuffer, input_gradient = kNoBuffer;
  Index workspace_size = 0;  // elements

  Index workspace_bytes() const { return workspace_size * static_cast<Index>(sizeof(T)); }
};

struct PlanOptions {
  PlanPurpose purpose = PlanPurpose::infer;
  Index capacity = 1;
  // Null: no loss of the library; backward begins with a given dY_hat, of given losses.
  const FormulaSpec* loss = nullptr;
  bool weights_per_output = false;
  // As in training; without it, layers of noise do nothing, and norms of batches take their running
  // statistics.
  bool training = false;
  // The caller has a loss, if the library has none: backward is known to follow a whole forward.
  bool own_loss = false;
};

template <class T>
Plan<T> make_plan(const ParameterTable<T>& table, const PlanOptions& options);

}  // namespace chainrule
