#include "network/plan_cache.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace chainrule {

template <class T>
bool PlanCache<T>::Entry::serves(const PlanOptions& wanted,
                                 const std::vector<char>& frozen_layers) const {
  return options.purpose == wanted.purpose && options.capacity == wanted.capacity &&
         options.weights_per_output == wanted.weights_per_output &&
         options.training == wanted.training && options.own_loss == wanted.own_loss &&
         frozen == frozen_layers &&
         (wanted.loss == nullptr ? !loss : loss.has_value() && *loss == *wanted.loss);
}

// Takes the place of the one that was asked for longest ago, if there is no other.
template <class T>
void PlanCache<T>::keep(Entry&& entry) {
  if (entries_.size() < kMostPlans)
    entries_.push_back(std::move(entry));
  else
    *std::ranges::min_element(entries_, {}, &Entry::last_use) = std::move(entry);
}

template <class T>
SharedPlan<T> PlanCache<T>::get(const ParameterTable<T>& table, PlanOptions options) {
  options.training &= table.changes_in_training;  // or two equal plans would be built
  if (options.loss != nullptr && is_own(*options.loss)) {
    check(options.purpose != PlanPurpose::evaluate, "loss: expected a formula, got ",
          options.loss->name, "; ask the function for the losses of predictions");
    options.own_loss = true;
    options.loss = nullptr;  // backward begins with what the function says
  }
  const bool skips_frozen =
      options.purpose == PlanPurpose::train || options.purpose == PlanPurpose::gradients;
  static const std::vector<char> none;
  const std::vector<char>& frozen = skips_frozen ? table.frozen : none;
  const std::lock_guard lock(mutex_);
  ++n_uses_;
  for (Entry& entry : entries_)
    if (entry.serves(options, frozen)) {
      entry.last_use = n_uses_;
      return entry.plan;
    }
  auto plan = std::make_shared<const Plan<T>>(make_plan(table, options));
  Entry built{options, std::nullopt, frozen, plan, n_uses_};
  if (options.loss != nullptr) built.loss = *options.loss;
  built.options.loss = nullptr;
  keep(std::move(built));
  return plan;
}

template class PlanCache<float>;
template class PlanCache<double>;

}  // namespace chainrule
