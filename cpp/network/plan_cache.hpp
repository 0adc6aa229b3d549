// Which plans are there already? Those that were asked for last, so that a loss with other fields
// at every step leaves no more behind than that.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "network/plan.hpp"

namespace chainrule {

// A plan lasts as long as somebody works by it, also when the cache has another in its place.
template <class T>
using SharedPlan = std::shared_ptr<const Plan<T>>;

// The plans of one table, whose layers may be frozen and thawed in between. Several threads may
// ask.
template <class T>
class PlanCache {
 public:
  // More than the batch sizes of one network's calls.
  static constexpr std::size_t kMostPlans = 64;

  // One that is there is found without an allocation.
  SharedPlan<T> get(const ParameterTable<T>& table, PlanOptions options);

 private:
  struct Entry {
    PlanOptions options;  // with `loss` in place of its pointer
    std::optional<FormulaSpec> loss;
    std::vector<char> frozen;
    SharedPlan<T> plan;
    std::uint64_t last_use;

    bool serves(const PlanOptions& wanted, const std::vector<char>& frozen_layers) const;
  };
  void keep(Entry&& entry);

  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t n_uses_ = 0;
};

extern template class PlanCache<float>;
extern template class PlanCache<double>;

}  // namespace chainrule
