#include "network/descent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.hpp"
#include "network/run_parts.hpp"

namespace chainrule {

namespace {

// A pair (s, y), the newest being the first; one without curvature is none.
template <class T>
struct Pair {
  const T* s;
  const T* y;
};

template <class T>
Pair<T> pair_of(const std::vector<AlignedBuffer<T>>& slots, std::size_t i) {
  return {slots[2 * i].data(), slots[2 * i + 1].data()};
}

// How close two values of that size are that rounding may have made different.
template <class T>
double resolution(double value) {
  return std::numeric_limits<T>::epsilon() / 2 * std::fabs(value);
}

template <class T>
void forget(std::vector<AlignedBuffer<T>>& pairs) {
  for (AlignedBuffer<T>& slot : pairs) std::ranges::fill(slot.span(), T(0));
}

}  // namespace

template <class T>
Descent<T>::Descent(const ParameterTable<T>& table)
    : table_(table),
      gradient_(table.size),
      direction_(table.size),
      trial_(table.block_size),
      trial_gradient_(table.size) {}

// f(i) for all elements of the parameters, in any order.
template <class T>
template <class F>
void Descent<T>::over_parameters(F&& f) const {
  split_elements(table_.size, n_threads_, [&](Index first, Index count) {
    for (Index i = first; i < first + count; ++i) f(i);
  });
}

template <class T>
void Descent<T>::clear_frozen(T* vector) const {
  for (const Segment& segment : table_.segments)
    if (!segment.settings.trainable) std::fill_n(vector + segment.offset, segment.size, T(0));
}

// The cost along the direction.
template <class T>
class Descent<T>::TrialLine final : public Line {
 public:
  TrialLine(Descent& descent, Cost<T>& cost, const T* block)
      : descent_(descent), cost_(cost), block_(block) {}

  Trial at(double step) override {
    const ParameterTable<T>& table = descent_.table_;
    const T* p = descent_.direction_.data();
    T *trial = descent_.trial_.data(), *g = descent_.trial_gradient_.data();
    descent_.over_parameters([&](Index i) {
      trial[i] = static_cast<T>(static_cast<double>(block_[i]) + step * static_cast<double>(p[i]));
    });
    std::copy(block_ + table.size, block_ + table.block_size, trial + table.size);
    const double value = cost_.at(trial, g);
    last_step_ = step;
    return {step, value, std::isfinite(value) ? dot(table, g, p) : value};
  }
  double last_step() const { return last_step_; }

 private:
  Descent& descent_;
  Cost<T>& cost_;
  const T* block_;
  double last_step_ = 0.0;
};

// p = -H g by two loops over the pairs, algorithm 7.4.
template <class T>
typename Descent<T>::Way Descent<T>::set_direction(const Slots& pairs) {
  T* p = direction_.data();
  const T* g = gradient_.data();
  const std::size_t n = pairs.size() / 2;
  std::array<double, Lbfgs::kMostPairs> curvature, alpha;
  const auto add = [&](double factor, const T* v) {
    over_parameters([&](Index i) {
      p[i] = static_cast<T>(static_cast<double>(p[i]) + factor * static_cast<double>(v[i]));
    });
  };
  double scale = 0.0;  // H of the newest pair
  over_parameters([&](Index i) { p[i] = -g[i]; });
  for (std::size_t i = 0; i < n; ++i) {
    const auto [s, y] = pair_of(pairs, i);
    curvature[i] = dot(table_, s, y);
    if (!(curvature[i] > 0.0)) continue;
    if (scale == 0.0) scale = curvature[i] / dot(table_, y, y);
    alpha[i] = dot(table_, s, p) / curvature[i];
    add(-alpha[i], y);
  }
  if (scale > 0.0)
    over_parameters([&](Index i) { p[i] = static_cast<T>(scale * static_cast<double>(p[i])); });
  for (std::size_t i = n; i-- > 0;) {
    const auto [s, y] = pair_of(pairs, i);
    if (curvature[i] > 0.0) add(alpha[i] - dot(table_, y, p) / curvature[i], s);
  }
  clear_frozen(p);
  return {dot(table_, g, p), scale > 0.0 ? 1.0 : std::min(1.0, 1.0 / sum_of_magnitudes(table_, g))};
}

// The pair of a step from `block` to the trial takes the place of the oldest.
template <class T>
void Descent<T>::remember(Slots& pairs, const T* block) {
  std::rotate(pairs.begin(), pairs.end() - 2, pairs.end());
  T *s = pairs[0].data(), *y = pairs[1].data();
  const T *w = trial_.data(), *g = trial_gradient_.data(), *g_before = gradient_.data();
  over_parameters([&](Index i) {
    s[i] = w[i] - block[i];
    y[i] = g[i] - g_before[i];
  });
  clear_frozen(y);
}

template <class T>
bool Descent<T>::step(OptimizerState<T>& state, Cost<T>& cost, double value, double rate, T* block,
                      Index n_threads) {
  n_threads_ = n_threads;
  Slots& pairs = state.slots;
  Way way = set_direction(pairs);
  if (!way.goes_down()) {  // rounding may have spoilt the pairs
    forget(pairs);
    way = set_direction(pairs);
  }
  const double first_step = rate * way.first_step;
  const Trial start{0.0, value, way.slope};
  TrialLine line(*this, cost, block);
  Trial found = start;
  if (way.goes_down() && first_step > 0.0)
    found = search_line(line, start, first_step, resolution<T>(value));
  const bool moves = found.step > 0.0;
  if (moves && found.step != line.last_step()) line.at(found.step);
  ++state.spec.updates;
  if (moves && meets_wolfe(start, found))
    remember(pairs, block);
  else if (rate > 0.0)
    forget(pairs);
  if (!moves) return false;
  std::ranges::copy(trial_.span(), block);
  std::swap(gradient_, trial_gradient_);
  return true;
}

template <class T>
void check_descent(const ParameterTable<T>& table, const Clipping& clipping) {
  constexpr auto remedy = "; leave it out, or take another optimizer";
  check(!clipping.any(), clipping.value < kInfinity ? "clip_value" : "clip_norm",
        ": expected None with LBFGS, whose line search needs the gradient as it is", remedy);
  check(!table.has_max_norm,
        "max_norm: expected None with LBFGS, whose line search would not see the limit; penalise "
        "large weights by l2, or take another optimizer");
  check(table.rate_factors.size() == 1,
        "learning_rate_multiplier: expected 1 with LBFGS, whose line search moves all layers "
        "together; freeze a layer by trainable=False, or take another optimizer");
}

template class Descent<float>;
template class Descent<double>;
template void check_descent(const ParameterTable<float>&, const Clipping&);
template void check_descent(const ParameterTable<double>&, const Clipping&);

}  // namespace chainrule
