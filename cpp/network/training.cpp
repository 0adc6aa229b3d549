// How does a network learn? Forward, loss, backward, update: one step in all its forms.
#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/float_environment.hpp"
#include "kernels/dispatch.hpp"
#include "network/max_norm.hpp"
#include "network/network.hpp"
#include "network/penalty.hpp"

namespace chainrule {

// Looks at what is still there behind a forward pass: others may have the place of the rest.
template <class T>
void Network<T>::note_failure(const Run<T>& run) {
  const auto is_there = [&](BufferId id) {
    return id != kNoBuffer &&
           run.plan.buffers[static_cast<std::size_t>(id)].last >= run.plan.n_forward - 1;
  };
  for (std::size_t s = 0; s < table_.stages.size(); ++s)
    for (const BufferId id : {run.plan.stages[s].z, run.plan.stages[s].a})
      if (is_there(id) && !all_finite<T>(run.view(id))) {
        failed_layer_ = static_cast<Index>(s) + 1;
        return;
      }
  failed_layer_ = 0;
}

template <class T>
Index Network<T>::first_nonfinite_layer() const {
  const std::shared_lock lock(mutex_);
  const Index parameters = first_nonfinite_stage(table_, parameters_.data());
  if (parameters > 0) return parameters;
  return failed_layer_ > 0 ? failed_layer_ : static_cast<Index>(table_.stages.size());
}

// Whoever runs a training may have lost the optimiser since it began.
template <class T>
Update<T> Network<T>::begin_update(const KernelTable<T>& kernels, const double* learning_rate) {
  if (!optimizer_) throw std::runtime_error("optimizer: none is set");
  return optimizer_->begin_update(kernels, learning_rate,
                                  {table_.rate_factors, further_coefficients_.data()});
}

template <class T>
void Network<T>::reserve_gradient() {
  if (gradient_.size() == 0) gradient_ = AlignedBuffer<T>(table_.size);
}

// The backward half of a training step, whose update is applied tile by tile.
template <class T>
void Network<T>::update_in_tiles(Run<T>& run, const double* learning_rate, const Penalty& penalty) {
  const Update<T> update = begin_update(*run.plan.kernels, learning_rate);
  run.update = &update;
  run.penalty = penalty;
  run.updated_parameters = parameters_.data();
  execute(run, run.plan.n_forward, run.plan.n_backward);
  run.update = nullptr;
  limit_norms(table_, parameters_.data());
  parameters_changed();
}

// What is done to the stored gradient of J before an update.
template <class T>
void Network<T>::finish_gradient(const KernelTable<T>& kernels, const Clipping& clipping,
                                 const Penalty& penalty) {
  chainrule::add_penalty(table_, kernels, penalty, parameters_.data(), gradient_.data());
  clip(table_, clipping, gradient_.data());
}

// An update in a sweep.
template <class T>
void Network<T>::update_by(const KernelTable<T>& kernels, const T* gradient,
                           const double* learning_rate) {
  const Update<T> update = begin_update(kernels, learning_rate);
  sweep(table_, update, gradient, parameters_.data(), parameters_.data(), threads());
  limit_norms(table_, parameters_.data());
  parameters_changed();
}

// The backward half of a training step, with the update if it is due: tile by tile, or in a sweep
// where the whole gradient is needed, to which other batches may have added theirs.
template <class T>
void Network<T>::learn_from(Run<T>& run, bool updates, const double* learning_rate,
                            const Clipping& clipping, const Penalty& penalty) {
  if (run.plan.purpose == PlanPurpose::train) {
    if (updates) update_in_tiles(run, learning_rate, penalty);
    return;
  }
  run.gradient = gradient_.data();
  run.updated_parameters = parameters_.data();
  execute(run, run.plan.n_forward, run.plan.n_backward);
  if (!updates) return;
  finish_gradient(*run.plan.kernels, clipping, penalty);
  update_by(*run.plan.kernels, gradient_.data(), learning_rate);
}

template <class T>
template <class AnyLock>
double Network<T>::forward_with_loss(Run<T>& run, const Examples<T>& examples, Selection rows,
                                     const BatchGroup& group, AnyLock& lock) const {
  const double sum = forward_and_sum(run, examples, rows, group, lock);
  check_prediction_range(run);
  return sum;
}

template <class T>
template <class AnyLock>
double Network<T>::forward_and_sum(Run<T>& run, const Examples<T>& examples, Selection rows,
                                   const BatchGroup& group, AnyLock& lock) const {
  if (run.plan.loss != nullptr) {
    load_targets(run, examples, rows, group.rows);
    execute(run, 0, run.plan.n_forward);
    return weighted_loss_sum(run, examples, rows, group.loss_sum);
  }
  check(examples.own != nullptr, "loss: expected the function that this is the name of");
  execute(run, 0, run.plan.n_forward);
  const std::int64_t version = version_;
  lock.unlock();
  const double sum = ask_own_loss(run, examples, rows, group.rows, group.loss_sum);
  lock.lock();
  if (version_ != version)
    throw std::runtime_error(
        "loss: the parameters of the network have changed while the function ran; it may predict "
        "with them, but neither it nor another thread may change them");
  return sum;
}

template <class T>
double Network<T>::train_step(const Examples<T>& examples, const FormulaSpec& loss,
                              const double* learning_rate, const FormulaSpec* optimizer,
                              const Clipping& clipping, const Penalty& penalty) {
  return train_step(ExclusiveTraining(training_), examples, loss, learning_rate, optimizer,
                    clipping, penalty);
}

template <class T>
double Network<T>::train_step(const ExclusiveTraining& /*held*/, const Examples<T>& given,
                              const FormulaSpec& loss, const double* learning_rate,
                              const FormulaSpec* optimizer, const Clipping& clipping,
                              const Penalty& penalty) {
  const FloatEnvironment environment;
  check_rows_of_training(table_, given.rows());
  Examples<T> examples = given;
  examples.mean_weight = mean_of_weights(given);
  std::unique_lock lock(mutex_);
  const bool descends = this->descends(optimizer);
  if (descends) check_descent(table_, clipping);
  const SharedPlan<T> plan =
      this->plan({descends ? PlanPurpose::gradients : purpose_of_training(clipping),
                  plan_capacity(examples.rows()), &loss, examples.weights_per_output(), true});
  set_descent(descends);
  if (clipping.any()) reserve_gradient();
  const typename WorkspacePool<T>::Loan workspace(workspaces_, plan->workspace_size);
  const Selection rows{nullptr, examples.rows()};
  AlignedBuffer<T> scaled = parameters_scaled_by(examples.x);
  if (plan->loss == nullptr) take_scaled(scaled);  // the caller's may predict with them
  Run<T> run{*plan,      table_,    begun_with(scaled), workspace.data(),
             examples.x, threads(), next_noise()};
  const double j =
      forward_with_loss(run, examples, rows, {rows.count}, lock) / static_cast<double>(rows.count);
  // From here on nothing is refused, so that a step which raises ValueError has changed nothing.
  use_optimizer(optimizer);
  if (!std::isfinite(j)) {
    note_failure(run);
    if (scaled.size() == 0) ++training_forwards_;  // else the first one is still to come
    return j;
  }
  take_scaled(scaled);
  ++training_forwards_;
  if (descends) return descend(run, examples, rows, j, learning_rate, penalty, lock);
  learn_from(run, true, learning_rate, clipping, penalty);
  return j;
}

template <class T>
bool Network<T>::fit_batch(const Plan<T>& plan, T* workspace, const Examples<T>& examples,
                           MatrixView<const T> x, Selection rows, BatchGroup& group,
                           double learning_rate, MatrixView<T> y_hat, const Clipping& clipping,
                           const Penalty& penalty) {
  std::unique_lock lock(mutex_);
  Run<T> run{plan, table_, parameters_.data(), workspace, x, threads(), next_noise()};
  const double weight_before = group.weight_sum;
  run.goes_on = weight_before > 0.0;
  group.loss_sum = forward_with_loss(run, examples, rows, group, lock);
  group.weight_sum = weight_sum(examples, rows, group.weight_sum);
  group.rows_done += rows.count;
  ++training_forwards_;
  if (y_hat.data != nullptr) {
    const MatrixView<T> predicted = run.view(plan.y_hat);
    for (Index i = 0; i < rows.count; ++i)
      copy_row(predicted.row(i), y_hat.cols, y_hat.row(rows.row(i)));
  }
  if (!std::isfinite(group.loss())) {
    note_failure(run);
    return false;
  }
  // From a batch of weight 0 nothing is learnt, and a group of them makes no update.
  const bool updates = group.is_done() && group.weight_sum > 0.0;
  if (descent_) {
    if (!updates) return false;
    const double j = descend(run, examples, rows, group.loss(), &learning_rate, penalty, lock);
    if (std::isfinite(j)) return true;
    group.loss_sum = j;
    return false;
  }
  if (group.weight_sum > weight_before || weight_sum(examples, rows) > 0.0) {
    learn_from(run, updates, &learning_rate, clipping, penalty);
  } else if (updates) {
    finish_gradient(*plan.kernels, clipping, penalty);
    update_by(*plan.kernels, gradient_.data(), &learning_rate);
  }
  return updates;
}

template <class T>
Gradients<T> Network<T>::gradients(const Examples<T>& given, const FormulaSpec& loss,
                                   bool training) {
  const FloatEnvironment environment;
  if (training) check_rows_of_training(table_, given.rows());
  Examples<T> examples = given;
  examples.mean_weight = mean_of_weights(given);
  // A training forward advances the counter of random numbers and moves running statistics.
  std::unique_lock alone(mutex_, std::defer_lock);
  std::shared_lock together(mutex_, std::defer_lock);
  if (training)
    alone.lock();
  else
    together.lock();
  const SharedPlan<T> plan = this->plan({PlanPurpose::gradients, plan_capacity(examples.rows()),
                                         &loss, examples.weights_per_output(), training});
  Gradients<T> result;
  result.flat = AlignedBuffer<T>(table_.size);
  result.pass = {plan, {}, AlignedBuffer<T>(plan->workspace_size), examples.rows()};
  const Selection rows{nullptr, examples.rows()};
  AlignedBuffer<T> scaled;
  if (training) scaled = parameters_scaled_by(examples.x);
  if (plan->loss == nullptr) take_scaled(scaled);
  Run<T> run{*plan,      table_,    begun_with(scaled), result.pass.workspace.data(),
             examples.x, threads(), next_noise()};
  run.gradient = result.flat.data();
  const double sum = training ? forward_with_loss(run, examples, rows, {rows.count}, alone)
                              : forward_with_loss(run, examples, rows, {rows.count}, together);
  const bool is_first = scaled.size() > 0, succeeds = std::isfinite(sum);
  if (succeeds) take_scaled(scaled);
  result.pass.version = version_;
  result.loss = sum / static_cast<double>(rows.count);
  result.weight_sum = weight_sum(given, rows);
  if (succeeds) run.updated_parameters = parameters_.data();
  execute(run, plan->n_forward, plan->n_backward);
  if (training && (succeeds || !is_first)) ++training_forwards_;
  return result;
}

// Where X was not kept, it only says how many rows there are: what is left to do does not read it.
template <class T>
Run<T> Network<T>::run_of(const Pass<T>& pass) const {
  const Index n = table_.n_features();
  return {*pass.plan,
          table_,
          parameters_.data(),
          pass.workspace.data(),
          {pass.x.data(), pass.rows, n, n},
          threads()};
}

template <class T>
void Network<T>::input_gradients(Gradients<T>& gradients, MatrixView<T> dx) const {
  const FloatEnvironment environment;
  const std::shared_lock lock(mutex_);
  Pass<T>& pass = gradients.pass;
  if (pass.version != version_)
    throw std::runtime_error(
        "inputs: the parameters have changed since these gradients were computed; compute them "
        "again");
  Run<T> run = run_of(pass);
  // Once: buffers that it reads may lie where it writes later.
  if (!pass.has_input_gradient)
    execute(run, pass.plan->n_backward, static_cast<Index>(pass.plan->operations.size()));
  pass.has_input_gradient = true;
  copy_rows<T>(run.view(pass.plan->input_gradient), dx);
}

template <class T>
void Network<T>::forward(MatrixView<const T> x, MatrixView<T> y_hat) {
  const FloatEnvironment environment;
  check_rows_of_training(table_, x.rows);
  const std::unique_lock lock(mutex_);
  AlignedBuffer<T> scaled = parameters_scaled_by(x);
  const SharedPlan<T> plan =
      this->plan({PlanPurpose::gradients, plan_capacity(x.rows), nullptr, false, true});
  Pass<T> pass{plan, AlignedBuffer<T>(x.rows * x.cols), AlignedBuffer<T>(plan->workspace_size),
               x.rows};
  take_scaled(scaled);
  pass.version = version_;
  pending_ = std::move(pass);
  const MatrixView<T> kept{pending_->x.data(), x.rows, x.cols, x.cols};
  copy_rows<T>(x, kept);
  Run<T> run{*plan, table_,    parameters_.data(), pending_->workspace.data(),
             kept,  threads(), next_noise()};
  run.updated_parameters = parameters_.data();
  execute(run, 0, plan->n_forward);
  ++training_forwards_;
  copy_rows<T>(run.view(plan->y_hat), y_hat);
}

template <class T>
Gradients<T> Network<T>::backward(MatrixView<const T> da) {
  const FloatEnvironment environment;
  const std::unique_lock lock(mutex_);
  if (!pending_)
    throw std::runtime_error(
        "backward: there is no training forward to go back through; call "
        "forward(x, training=True) first, once for each backward");
  if (pending_->version != version_)
    throw std::runtime_error(
        "backward: the parameters have changed since the forward; call forward again");
  check(da.rows == pending_->rows, "dA: expected ", pending_->rows,
        " rows as in the last forward, got ", da.rows);
  Gradients<T> result;
  result.loss = std::nan("");
  result.weight_sum = static_cast<double>(da.rows);
  result.flat = AlignedBuffer<T>(table_.size);
  result.pass = std::move(*pending_);
  pending_.reset();
  Pass<T>& pass = result.pass;
  Run<T> run = run_of(pass);
  run.gradient = result.flat.data();
  const MatrixView<T> gradient = run.view(pass.plan->output_gradient);
  copy_rows(da, gradient);
  pad_rows(gradient);
  execute(run, pass.plan->n_forward, pass.plan->n_backward);
  return result;
}

template <class T>
void Network<T>::apply(const T* gradient, const double* learning_rate, const FormulaSpec* optimizer,
                       const Clipping& clipping, const Penalty& penalty) {
  const FloatEnvironment environment;
  const bool changes_gradient = clipping.any() || is_penalised(table_, penalty);
  const ExclusiveTraining exclusive(training_);
  const std::unique_lock lock(mutex_);
  if (awaits_data())
    throw std::runtime_error(
        "apply: lsuv waits for data to scale weights by, which these gradients have not seen; call "
        "initialize(x) first");
  check(!descends(optimizer),
        "optimizer: LBFGS cannot learn from gradients alone, since its line search asks for the "
        "loss at other weights; call train_step(x, y) or fit(x, y), or give another optimizer");
  if (changes_gradient) reserve_gradient();
  use_optimizer(optimizer);
  if (changes_gradient) {
    std::copy_n(gradient, table_.size, gradient_.data());
    finish_gradient(kernels<T>(), clipping, penalty);
    gradient = gradient_.data();
  }
  update_by(kernels<T>(), gradient, learning_rate);
}

#define CHAINRULE_INSTANTIATE(T)                                                                   \
  template void Network<T>::note_failure(const Run<T>&);                                           \
  template Index Network<T>::first_nonfinite_layer() const;                                        \
  template Update<T> Network<T>::begin_update(const KernelTable<T>&, const double*);               \
  template void Network<T>::reserve_gradient();                                                    \
  template void Network<T>::update_in_tiles(Run<T>&, const double*, const Penalty&);               \
  template void Network<T>::finish_gradient(const KernelTable<T>&, const Clipping&,                \
                                            const Penalty&);                                       \
  template void Network<T>::update_by(const KernelTable<T>&, const T*, const double*);             \
  template void Network<T>::learn_from(Run<T>&, bool, const double*, const Clipping&,              \
                                       const Penalty&);                                            \
  template double Network<T>::forward_and_sum(Run<T>&, const Examples<T>&, Selection,              \
                                              const BatchGroup&, Lock&) const;                     \
  template double Network<T>::forward_with_loss(Run<T>&, const Examples<T>&, Selection,            \
                                                const BatchGroup&,                                 \
                                                std::shared_lock<FairSharedMutex>&) const;         \
  template double Network<T>::train_step(const Examples<T>&, const FormulaSpec&, const double*,    \
                                         const FormulaSpec*, const Clipping&, const Penalty&);     \
  template double Network<T>::train_step(const ExclusiveTraining&, const Examples<T>&,             \
                                         const FormulaSpec&, const double*, const FormulaSpec*,    \
                                         const Clipping&, const Penalty&);                         \
  template bool Network<T>::fit_batch(const Plan<T>&, T*, const Examples<T>&, MatrixView<const T>, \
                                      Selection, BatchGroup&, double, MatrixView<T>,               \
                                      const Clipping&, const Penalty&);                            \
  template Gradients<T> Network<T>::gradients(const Examples<T>&, const FormulaSpec&, bool);       \
  template Run<T> Network<T>::run_of(const Pass<T>&) const;                                        \
  template void Network<T>::input_gradients(Gradients<T>&, MatrixView<T>) const;                   \
  template void Network<T>::forward(MatrixView<const T>, MatrixView<T>);                           \
  template Gradients<T> Network<T>::backward(MatrixView<const T>);                                 \
  template void Network<T>::apply(const T*, const double*, const FormulaSpec*, const Clipping&,    \
                                  const Penalty&);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
