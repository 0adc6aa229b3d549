// What does an optimiser remember? Slots beside the parameters, at the same positions, and running
// products in float64.
#pragma once

#include <vector>

#include "base/aligned_buffer.hpp"
#include "network/execution.hpp"
#include "network/spec.hpp"

namespace chainrule {

// The learning-rate multipliers of a network's layers, the first of which is 1, and memory for what
// the others make of the coefficients of an update.
template <class T>
struct LayerRates {
  std::span<const double> factors = {};
  T* coefficients = nullptr;

  static Index size(const ParameterTable<T>& table) {
    return 2 * kMaxCoefficients * (std::ssize(table.rate_factors) - 1);
  }
};

template <class T>
struct OptimizerState {
  // A fresh optimiser for parameters of `size` elements; the fields of `formula` are checked.
  OptimizerState(FormulaSpec formula, Index size);

  OptimizerSpec spec;
  std::vector<AlignedBuffer<T>> slots;  // empty where the fields make no use of one
  std::vector<double> powers;

  // Takes new hyper-parameters of the same formula, or starts afresh.
  void change(const FormulaSpec& formula, Index size);

  // Advances the state by one update and returns what it needs, for as long as the memory of
  // `rates` stays as it is. `learning_rate` replaces the field's.
  Update<T> begin_update(const KernelTable<T>& kernels, const double* learning_rate,
                         LayerRates<T> rates = {});
};

// Throws std::invalid_argument if a field is out of its range or two fields contradict each other.
void check_optimizer(const FormulaSpec& formula);

extern template struct OptimizerState<float>;
extern template struct OptimizerState<double>;

}  // namespace chainrule
