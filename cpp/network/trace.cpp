// What happens in one step of gradient descent? Every quantity of it, from the plan and the kernels
// of train_step.
#include <algorithm>
#include <cmath>

#include "base/float_environment.hpp"
#include "network/max_norm.hpp"
#include "network/network.hpp"
#include "network/penalty.hpp"

namespace chainrule {

namespace {

template <class T>
std::vector<T> rows_of(MatrixView<const T> m) {
  std::vector<T> rows(static_cast<std::size_t>(m.rows * m.cols));
  for (Index i = 0; i < m.rows; ++i) std::copy_n(m.row(i), m.cols, rows.data() + i * m.cols);
  return rows;
}

template <class T>
std::vector<T> tensor_of(const ParameterTable<T>& table, Index segment_id, const T* block) {
  if (segment_id < 0) return {};
  const Segment& segment = table.segments[static_cast<std::size_t>(segment_id)];
  std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
  read_tensor(segment, block, tensor.data());
  return tensor;
}

// f'(Z): the backward pass of a gradient of ones; empty if more than one elementwise activation
// stands between Z and A. A fork behind it is nothing more: dA has both of its parts.
template <class T>
std::vector<T> slope_of(const Run<T>& run, std::vector<Link> links, const StageBuffers& buffers) {
  while (!links.empty() && std::holds_alternative<Fork>(links.back())) links.pop_back();
  const MatrixView<const T> z = run.view(buffers.z), a = run.view(buffers.a);
  AlignedBuffer<T> slope(z.rows * z.stride);
  const MatrixView<T> ones{slope.data(), z.rows, z.cols, z.stride};
  std::fill_n(slope.data(), slope.size(), T(1));
  if (links.empty()) return rows_of<T>(ones);
  const auto* use = std::get_if<ActivationUse>(&links.front());
  if (links.size() > 1 || use == nullptr) return {};
  const ActivationKernels<T>& kernels = run.plan.kernels->activations[use->index];
  if (kernels.row_wise) return {};
  const std::vector<T> fields(use->spec.values.begin(), use->spec.values.end());
  const T* slopes =
      use->slopes < 0
          ? nullptr
          : run.parameters + run.table.segments[static_cast<std::size_t>(use->slopes)].offset;
  kernels.backward(z, a, ones, ones, slopes != nullptr ? slopes : fields.data());
  return rows_of<T>(ones);
}

// dJ/dY_hat from the general form of the loss, whatever form the step took.
template <class T>
std::vector<T> output_gradient(const Run<T>& run) {
  const MatrixView<T> y_hat = run.view(run.plan.y_hat);
  AlignedBuffer<T> gradient(y_hat.rows * y_hat.stride), losses(y_hat.rows);
  LossArguments<T> arguments{};
  arguments.prediction = y_hat;
  arguments.y = run.view(run.plan.y);
  arguments.scale = run.view(run.plan.scale);
  arguments.gradient = {gradient.data(), y_hat.rows, y_hat.cols, y_hat.stride};
  arguments.losses = losses.data();
  arguments.fields = run.plan.loss_fields.data();
  run.plan.loss->general(arguments);
  return rows_of<T>(arguments.gradient);
}

}  // namespace

template <class T>
Trace<T> Network<T>::trace(const Examples<T>& examples, const FormulaSpec& loss,
                           double learning_rate, bool training) const {
  const FloatEnvironment environment;
  if (training) check_rows_of_training(table_, examples.rows());
  std::shared_lock lock(mutex_);
  const SharedPlan<T> plan =
      this->plan({PlanPurpose::keep_all, plan_capacity(examples.rows()), &loss, false, training});
  AlignedBuffer<T> workspace(plan->workspace_size), gradient(table_.size),
      updated(table_.block_size);
  const Selection rows{nullptr, examples.rows()};
  Run<T> run{*plan,      table_,    parameters_.data(), workspace.data(),
             examples.x, threads(), next_noise()};
  run.gradient = gradient.data();
  const auto d = static_cast<double>(rows.count);
  Trace<T> trace;
  trace.loss = forward_with_loss(run, examples, rows, {rows.count}, lock) / d;
  trace.losses.assign(run.view(plan->losses).data, run.view(plan->losses).data + examples.rows());
  execute(run, plan->n_forward, static_cast<Index>(plan->operations.size()));

  Sgd descent;
  descent.learning_rate = learning_rate;
  OptimizerState<T> optimizer(to_spec(descent), table_.size);
  std::vector<T> further(further_coefficients_.size());
  const Update<T> update =
      optimizer.begin_update(*plan->kernels, nullptr, {table_.rate_factors, further.data()});
  // Frozen layers and statistics stay like that.
  std::copy_n(parameters_.data(), table_.block_size, updated.data());
  AlignedBuffer<T> with_penalty(table_.size);
  std::copy_n(gradient.data(), table_.size, with_penalty.data());
  chainrule::add_penalty(table_, *plan->kernels, {}, parameters_.data(), with_penalty.data());
  sweep(table_, update, with_penalty.data(), parameters_.data(), updated.data(), threads());
  limit_norms(table_, updated.data());

  trace.y_hat = rows_of<T>(run.view(plan->y_hat));
  trace.input = rows_of<T>(run.input(plan->first_input));
  trace.dx = rows_of<T>(run.view(plan->input_gradient));
  for (std::size_t s = 0; s < table_.stages.size(); ++s) {
    const Stage& stage = table_.stages[s];
    const StageBuffers& buffers = plan->stages[s];
    const bool last = s + 1 == table_.stages.size();
    const auto values = [&](BufferId id) { return rows_of<T>(run.view(id)); };
    const auto parameter = [&](Index segment, const T* block) {
      return tensor_of(table_, segment, block);
    };
    trace.layers.push_back(
        {parameter(stage.weight, parameters_.data()), parameter(stage.bias, parameters_.data()),
         values(buffers.z), values(buffers.a),
         slope_of(run, links_in_use(stage.links, training), buffers),
         last && plan->loss != nullptr ? output_gradient(run) : values(buffers.da),
         values(buffers.dz), parameter(stage.weight, gradient.data()),
         parameter(stage.bias, gradient.data()), parameter(stage.weight, updated.data()),
         parameter(stage.bias, updated.data())});
  }
  run.parameters = updated.data();
  if (plan->loss == nullptr) {
    trace.new_loss = forward_with_loss(run, examples, rows, {rows.count}, lock) / d;
    return trace;
  }
  execute(run, 0, plan->n_forward);
  // Where the step has led to predictions that the loss refuses, there is no new loss.
  trace.new_loss = run.refused_row >= 0 ? std::nan("") : weighted_loss_sum(run, examples, rows) / d;
  return trace;
}

template Trace<float> Network<float>::trace(const Examples<float>&, const FormulaSpec&, double,
                                            bool) const;
template Trace<double> Network<double>::trace(const Examples<double>&, const FormulaSpec&, double,
                                              bool) const;

}  // namespace chainrule
