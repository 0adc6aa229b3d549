#include "network/optimizer_state.hpp"

#include <algorithm>

namespace chainrule {

namespace {

template <class F, class T>
void step_coefficients(const F& formula, double rate, Index updates_before, const double* powers,
                       T* rounded) {
  static_assert(F::n_coefficients <= kMaxCoefficients && F::n_slots <= kMaxSlots);
  double exact[kMaxCoefficients] = {};
  formula.step(rate, updates_before, powers, exact);
  std::transform(exact, exact + F::n_coefficients, rounded,
                 [](double c) { return static_cast<T>(c); });
}

}  // namespace

void check_optimizer(const FormulaSpec& formula) {
  with_member(AllOptimizers{}, "optimizer", formula.name,
              [&]<class F>() { from_spec<F>(formula); });
}

template <class T>
OptimizerState<T>::OptimizerState(FormulaSpec formula, Index size) {
  check_optimizer(formula);
  with_member(AllOptimizers{}, "optimizer", formula.name, [&]<class F>() {
    const F fields = from_spec<F>(formula);
    for (Index s = 0; s < count_slots(fields); ++s)
      slots.push_back(uses_slot(fields, s) ? AlignedBuffer<T>(size) : AlignedBuffer<T>());
    powers.assign(F::n_powers, 1.0);
  });
  spec.formula = std::move(formula);
}

template <class T>
void OptimizerState<T>::change(const FormulaSpec& formula, Index size) {
  if (formula == spec.formula) return;
  if (formula.name != spec.formula.name) {
    *this = OptimizerState(formula, size);
    return;
  }
  bool same_slots = true;
  with_member(AllOptimizers{}, "optimizer", formula.name, [&]<class F>() {
    const F fields = from_spec<F>(formula);
    same_slots = count_slots(fields) == std::ssize(slots);
    for (std::size_t s = 0; same_slots && s < slots.size(); ++s)
      same_slots &= uses_slot(fields, static_cast<Index>(s)) == (slots[s].size() > 0);
  });
  if (same_slots) {  // the case of every step: nothing is allocated
    spec.formula.values = formula.values;
    return;
  }
  // What is used now and was not before begins at zero; if memory is refused, nothing has changed.
  OptimizerState changed(formula, size);
  for (std::size_t s = 0; s < std::min(slots.size(), changed.slots.size()); ++s)
    if (slots[s].size() > 0 && changed.slots[s].size() > 0) std::swap(slots[s], changed.slots[s]);
  changed.powers = powers;
  changed.spec.updates = spec.updates;
  *this = std::move(changed);
}

template <class T>
Update<T> OptimizerState<T>::begin_update(const KernelTable<T>& kernels,
                                          const double* learning_rate, LayerRates<T> rates) {
  Update<T> update{};
  with_member(Optimizers{}, "optimizer", spec.formula.name, [&]<class F>() {
    update.n_slots = F::n_slots;
    for (std::size_t s = 0; s < slots.size(); ++s) update.slots[s] = slots[s].data();
    update.kernel = kernels.optimizers[find_by_name(Optimizers{}, F::name)].update;
    F formula = from_spec<F>(spec.formula);
    const double rate = learning_rate != nullptr ? *learning_rate : formula.learning_rate;
    formula.advance(powers.data());
    F of_biases = formula;
    if constexpr (requires { formula.decay_biases; })
      if (!formula.decay_biases) of_biases.weight_decay = 0.0;
    const auto set = [&](double factor, T* weights, T* biases) {
      step_coefficients(formula, factor * rate, spec.updates, powers.data(), weights);
      step_coefficients(of_biases, factor * rate, spec.updates, powers.data(), biases);
    };
    set(1.0, update.weight_coefficients, update.bias_coefficients);
    for (std::size_t i = 1; i < rates.factors.size(); ++i) {
      T* weights = rates.coefficients + 2 * static_cast<Index>(i - 1) * kMaxCoefficients;
      set(rates.factors[i], weights, weights + kMaxCoefficients);
    }
  });
  update.further_coefficients = rates.coefficients;
  ++spec.updates;
  return update;
}

template struct OptimizerState<float>;
template struct OptimizerState<double>;

}  // namespace chainrule
