// How does a whole fit run? Epoch by epoch over shuffled rows, in groups of batches, so that Python
// is asked only now and then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network/parameter_average.hpp"

namespace chainrule {

inline constexpr Index kUsualBatch = 128;

struct TrainingOptions {
  Index batch_size = 0;  // 0: kUsualBatch, or all rows where a line search needs them
  bool shuffle = true;
  bool keep_predictions = false;
  const FormulaSpec* optimizer = nullptr;  // null: the network's own, Adam if it has none
  const FormulaSpec* loss = nullptr;       // null: the network's own
  Clipping clipping = {};
  Penalty penalty = {};
  Index accumulate = 1;  // batches of an update; fewer at the end of an epoch
  double ema = 0.0;      // beta of ParameterAverage; 0: none
};

// The caller keeps examples, network and `before` alive. Nobody else can train the network until
// the run is closed. `before` gets the network as it was; a run that came to no update leaves it
// like that.
template <class T>
class TrainingRun {
 public:
  TrainingRun(Network<T>& network, Examples<T> examples, const TrainingOptions& options,
              Snapshot<T>* before = nullptr);
  ~TrainingRun();
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

  // `factors` of the learning rate, one for each update of the epoch; none: always 1.
  void begin_epoch(std::span<const double> factors = {});
  // Makes at most `max_updates` (0: all that are left), for about `max_seconds`, but does at least
  // one batch; stops early when J is not finite. Returns the number of updates that were done, one
  // that failed included.
  Index run(Index max_updates, double max_seconds, double learning_rate);
  // The network has the averages of its weights, if there are any, until the next epoch begins.
  void show_averages();
  void end_epoch() { network_.end_epoch(); }
  void close();  // leaves it the averages

  // Of the epoch.
  Index n_updates() const { return ceil_div(n_batches_, options_.accumulate); }
  Index updates_done() const { return updates_done_; }
  bool diverged() const { return diverged_; }
  // J before the last update.
  double last_loss() const { return group_.loss(); }
  // sum w l / sum w of the epoch so far.
  double epoch_loss() const { return loss_sum_ / weight_sum_; }
  // Y_hat of every row, as it was while training in this epoch.
  MatrixView<const T> predictions() const { return predictions_view(); }

 private:
  MatrixView<T> predictions_view() const;
  void set_up_descent();
  void cut_into_batches();
  Selection rows_of_batch(Index batch) const;
  BatchGroup group_from(Index batch) const;
  MatrixView<const T> load_batch(Selection rows);
  void prefetch_batch(Selection rows) const;
  void train_batch(double learning_rate);

  Network<T>& network_;
  std::optional<ExclusiveTraining> exclusive_;
  const Snapshot<T>* before_;  // null once an update is
  Examples<T> examples_;
  TrainingOptions options_;
  Index n_batches_, largest_batch_;
  SharedPlan<T> plan_;
  std::optional<typename WorkspacePool<T>::Loan> workspace_;
  std::optional<ParameterAverage<T>> average_;
  AlignedBuffer<T> gathered_, predictions_;
  Index gathered_stride_;
  std::vector<std::int64_t> order_;
  std::vector<double> factors_;
  Index batches_done_ = 0, updates_done_ = 0;
  BatchGroup group_;
  double loss_sum_ = 0.0, weight_sum_ = 0.0;
  bool diverged_ = false;
};

extern template class TrainingRun<float>;
extern template class TrainingRun<double>;

}  // namespace chainrule
