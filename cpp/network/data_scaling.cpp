#include "network/data_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace chainrule {

namespace {

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

// The standard deviation of all elements of Z - b.
template <class T>
double deviation(MatrixView<const T> z, Index n_out, const T* bias) {
  const auto element = [&](Index i, Index o) {
    return static_cast<double>(z(i, o)) - (bias == nullptr ? 0.0 : static_cast<double>(bias[o]));
  };
  const auto n = static_cast<double>(z.rows * n_out);
  double sum = 0.0, squares = 0.0;
  for (Index i = 0; i < z.rows; ++i)
    for (Index o = 0; o < n_out; ++o) sum += element(i, o);
  for (Index i = 0; i < z.rows; ++i)
    for (Index o = 0; o < n_out; ++o) {
      const double distance = element(i, o) - sum / n;
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
  const double tolerance = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon()));
  return std::ranges::all_of(
      squared_lengths(table.segments[static_cast<std::size_t>(table.stages[s].weight)], block),
      [&](double sum) { return std::abs(sum - 1.0) <= tolerance; });
}

template <class T>
Index scale_by_data(Run<T>& run, T* block) {
  Index first_constant = 0;
  for (Index i = 0; i < run.plan.n_forward; ++i) {
    execute(run, i, i + 1);
    const auto* dense =
        std::get_if<DenseForward>(&run.plan.operations[static_cast<std::size_t>(i)]);
    if (dense == nullptr || !awaits_data(run.table, dense->stage, block)) continue;
    const Stage& stage = run.table.stages[static_cast<std::size_t>(dense->stage)];
    const double sigma = deviation<T>(run.view(dense->z), stage.n_out, bias_of(run, stage));
    // Elements of W are at most 1, so that they stay finite.
    if (!(sigma > std::numeric_limits<T>::min() && std::isfinite(sigma))) {
      if (first_constant == 0) first_constant = dense->stage + 1;
      continue;
    }
    const Segment& weight = run.table.segments[static_cast<std::size_t>(stage.weight)];
    T* w = block + weight.offset;
    for (Index j = 0; j < weight.size; ++j)
      w[j] = static_cast<T>(static_cast<double>(w[j]) / sigma);
    execute(run, i, i + 1);
  }
  return first_constant;
}

#define CHAINRULE_INSTANTIATE(T)                                        \
  template bool awaits_data(const ParameterTable<T>&, Index, const T*); \
  template Index scale_by_data(Run<T>&, T*);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
