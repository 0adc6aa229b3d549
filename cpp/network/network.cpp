#include "network/network.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "base/thread_count.hpp"
#include "kernels/dispatch.hpp"
#include "network/penalty.hpp"
#include "network/prediction.hpp"

namespace chainrule {

namespace {

// Rows that evaluate takes at a time: a multiple of kChunk, so that sums do not depend on it.
constexpr Index kEvaluateRows = 4 * kChunk;

template <class T>
void copy_buffer(const AlignedBuffer<T>& from, AlignedBuffer<T>& to) {
  if (to.size() != from.size()) to = AlignedBuffer<T>(from.size());
  std::copy_n(from.data(), from.size(), to.data());
}

std::optional<FormulaSpec> usual_loss_of(std::string_view output_activation) {
  const char* loss = nullptr;
  with_member(Activations{}, "activation", output_activation, [&]<class F>() { loss = F::loss; });
  if (loss == nullptr) return std::nullopt;
  return default_spec(Losses{}, "loss", loss);
}

}  // namespace

Index plan_capacity(Index rows) {
  return static_cast<Index>(std::bit_ceil(static_cast<std::size_t>(std::max<Index>(rows, 1))));
}

template <class T>
Network<T>::Network(NetworkSpec spec, Start start, std::span<const void* const> given)
    : spec_(std::move(spec)),
      table_(spec_),
      usual_loss_(usual_loss_of(table_.output_name())),
      further_coefficients_(static_cast<std::size_t>(LayerRates<T>::size(table_))) {
  if (start == Start::drawn)
    initialize(spec_.seed, given);
  else
    parameters_ = AlignedBuffer<T>(table_.block_size);
}

template <class T>
Index Network<T>::threads() const {
  return n_threads_ > 0 ? n_threads_ : max_threads();
}

template <class T>
void Network<T>::set_counters(std::int64_t training_forwards, std::int64_t epochs) {
  training_forwards_ = training_forwards;
  epochs_ = epochs;
}

template <class T>
const FormulaSpec* Network<T>::loss() const {
  if (spec_.loss) return &*spec_.loss;
  return usual_loss_ ? &*usual_loss_ : nullptr;
}

template <class T>
std::optional<OptimizerSpec> Network<T>::optimizer() const {
  const std::shared_lock lock(mutex_);
  if (!optimizer_) return std::nullopt;
  return optimizer_->spec;
}

template <class T>
void Network<T>::use_optimizer(const FormulaSpec* given) {
  if (!optimizer_)
    optimizer_.emplace(given != nullptr ? *given : to_spec(Adam{}), table_.size);
  else if (given != nullptr)
    optimizer_->change(*given, table_.size);
}

template <class T>
void Network<T>::set_optimizer(const std::optional<FormulaSpec>& formula) {
  const std::unique_lock lock(mutex_);
  if (formula)
    use_optimizer(&*formula);
  else
    optimizer_.reset();
}

template <class T>
void Network<T>::set_trainable(Index layer, bool trainable) {
  auto& dense = std::get<DenseSpec>(spec_.layers[static_cast<std::size_t>(layer)]);
  if (dense.trainable == trainable) return;
  dense.trainable = trainable;
  table_.set_trainable(layer, trainable);
  pending_.reset();
}

template <class T>
void Network<T>::initialize(std::uint64_t seed, std::span<const void* const> given,
                            MatrixView<const T> x) {
  const FloatEnvironment environment;
  AlignedBuffer<T> drawn(table_.block_size);
  chainrule::initialize(spec_, table_, seed, drawn.data(), given);
  const Index layer = first_nonfinite_stage(table_, drawn.data());
  check(layer == 0, "initializer: layer ", layer, " of the Dense layers begins with numbers too ",
        "large for ", spec_.dtype);
  if (x.rows > 0) {
    check(std::ranges::count(table_.scaled_by_data, 1) > 0,
          "x: expected none, since no layer has an initializer that looks at data, such as 'lsuv'");
    check_rows_of_training(table_, x.rows);
    const std::shared_lock lock(mutex_);
    const Index unscaled = scale_by_data(x, drawn.data());
    check(unscaled == 0, "x: what layer ", unscaled, " of the Dense layers makes of these ", x.rows,
          " rows does not vary, or is not finite, so that lsuv cannot scale it; give more rows, or "
          "scale them");
  }
  const std::unique_lock lock(mutex_);
  parameters_ = std::move(drawn);
  optimizer_.reset();
  training_forwards_ = epochs_ = 0;
  parameters_changed();
}

template <class T>
void Network<T>::predict(MatrixView<const T> x, MatrixView<T> y_hat) const {
  const FloatEnvironment environment;
  const std::shared_lock lock(mutex_);
  const RowTiles tiles = row_tiles(table_, x.rows, threads());
  const SharedPlan<T> plan = this->plan({PlanPurpose::infer, plan_capacity(tiles.rows)});
  const typename WorkspacePool<T>::Loan workspace(workspaces_, plan->workspace_size);
  chainrule::predict<T>(*plan, table_, parameters_.data(), workspace.data(), tiles, x, y_hat);
}

template <class T>
void Network<T>::check_prediction_range(const Run<T>& run) const {
  if (run.refused_row < 0) return;
  with_member(Losses{}, "loss", run.plan.loss->name, [&]<class F>() {
    throw std::invalid_argument(
        text("loss: ", F::name, " needs predictions in ", to_text(F::predictions), ", but row ",
             run.refused_row, " of the batch has one outside; end the network in a ",
             F::predictions.high == 1 ? "sigmoid or softmax"
                                      : "sigmoid, relu or another activation that is not negative",
             ", or take another loss"));
  });
}

template <class T>
LossSums Network<T>::evaluate(const Examples<T>& examples, const FormulaSpec& loss,
                              MatrixView<T> y_hat, LossSums sums, double max_seconds) const {
  using Clock = std::chrono::steady_clock;
  const FloatEnvironment environment;
  const auto start = Clock::now();
  const std::shared_lock lock(mutex_);
  const SharedPlan<T> plan =
      this->plan({PlanPurpose::evaluate, plan_capacity(std::min(examples.rows(), kEvaluateRows)),
                  &loss, examples.weights_per_output()});
  const typename WorkspacePool<T>::Loan workspace(workspaces_, plan->workspace_size);
  while (sums.rows < examples.rows()) {
    const Index first = sums.rows;
    const Examples<T> batch =
        examples.part(first, std::min(plan->capacity, examples.rows() - first));
    const Selection rows{nullptr, batch.rows()};
    Run<T> run{*plan, table_, parameters_.data(), workspace.data(), batch.x, threads()};
    load_targets(run, batch, rows, batch.rows());
    execute(run, 0, plan->n_forward);
    check_prediction_range(run);
    sums.loss = weighted_loss_sum(run, batch, rows, sums.loss);
    sums.weight = weight_sum(batch, rows, sums.weight);
    if (y_hat.data != nullptr)
      copy_rows<T>(run.view(plan->y_hat), y_hat.rows_from(first, batch.rows()));
    sums.rows += batch.rows();
    if (std::chrono::duration<double>(Clock::now() - start).count() >= max_seconds) break;
  }
  return sums;
}

template <class T>
void Network<T>::example_losses(const Examples<T>& examples, const FormulaSpec& loss,
                                T* losses) const {
  const FloatEnvironment environment;
  const std::shared_lock lock(mutex_);
  const SharedPlan<T> plan = this->plan(
      {PlanPurpose::evaluate, plan_capacity(std::min(examples.rows(), kEvaluateRows)), &loss});
  const typename WorkspacePool<T>::Loan workspace(workspaces_, plan->workspace_size);
  for (Index first = 0; first < examples.rows(); first += plan->capacity) {
    const Examples<T> batch =
        examples.part(first, std::min(plan->capacity, examples.rows() - first));
    Run<T> run{*plan, table_, parameters_.data(), workspace.data(), batch.x, threads()};
    load_targets(run, batch, {nullptr, batch.rows()}, batch.rows());
    execute(run, 0, plan->n_forward);
    check_prediction_range(run);
    std::copy_n(run.view(plan->losses).data, batch.rows(), losses + first);
  }
}

template <class T>
std::optional<double> Network<T>::penalty(const Penalty& of_call) const {
  if (!is_penalised(table_, of_call)) return std::nullopt;
  const std::shared_lock lock(mutex_);
  return chainrule::penalty(table_, parameters_.data(), of_call);
}

template <class T>
void Network<T>::copy_parameters(AlignedBuffer<T>& to) const {
  const std::shared_lock lock(mutex_);
  copy_buffer(parameters_, to);
}

template <class T>
void Network<T>::move_average(double beta, AlignedBuffer<T>& averages) const {
  const std::shared_lock lock(mutex_);
  chainrule::move_average<T>(kernels<T>(), beta, parameters_.span(), averages.data(), threads());
}

template <class T>
void Network<T>::exchange_parameters(AlignedBuffer<T>& others) {
  std::swap(parameters_, others);
  const Index n_statistics = table_.block_size - table_.size;
  std::copy_n(others.data() + table_.size, n_statistics, parameters_.data() + table_.size);
  parameters_changed();
}

template <class T>
Snapshot<T> Network<T>::snapshot() const {
  Snapshot<T> snapshot;
  this->snapshot(snapshot);
  return snapshot;
}

// Whether the memory of a snapshot is enough, so that nothing can fail half way.
template <class T>
bool Network<T>::has_room(const Snapshot<T>& snapshot) const {
  const auto& own = optimizer_;
  const auto& other = snapshot.optimizer;
  return snapshot.parameters.size() == parameters_.size() && snapshot.loss == spec_.loss &&
         own.has_value() == other.has_value() && (!own || own->spec.formula == other->formula);
}

template <class T>
void Network<T>::copy_into(Snapshot<T>& snapshot) const {
  copy_buffer(parameters_, snapshot.parameters);
  snapshot.loss = spec_.loss;
  snapshot.training_forwards = training_forwards_;
  snapshot.epochs = epochs_;
  if (!optimizer_) return;
  snapshot.optimizer = optimizer_->spec;
  snapshot.slots.resize(optimizer_->slots.size());
  for (std::size_t s = 0; s < snapshot.slots.size(); ++s)
    copy_buffer(optimizer_->slots[s], snapshot.slots[s]);
  snapshot.powers = optimizer_->powers;
}

template <class T>
void Network<T>::snapshot(Snapshot<T>& into) const {
  const std::shared_lock lock(mutex_);
  if (has_room(into)) {
    copy_into(into);
  } else {
    Snapshot<T> fresh;
    copy_into(fresh);
    into = std::move(fresh);
  }
}

template <class T>
void Network<T>::restore(const Snapshot<T>& snapshot) {
  std::optional<FormulaSpec> loss = snapshot.loss;
  std::optional<OptimizerState<T>> optimizer;
  if (snapshot.optimizer) {
    optimizer.emplace(snapshot.optimizer->formula, table_.size);
    optimizer->spec.updates = snapshot.optimizer->updates;
    for (std::size_t s = 0; s < snapshot.slots.size(); ++s)
      copy_buffer(snapshot.slots[s], optimizer->slots[s]);
    optimizer->powers = snapshot.powers;
  }
  const std::unique_lock lock(mutex_);
  std::copy_n(snapshot.parameters.data(), table_.block_size, parameters_.data());
  set_loss(std::move(loss));
  optimizer_ = std::move(optimizer);
  set_counters(snapshot.training_forwards, snapshot.epochs);
  parameters_changed();
}

template class Network<float>;
template class Network<double>;

}  // namespace chainrule
