#include "network/training_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"

namespace chainrule {

template <class T>
TrainingRun<T>::TrainingRun(Network<T>& network, Examples<T> examples,
                            const TrainingOptions& options)
    : network_(network),
      exclusive_(std::in_place, network.training_flag()),
      examples_(examples),
      options_(options) {
  const FloatEnvironment environment;
  const Index d = examples_.rows(), n = examples_.x.cols;
  check(d > 0, "x: expected at least one row, got none");
  {
    const std::unique_lock lock(network_.mutex());
    network_.use_optimizer(options.optimizer);
    if (options.loss != nullptr) network_.set_loss(*options.loss);
    check(network_.spec().loss.has_value(), "loss: none is set");
    plan_ = &network_.plan({PlanPurpose::train, plan_capacity(std::min(options.batch_size, d)),
                            &*network_.spec().loss, examples_.weights_per_output()});
  }
  options_.batch_size = std::min(options_.batch_size, d);
  examples_.mean_weight = mean_of_weights(examples);
  workspace_ = AlignedBuffer<T>(plan_->workspace_size);
  gathered_stride_ = round_up(n, kLanes<T>) + kLanes<T>;
  if (options_.shuffle) gathered_ = AlignedBuffer<T>(options_.batch_size * gathered_stride_);
  if (options_.keep_predictions) predictions_ = AlignedBuffer<T>(d * network_.table().n_outputs());
  order_.resize(static_cast<std::size_t>(d));
}

template <class T>
void TrainingRun<T>::begin_epoch() {
  std::iota(order_.begin(), order_.end(), Index{0});
  if (options_.shuffle) shuffle(order_, network_.spec().seed, network_.epochs());
  batches_done_ = 0;
  loss_sum_ = weight_sum_ = 0.0;
  diverged_ = false;
}

template <class T>
MatrixView<T> TrainingRun<T>::predictions_view() const {
  const Index m = network_.table().n_outputs();
  return {predictions_.data(), predictions_.size() / m, m, m};
}

template <class T>
void TrainingRun<T>::train_batch(double learning_rate) {
  const Index first = batches_done_ * options_.batch_size;
  const Selection rows{order_.data() + first,
                       std::min(options_.batch_size, examples_.rows() - first)};
  const Index n = examples_.x.cols;
  MatrixView<const T> x =
      options_.shuffle ? MatrixView<const T>{gathered_.data(), rows.count, n, gathered_stride_}
                       : examples_.x.rows_from(first, rows.count);
  if (options_.shuffle)
    for (Index i = 0; i < rows.count; ++i)
      std::copy_n(examples_.x.row(rows.row(i)), n, gathered_.data() + i * gathered_stride_);
  const auto result =
      network_.fit_batch(*plan_, workspace_, examples_, x, rows, learning_rate, predictions_view());
  last_loss_ = result.loss;
  loss_sum_ += result.loss_sum;
  weight_sum_ += result.weight_sum;
  diverged_ = !std::isfinite(result.loss);
  ++batches_done_;
}

template <class T>
Index TrainingRun<T>::run(Index max_batches, double max_seconds, double learning_rate) {
  using Clock = std::chrono::steady_clock;
  const FloatEnvironment environment;
  const SpinScope keep_workers_awake;
  const auto deadline = Clock::now() + std::chrono::duration<double>(max_seconds);
  const Index before = batches_done_;
  while (batches_done_ < n_batches() && !diverged_) {
    train_batch(learning_rate);
    if (max_batches > 0 && batches_done_ - before >= max_batches) break;
    if (Clock::now() >= deadline) break;
  }
  return batches_done_ - before;
}

template class TrainingRun<float>;
template class TrainingRun<double>;

}  // namespace chainrule
