// What is a network? Parameters, the optimiser's memory and counters behind one lock, and the calls
// that run plans on them.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/fair_shared_mutex.hpp"
#include "network/batch.hpp"
#include "network/clipping.hpp"
#include "network/descent.hpp"
#include "network/optimizer_state.hpp"
#include "network/plan_cache.hpp"
#include "network/spec.hpp"
#include "network/workspace_pool.hpp"

namespace chainrule {

// Plans are built for a power of two of rows, so that few of them serve all batch sizes.
Index plan_capacity(Index rows);

// A forward pass whose backward pass is still to come, or whose dX is.
template <class T>
struct Pass {
  SharedPlan<T> plan;
  AlignedBuffer<T> x, workspace;
  Index rows = 0;
  std::int64_t version = 0;  // of the parameters
  bool has_input_gradient = false;
};

// Gradients of all parameters for one batch, laid out as the parameters.
template <class T>
struct Gradients {
  double loss = 0.0;
  double weight_sum = 0.0;
  AlignedBuffer<T> flat;
  Pass<T> pass;  // what dX can still be computed from
};

// Everything that training changes, for roll-back.
template <class T>
struct Snapshot {
  AlignedBuffer<T> parameters;
  std::optional<FormulaSpec> loss;
  std::optional<OptimizerSpec> optimizer;
  std::vector<AlignedBuffer<T>> slots;
  std::vector<double> powers;
  std::int64_t training_forwards = 0;
  std::int64_t epochs = 0;
};

// One Dense layer of a step that was looked at; rows are examples. Without a bias b, db and new_b
// are empty, without one slope for each element `slope` is.
template <class T>
struct TracedLayer {
  std::vector<T> w, b, z, a, slope, da, dz, dw, db, new_w, new_b;
};

template <class T>
struct Trace {
  double loss = 0.0, new_loss = 0.0;
  std::vector<T> losses, y_hat, dx;
  std::vector<T> input;  // what the first Dense layer receives
  std::vector<TracedLayer<T>> layers;
};

// Losses over the first rows of a set: sum of w l and of w in float64.
struct LossSums {
  Index rows = 0;
  double loss = 0.0;
  double weight = 0.0;
};

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// A network is trained by one caller at a time, whose memory of the optimiser nobody else may
// replace: std::runtime_error if it already is.
class ExclusiveTraining {
 public:
  explicit ExclusiveTraining(std::atomic<bool>& is_training) : is_training_(is_training) {
    if (is_training_.exchange(true))
      throw std::runtime_error(
          "this network is being trained; wait until that has ended, or take a copy");
  }
  ~ExclusiveTraining() { is_training_ = false; }
  ExclusiveTraining(const ExclusiveTraining&) = delete;
  ExclusiveTraining& operator=(const ExclusiveTraining&) = delete;

 private:
  std::atomic<bool>& is_training_;
};

// Updates go tile by tile, unless something is to be done to the whole gradient before: by
// clipping, or by further batches of the same update.
inline PlanPurpose purpose_of_training(const Clipping& clipping, Index accumulate = 1) {
  return clipping.any() || accumulate > 1 ? PlanPurpose::gradients : PlanPurpose::train;
}

// Batches that make one update: the rows of all of them, and sums over those that were done.
struct BatchGroup {
  Index rows = 0;
  Index rows_done = 0;
  double loss_sum = 0.0, weight_sum = 0.0;  // of w l and of w

  bool is_done() const { return rows_done == rows; }
  // J, with nothing yet for the rows to come.
  double loss() const { return loss_sum / static_cast<double>(rows); }
};

// What parameters begin with: what their initialisers say, or zeros where others follow at once,
// since drawing may take longer than reading a file.
enum class Start { drawn, zero };

// Calls may come from several threads: those that read share the lock, those that write have it
// alone.
template <class T>
class Network {
 public:
  // `given` as in chainrule::initialize().
  explicit Network(NetworkSpec spec, Start start = Start::drawn,
                   std::span<const void* const> given = {});

  const NetworkSpec& spec() const { return spec_; }
  const ParameterTable<T>& table() const { return table_; }
  std::int64_t training_forwards() const { return training_forwards_; }
  std::int64_t epochs() const { return epochs_; }
  void set_counters(std::int64_t training_forwards, std::int64_t epochs);
  void set_loss(std::optional<FormulaSpec> loss) { spec_.loss = std::move(loss); }
  // What calls use that name no loss: the network's own, or the usual one of its outputs; null if
  // there is neither. A training may replace it: the pointer lasts while ExclusiveTraining is held.
  const FormulaSpec* loss() const;
  void set_seed(std::uint64_t seed) { spec_.seed = seed; }
  // Whether training changes a Dense layer, by its position. The caller holds mutex() and the
  // ExclusiveTraining. A forward pass that waits for its backward is forgotten if this changes.
  void set_trainable(Index layer, bool trainable);
  void set_n_threads(Index n) { n_threads_ = n; }  // 0: the library's
  Index n_threads() const { return n_threads_; }
  Index threads() const;  // that may work now

  // The optimiser: the same formula keeps its state, another one starts at zero, none drops it.
  // Whoever changes it holds the ExclusiveTraining.
  std::optional<OptimizerSpec> optimizer() const;
  void set_optimizer(const std::optional<FormulaSpec>& formula);
  // What a training begins with: `given`, or the network's own, or Adam if it has none. The caller
  // holds mutex().
  void use_optimizer(const FormulaSpec* given);
  // Whether steps search along a line: with `given`, or the network's own. Nobody changes that
  // meanwhile.
  bool descends(const FormulaSpec* given) const;
  // Memory for the gradient of steps that need the whole of it, so that they ask for none.
  // Likewise.
  void reserve_gradient();
  // The same for steps that search along a line, which the next ones do or do not. What was known
  // of other batches is forgotten.
  void set_descent(bool descends);
  const std::optional<OptimizerState<T>>& optimizer_state() const { return optimizer_; }
  std::optional<OptimizerState<T>>& optimizer_state() { return optimizer_; }

  // Draws all parameters anew, and scales by `x`, if it has rows, those that wait for data.
  void initialize(std::uint64_t seed, std::span<const void* const> given = {},
                  MatrixView<const T> x = {});
  // Whether weights wait for data: those of the first training forward, in a network that has
  // learnt nothing yet.
  bool awaits_data() const;
  // Scales them by its rows. The caller holds mutex() for both.
  void scale_for_first_forward(MatrixView<const T> x);
  T* parameters() { return parameters_.data(); }
  const T* parameters() const { return parameters_.data(); }
  // Held while parameters are read or written from outside.
  FairSharedMutex& mutex() const { return mutex_; }
  void parameters_changed() { ++version_; }
  std::int64_t version() const { return version_; }

  // Y_hat (d, m) for X (d, n), any number of rows.
  void predict(MatrixView<const T> x, MatrixView<T> y_hat) const;
  // Sums over the data set; `y_hat` is filled if it has data. Goes on from `sums`, and ends early
  // once `max_seconds` are over.
  LossSums evaluate(const Examples<T>& examples, const FormulaSpec& loss, MatrixView<T> y_hat,
                    LossSums sums = {}, double max_seconds = kNoLimit) const;
  void example_losses(const Examples<T>& examples, const FormulaSpec& loss, T* losses) const;

  // J before the update; if J is not finite, nothing was updated.
  double train_step(const Examples<T>& examples, const FormulaSpec& loss,
                    const double* learning_rate, const FormulaSpec* optimizer = nullptr,
                    const Clipping& clipping = {}, const Penalty& penalty = {});
  // The same for a caller who holds the ExclusiveTraining of this network.
  double train_step(const ExclusiveTraining& held, const Examples<T>& examples,
                    const FormulaSpec& loss, const double* learning_rate,
                    const FormulaSpec* optimizer = nullptr, const Clipping& clipping = {},
                    const Penalty& penalty = {});
  Gradients<T> gradients(const Examples<T>& examples, const FormulaSpec& loss, bool training);
  // dX (d, n_features); std::runtime_error once the parameters have changed.
  void input_gradients(Gradients<T>& gradients, MatrixView<T> dx) const;
  void forward(MatrixView<const T> x, MatrixView<T> y_hat);  // a training forward
  Gradients<T> backward(MatrixView<const T> da);
  void apply(const T* gradient, const double* learning_rate, const FormulaSpec* optimizer = nullptr,
             const Clipping& clipping = {}, const Penalty& penalty = {});
  // What the weights cost beside J, with what a call adds; nullopt if nothing is penalised.
  std::optional<double> penalty(const Penalty& of_call) const;
  Trace<T> trace(const Examples<T>& examples, const FormulaSpec& loss, double learning_rate,
                 bool training = false) const;

  // One batch of a fit; the last one of its group makes the update, and returns whether it did.
  // `y_hat` gets the predictions if it has data. `examples` must know the mean of their weights.
  bool fit_batch(const Plan<T>& plan, T* workspace, const Examples<T>& examples,
                 MatrixView<const T> x, Selection rows, BatchGroup& group, double learning_rate,
                 MatrixView<T> y_hat, const Clipping& clipping, const Penalty& penalty);
  void end_epoch() { ++epochs_; }

  void copy_parameters(AlignedBuffer<T>& to) const;
  // e <- beta e + (1 - beta) w.
  void move_average(double beta, AlignedBuffer<T>& averages) const;
  // Others of the same layout become those of the network, which `others` gets. The caller holds
  // mutex().
  void exchange_parameters(AlignedBuffer<T>& others);
  Snapshot<T> snapshot() const;
  // Into an earlier snapshot of this network, whose memory serves again where it is enough. If this
  // fails, `into` is the earlier one still.
  void snapshot(Snapshot<T>& into) const;
  void restore(const Snapshot<T>& snapshot);
  // The number l = 1..L of the first layer that is not finite: its parameters, or what the last
  // failed batch made of them; L if there is none.
  Index first_nonfinite_layer() const;

  WorkspacePool<T>& workspaces() const { return workspaces_; }
  std::atomic<bool>& training_flag() const { return training_; }  // for ExclusiveTraining
  bool is_training() const { return training_; }

  // The caller holds mutex(), alone or together with others.
  SharedPlan<T> plan(const PlanOptions& options) const { return plans_.get(table_, options); }

 private:
  using Lock = std::unique_lock<FairSharedMutex>;
  class BatchCost;

  bool has_room(const Snapshot<T>& snapshot) const;
  void copy_into(Snapshot<T>& snapshot) const;
  Index scale_by_data(MatrixView<const T> x, T* block) const;
  // The parameters scaled by x; empty if none wait for data. They become the network's once the
  // batch was not refused.
  AlignedBuffer<T> parameters_scaled_by(MatrixView<const T> x) const;
  const T* begun_with(const AlignedBuffer<T>& scaled) const {
    return scaled.size() > 0 ? scaled.data() : parameters_.data();
  }
  void take_scaled(AlignedBuffer<T>& scaled);  // which is empty then
  void check_prediction_range(const Run<T>& run) const;
  Run<T> run_of(const Pass<T>& pass) const;
  // Sum of w l over a batch, and everything that backward needs. A loss of the caller's is asked
  // without the lock; std::runtime_error if the parameters have changed meanwhile. If the loss
  // refuses a prediction, the run says so.
  template <class AnyLock>
  double forward_and_sum(Run<T>& run, const Examples<T>& examples, Selection rows,
                         const BatchGroup& group, AnyLock& lock) const;
  // The same; std::invalid_argument if a prediction is refused.
  template <class AnyLock>
  double forward_with_loss(Run<T>& run, const Examples<T>& examples, Selection rows,
                           const BatchGroup& group, AnyLock& lock) const;
  // The numbers that the next training forward draws.
  RandomOrigin next_noise() const { return {spec_.seed, training_forwards_}; }
  Update<T> begin_update(const KernelTable<T>& kernels, const double* learning_rate);
  void update_in_tiles(Run<T>& run, const double* learning_rate, const Penalty& penalty);
  void finish_gradient(const KernelTable<T>& kernels, const Clipping& clipping,
                       const Penalty& penalty);
  void update_by(const KernelTable<T>& kernels, const T* gradient, const double* learning_rate);
  double descend(const Run<T>& run, const Examples<T>& examples, Selection rows, double j,
                 const double* learning_rate, const Penalty& penalty, Lock& lock);
  void learn_from(Run<T>& run, bool updates, const double* learning_rate, const Clipping& clipping,
                  const Penalty& penalty);
  void note_failure(const Run<T>& run);

  NetworkSpec spec_;
  ParameterTable<T> table_;
  std::optional<FormulaSpec> usual_loss_;
  AlignedBuffer<T> parameters_;
  std::optional<OptimizerState<T>> optimizer_;
  // Read without the lock.
  std::atomic<std::int64_t> training_forwards_ = 0, epochs_ = 0;
  std::int64_t version_ = 0;
  Index failed_layer_ = 0;
  Index n_threads_ = 0;
  mutable std::atomic<bool> training_{false};
  mutable FairSharedMutex mutex_;

  mutable PlanCache<T> plans_;
  mutable WorkspacePool<T> workspaces_;

  std::vector<T> further_coefficients_;  // of LayerRates
  AlignedBuffer<T> gradient_;            // where the whole of it is needed; empty until then
  std::optional<Descent<T>> descent_;    // there while steps search along a line
  std::int64_t descent_version_ = -1;    // of the parameters whose gradient it has

  std::optional<Pass<T>> pending_;  // the last training forward, waiting for its backward
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace chainrule
