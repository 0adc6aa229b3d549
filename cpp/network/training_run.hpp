// How does a whole fit run? Epoch by epoch over shuffled rows, in groups of batches, so that Python
// is asked only now and then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network/network.hpp"

namespace chainrule {

struct TrainingOptions {
  Index batch_size = 128;
  bool shuffle = true;
  bool keep_predictions = false;
  const FormulaSpec* optimizer = nullptr;  // null: the network's own, Adam if it has none
  const FormulaSpec* loss = nullptr;       // null: the network's own
  Clipping clipping = {};
  Penalty penalty = {};
};

// The caller keeps examples, network and `before` alive. Nobody else can train the network until
// the run is closed. `before` gets the network as it was; a run in which no batch was done leaves
// it like that.
template <class T>
class TrainingRun {
 public:
  TrainingRun(Network<T>& network, Examples<T> examples, const TrainingOptions& options,
              Snapshot<T>* before = nullptr);
  ~TrainingRun();
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

  // `factors` of the learning rate, one for each batch of the epoch; none: always 1.
  void begin_epoch(std::span<const double> factors = {});
  // Trains on at most `max_batches` (0: all that are left), for about `max_seconds`; stops early
  // when J is not finite. Returns the number of batches done.
  Index run(Index max_batches, double max_seconds, double learning_rate);
  void end_epoch() { network_.end_epoch(); }
  void close();

  Index n_batches() const { return ceil_div(examples_.rows(), options_.batch_size); }
  Index batches_done() const { return batches_done_; }
  bool diverged() const { return diverged_; }
  double last_loss() const { return last_loss_; }
  // sum w l / sum w of the epoch so far.
  double epoch_loss() const { return loss_sum_ / weight_sum_; }
  // Y_hat of every row, as it was while training in this epoch.
  MatrixView<const T> predictions() const { return predictions_view(); }

 private:
  MatrixView<T> predictions_view() const;
  Selection rows_of_batch(Index batch) const;
  MatrixView<const T> load_batch(Selection rows);
  void prefetch_batch(Selection rows) const;
  void train_batch(double learning_rate);

  Network<T>& network_;
  std::optional<ExclusiveTraining> exclusive_;
  const Snapshot<T>* before_;  // null once a batch is done
  Examples<T> examples_;
  TrainingOptions options_;
  const Plan<T>* plan_;
  std::optional<typename WorkspacePool<T>::Loan> workspace_;
  AlignedBuffer<T> gathered_, predictions_;
  Index gathered_stride_;
  std::vector<std::int64_t> order_;
  std::vector<double> factors_;
  Index batches_done_ = 0;
  double loss_sum_ = 0.0, weight_sum_ = 0.0, last_loss_ = 0.0;
  bool diverged_ = false;
};

extern template class TrainingRun<float>;
extern template class TrainingRun<double>;

}  // namespace chainrule
