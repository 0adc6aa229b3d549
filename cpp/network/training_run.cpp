#include "network/training_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <numeric>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "network/run_parts.hpp"

namespace chainrule {

namespace {

// A row of n numbers, kLanes to a cache line; of a long one the beginning, behind which the
// processor fetches ahead by itself.
template <class T>
void prefetch(const T* row, Index n) {
  constexpr Index kMost = 64 * kLanes<T>;
  for (Index j = 0; j < std::min(n, kMost); j += kLanes<T>) __builtin_prefetch(row + j);
}

// What a byte from anywhere in memory costs, in operations (see threads_for).
constexpr double kWorkPerByte = 5.0;

// Some rows of a batch. They lie all over memory, so that each is asked for while others are
// copied.
template <class T>
void gather(MatrixView<const T> all, Selection rows, Range some, MatrixView<T> x) {
  constexpr Index kAhead = 2;  // 1 hides half of the wait (Zen 5)
  for (Index i = some.begin; i < some.end; ++i) {
    if (i + kAhead < some.end) prefetch(all.row(rows.row(i + kAhead)), x.cols);
    copy_row(all.row(rows.row(i)), x.cols, x.row(i));
  }
}

}  // namespace

template <class T>
TrainingRun<T>::TrainingRun(Network<T>& network, Examples<T> examples,
                            const TrainingOptions& options, Snapshot<T>* before)
    : network_(network),
      exclusive_(std::in_place, network.training_flag()),
      before_(before),
      examples_(examples),
      options_(options) {
  const FloatEnvironment environment;
  const Index d = examples_.rows(), n = examples_.x.cols;
  check(d > 0, "x: expected at least one row, got none");
  const bool descends = network_.descends(options.optimizer);
  if (options_.batch_size == 0) options_.batch_size = descends ? d : kUsualBatch;
  options_.batch_size = std::min(options_.batch_size, d);
  if (descends) set_up_descent();
  cut_into_batches();
  options_.accumulate = std::min(options_.accumulate, n_batches_);
  examples_.mean_weight = mean_of_weights(examples);
  gathered_stride_ = round_up(n, kLanes<T>) + kLanes<T>;
  if (options_.shuffle) gathered_ = AlignedBuffer<T>(largest_batch_ * gathered_stride_);
  if (options_.keep_predictions) predictions_ = AlignedBuffer<T>(d * network_.table().n_outputs());
  order_.resize(static_cast<std::size_t>(d));
  if (before != nullptr) network_.snapshot(*before);
  if (options.ema > 0.0) average_.emplace(network_, options.ema);
  const std::unique_lock lock(network_.mutex());
  std::optional<FormulaSpec> loss = network_.spec().loss;
  if (options.loss != nullptr) loss = *options.loss;
  check(loss.has_value(), "loss: none is set");
  check(!is_own(*loss) || examples.own != nullptr, "loss: expected the function of ", loss->name);
  plan_ =
      network_.plan({descends ? PlanPurpose::gradients
                              : purpose_of_training(options_.clipping, options_.accumulate),
                     plan_capacity(largest_batch_), &*loss, examples_.weights_per_output(), true});
  workspace_.emplace(network_.workspaces(), plan_->workspace_size);
  network_.set_descent(descends);
  if (plan_->purpose == PlanPurpose::gradients && !descends) network_.reserve_gradient();
  // The network changes last: what fails before has changed nothing.
  network_.use_optimizer(options.optimizer);
  network_.set_loss(std::move(loss));
}

// A line search takes all rows at once, for which another order is none.
template <class T>
void TrainingRun<T>::set_up_descent() {
  const Index d = examples_.rows();
  check(options_.batch_size == d, "batch_size: expected None or all ", d,
        " rows with LBFGS, whose line search compares losses of the same rows, got ",
        options_.batch_size, "; for mini-batches take another optimizer, such as Adam");
  check(options_.accumulate == 1,
        "accumulate: expected 1 with LBFGS, which takes all rows at once, got ",
        options_.accumulate, "; leave it out, or take another optimizer");
  check_descent(network_.table(), options_.clipping);
  options_.shuffle = false;
}

// The last batch may be smaller; but a single row that a BatchNorm cannot take joins the one
// before.
template <class T>
void TrainingRun<T>::cut_into_batches() {
  const Index d = examples_.rows(), size = options_.batch_size;
  n_batches_ = ceil_div(d, size);
  largest_batch_ = size;
  if (!network_.table().has_batch_norm) return;
  check_rows_of_training(network_.table(), d);
  check(size > 1,
        "batch_size: expected at least 2, since BatchNorm takes mean and variance over the rows of "
        "a batch, got 1");
  if (d % size != 1) return;
  --n_batches_;
  ++largest_batch_;
}

template <class T>
TrainingRun<T>::~TrainingRun() {
  try {
    close();
  } catch (const std::bad_alloc&) {
    // The network keeps the optimiser that it was to learn with.
  }
}

template <class T>
void TrainingRun<T>::close() {
  if (exclusive_ && before_ != nullptr)
    network_.restore(*before_);
  else
    show_averages();
  average_.reset();
  exclusive_.reset();
}

template <class T>
void TrainingRun<T>::show_averages() {
  if (average_) average_->show();
}

template <class T>
void TrainingRun<T>::begin_epoch(std::span<const double> factors) {
  check(factors.empty() || std::ssize(factors) == n_updates(), "factors: expected ", n_updates(),
        ", one for each update, got ", std::ssize(factors));
  factors_.assign(factors.begin(), factors.end());
  std::iota(order_.begin(), order_.end(), Index{0});
  if (options_.shuffle) shuffle(order_, network_.spec().seed, network_.epochs());
  {
    const FloatEnvironment environment;
    const std::unique_lock lock(network_.mutex());
    if (network_.awaits_data()) network_.scale_for_first_forward(load_batch(rows_of_batch(0)));
  }
  if (average_) average_->hide();
  batches_done_ = updates_done_ = 0;
  group_ = {};
  loss_sum_ = weight_sum_ = 0.0;
  diverged_ = false;
}

template <class T>
MatrixView<T> TrainingRun<T>::predictions_view() const {
  const Index m = network_.table().n_outputs();
  return {predictions_.data(), predictions_.size() / m, m, m};
}

template <class T>
Selection TrainingRun<T>::rows_of_batch(Index batch) const {
  const Index first = batch * options_.batch_size;
  const bool is_last = batch + 1 == n_batches_;
  return {order_.data() + first, is_last ? examples_.rows() - first : options_.batch_size};
}

// The batches of an update, of which this is the first.
template <class T>
BatchGroup TrainingRun<T>::group_from(Index batch) const {
  const Index first = batch * options_.batch_size;
  const Index end = batch + options_.accumulate;
  return {(end < n_batches_ ? end * options_.batch_size : examples_.rows()) - first};
}

// X of a batch: gathered where its rows are shuffled.
template <class T>
MatrixView<const T> TrainingRun<T>::load_batch(Selection rows) {
  if (!options_.shuffle) return examples_.x.rows_from(rows.row(0), rows.count);
  const MatrixView<T> x{gathered_.data(), rows.count, examples_.x.cols, gathered_stride_};
  const Index n_threads = network_.threads();
  const double work = kWorkPerByte * static_cast<double>(x.rows * x.cols * Index{sizeof(T)});
  const Index parts = threads_for(work, n_threads);
  split(parts, work, n_threads,
        [&](Index i) { gather(examples_.x, rows, part(x.rows, parts, i), x); });
  return x;
}

// Short rows all over memory would be waited for one after the other; long ones are fetched ahead
// by the processor, and more than L1 takes would only push out what the step needs.
template <class T>
void TrainingRun<T>::prefetch_batch(Selection rows) const {
  constexpr Index kMostBytes = 16 << 10;
  const Index n = examples_.x.cols;
  if (rows.count * round_up(n, kLanes<T>) * static_cast<Index>(sizeof(T)) > kMostBytes) return;
  for (Index i = 0; i < rows.count; ++i) {
    prefetch(examples_.x.row(rows.row(i)), n);
    if (examples_.classes != nullptr)
      __builtin_prefetch(examples_.classes + rows.row(i));
    else if (examples_.y.data != nullptr)
      __builtin_prefetch(examples_.y.row(rows.row(i)));
  }
}

template <class T>
void TrainingRun<T>::train_batch(double learning_rate) {
  const Selection rows = rows_of_batch(batches_done_);
  const MatrixView<const T> x = load_batch(rows);
  if (options_.shuffle && batches_done_ + 1 < n_batches_)
    prefetch_batch(rows_of_batch(batches_done_ + 1));
  if (!factors_.empty()) learning_rate *= factors_[static_cast<std::size_t>(updates_done_)];
  if (group_.is_done()) group_ = group_from(batches_done_);
  const bool updated =
      network_.fit_batch(*plan_, workspace_->data(), examples_, x, rows, group_, learning_rate,
                         predictions_view(), options_.clipping, options_.penalty);
  if (average_ && updated) average_->follow();
  diverged_ = !std::isfinite(group_.loss());
  ++batches_done_;
  if (!group_.is_done() && !diverged_) return;
  before_ = nullptr;
  loss_sum_ += group_.loss_sum;
  weight_sum_ += group_.weight_sum;
  ++updates_done_;
}

template <class T>
Index TrainingRun<T>::run(Index max_updates, double max_seconds, double learning_rate) {
  using Clock = std::chrono::steady_clock;
  const FloatEnvironment environment;
  const SpinScope keep_workers_awake;
  const auto deadline = Clock::now() + std::chrono::duration<double>(max_seconds);
  const Index before = updates_done_;
  while (batches_done_ < n_batches_ && !diverged_) {
    train_batch(learning_rate);
    if (max_updates > 0 && updates_done_ - before >= max_updates) break;
    if (Clock::now() >= deadline) break;
  }
  return updates_done_ - before;
}

template class TrainingRun<float>;
template class TrainingRun<double>;

}  // namespace chainrule
