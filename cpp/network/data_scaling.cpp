#include "network/data_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "network/network.hpp"

namespace chainrule {

namespace {

// How far a squared length, or a deviation, may be from 1 by rounding alone.
constexpr double kRounding = 1e-6;

// Sums of squares of the rows of W, or of its columns if there are fewer.
template <class T>
std::vector<double> squared_lengths(const Segment& weight, const T* block) {
  std::vector<T> w(static_cast<std::size_t>(weight.n_parameters()));
  read_tensor(weight, block, w.data());
  const bool of_rows = weight.n_out <= weight.n_in;
  std::vector<double> sums(static_cast<std::size_t>(std::min(weight.n_out, weight.n_in)));
  for (Index o = 0; o < weight.n_out; ++o)
    for (Index i = 0; i < weight.n_in; ++i) {
      const double value = w[static_cast<std::size_t>(o * weight.n_in + i)];
      sums[static_cast<std::size_t>(of_rows ? o : i)] += value * value;
    }
  return sums;
}

// The standard deviation of all elements of Z - b, from their distances to the first one, so that
// it is 0 where all are equal.
template <class T>
double deviation(MatrixView<const T> z, Index n_out, const T* bias) {
  const auto element = [&](Index i, Index o) {
    return static_cast<double>(z(i, o)) - (bias == nullptr ? 0.0 : static_cast<double>(bias[o]));
  };
  const double first = element(0, 0);
  double sum = 0.0, squares = 0.0;
  const auto n = static_cast<double>(z.rows * n_out);
  for (Index i = 0; i < z.rows; ++i)
    for (Index o = 0; o < n_out; ++o) sum += element(i, o) - first;
  for (Index i = 0; i < z.rows; ++i)
    for (Index o = 0; o < n_out; ++o) {
      const double distance = element(i, o) - first - sum / n;
      squares += distance * distance;
    }
  return std::sqrt(squares / n);
}

template <class T>
const T* bias_of(const Run<T>& run, const Stage& stage) {
  if (stage.bias < 0) return nullptr;
  return run.parameters + run.table.segments[static_cast<std::size_t>(stage.bias)].offset;
}

}  // namespace

template <class T>
bool awaits_data(const ParameterTable<T>& table, Index stage, const T* block) {
  const auto s = static_cast<std::size_t>(stage);
  if (!table.scaled_by_data[s]) return false;
  return std::ranges::all_of(
      squared_lengths(table.segments[static_cast<std::size_t>(table.stages[s].weight)], block),
      [](double sum) { return std::abs(sum - 1.0) <= kRounding; });
}

template <class T>
Index scale_by_data(Run<T>& run, T* block) {
  Index first_unscaled = 0;
  for (Index i = 0; i < run.plan.n_forward; ++i) {
    execute(run, i, i + 1);
    const auto* dense =
        std::get_if<DenseForward>(&run.plan.operations[static_cast<std::size_t>(i)]);
    if (dense == nullptr || !awaits_data(run.table, dense->stage, block)) continue;
    const Stage& stage = run.table.stages[static_cast<std::size_t>(dense->stage)];
    double sigma = deviation<T>(run.view(dense->z), stage.n_out, bias_of(run, stage));
    // Elements of W are at most 1, so that they stay finite.
    if (!(sigma > std::numeric_limits<T>::min() && std::isfinite(sigma))) {
      if (first_unscaled == 0) first_unscaled = dense->stage + 1;
      continue;
    }
    // What was scaled must not look as if it still waited.
    if (std::abs(sigma - 1.0) <= kRounding) sigma = 1.0 + kRounding;
    const Segment& weight = run.table.segments[static_cast<std::size_t>(stage.weight)];
    T* w = block + weight.offset;
    for (Index j = 0; j < weight.size; ++j)
      w[j] = static_cast<T>(static_cast<double>(w[j]) / sigma);
    execute(run, i, i + 1);
  }
  return first_unscaled;
}

template <class T>
Index Network<T>::scale_by_data(MatrixView<const T> x, T* block) const {
  const SharedPlan<T> plan =
      this->plan({PlanPurpose::keep_all, plan_capacity(x.rows), nullptr, false, true});
  AlignedBuffer<T> workspace(plan->workspace_size);
  Run<T> run{*plan, table_, block, workspace.data(), x, threads(), {spec_.seed, 0}};
  return chainrule::scale_by_data(run, block);
}

template <class T>
bool Network<T>::awaits_data() const {
  if (training_forwards_ > 0 || (optimizer_ && optimizer_->spec.updates > 0)) return false;
  for (std::size_t s = 0; s < table_.stages.size(); ++s)
    if (chainrule::awaits_data(table_, static_cast<Index>(s), parameters_.data())) return true;
  return false;
}

template <class T>
AlignedBuffer<T> Network<T>::parameters_scaled_by(MatrixView<const T> x) const {
  AlignedBuffer<T> scaled;
  if (!awaits_data()) return scaled;
  scaled = AlignedBuffer<T>(parameters_.size());
  std::copy_n(parameters_.data(), parameters_.size(), scaled.data());
  scale_by_data(x, scaled.data());
  return scaled;
}

template <class T>
void Network<T>::take_scaled(AlignedBuffer<T>& scaled) {
  if (scaled.size() == 0) return;
  parameters_ = std::move(scaled);
  scaled = {};
  parameters_changed();
}

template <class T>
void Network<T>::scale_for_first_forward(MatrixView<const T> x) {
  AlignedBuffer<T> scaled = parameters_scaled_by(x);
  take_scaled(scaled);
}

#define CHAINRULE_INSTANTIATE(T)                                                         \
  template bool awaits_data(const ParameterTable<T>&, Index, const T*);                  \
  template Index scale_by_data(Run<T>&, T*);                                             \
  template Index Network<T>::scale_by_data(MatrixView<const T>, T*) const;               \
  template bool Network<T>::awaits_data() const;                                         \
  template AlignedBuffer<T> Network<T>::parameters_scaled_by(MatrixView<const T>) const; \
  template void Network<T>::take_scaled(AlignedBuffer<T>&);                              \
  template void Network<T>::scale_for_first_forward(MatrixView<const T>);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
