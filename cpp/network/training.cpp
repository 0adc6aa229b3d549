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
  template double Network<T>::forward_with_loss(Run<T>&, const Examples<T>&, Selection,            \
                                                const BatchGroup&, Lock&) const;                   \
  template double Network<T>::train_step(const Examples<T>&, const FormulaSpec&, const double*,    \
                                         const FormulaSpec*, const Clipping&, const Penalty&);     \
  template double Network<T>::train_step(const ExclusiveTraining&, const Examples<T>&,             \
                                         const FormulaSpec&, const double*, const FormulaSpec*,    \
                                         const Clipping&, const Penalty&);                         \
  template bool Network<T>::fit_batch(const Plan<T>&, T*, const Examples<T>&, MatrixView<const T>, \
                                      Selection, BatchGroup&, double, MatrixView<T>,               \
                                      const Clipping&, const Penalty&);                            \
  template void Network<T>::apply(const T*, const double*, const FormulaSpec*, const Clipping&,    \
                                  const Penalty&);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
