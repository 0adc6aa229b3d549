// How does a network give its gradients away? With the pass that they came from, behind which those
// of the inputs can follow; of a loss, or of whatever the caller has put on top of a forward.
#include <cmath>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "network/network.hpp"

namespace chainrule {

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

#define CHAINRULE_INSTANTIATE(T)                                                             \
  template Gradients<T> Network<T>::gradients(const Examples<T>&, const FormulaSpec&, bool); \
  template Run<T> Network<T>::run_of(const Pass<T>&) const;                                  \
  template void Network<T>::input_gradients(Gradients<T>&, MatrixView<T>) const;             \
  template void Network<T>::forward(MatrixView<const T>, MatrixView<T>);                     \
  template Gradients<T> Network<T>::backward(MatrixView<const T>);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
