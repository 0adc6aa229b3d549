// What does a plan grow from? Buffers and operations, one after the other, and a place in the
// workspace for each buffer as long as it is in use.
#pragma once

#include <initializer_list>

#include "kernels/dispatch.hpp"
#include "network/plan.hpp"

namespace chainrule {

template <class T>
class PlanParts {
 public:
  PlanParts(const ParameterTable<T>& table, const PlanOptions& options)
      : table_(table), options_(options) {
    plan_.purpose = options.purpose;
    plan_.capacity = options.capacity;
    plan_.kernels = &kernels<T>();
    plan_.buffers.push_back({options.capacity, table.n_features(), table.n_features()});
    plan_.stages.resize(table.stages.size());
  }

 protected:
  bool keeps_all() const { return options_.purpose == PlanPurpose::keep_all; }
  bool learns(Index segment) const {
    return segment >= 0 &&
           (keeps_all() || table_.segments[static_cast<std::size_t>(segment)].settings.trainable);
  }

  BufferId add_buffer(Index rows, Index cols) {
    Index stride = round_up(cols, kLanes<T>);
    constexpr Index kPage = 4096;
    // Rows a multiple of a page apart would all fall into the same few sets of the cache.
    if (stride * static_cast<Index>(sizeof(T)) % kPage == 0) stride += kLanes<T>;
    plan_.buffers.push_back({rows, cols, stride});
    plan_.buffers.back().first = plan_.buffers.back().last = -1;
    return static_cast<BufferId>(plan_.buffers.size()) - 1;
  }
  BufferId add_batch_buffer(Index cols) { return add_buffer(options_.capacity, cols); }
  BufferId add_buffer_like(BufferId id) { return add_batch_buffer(cols_of(id)); }
  BufferId add_vector_like(BufferId id) { return add_buffer(1, cols_of(id)); }
  Index cols_of(BufferId id) const { return plan_.buffers[static_cast<std::size_t>(id)].cols; }

  ActivationId add_activation(const ActivationUse& use) {
    plan_.activation_fields.emplace_back(use.spec.values.begin(), use.spec.values.end());
    plan_.activation_slopes.push_back(use.slopes);
    plan_.activations.push_back({&plan_.kernels->activations[use.index], nullptr});
    return static_cast<ActivationId>(plan_.activations.size()) - 1;
  }
  const ActivationKernels<T>& kernels_of_activation(ActivationId id) const {
    return *plan_.activations[static_cast<std::size_t>(id)].kernels;
  }

  template <class Op>
  void add(const Op& operation, std::initializer_list<BufferId> used) {
    const auto position = static_cast<Index>(plan_.operations.size());
    plan_.operations.push_back(operation);
    for (const BufferId id : used) {
      if (id == kNoBuffer) continue;
      Buffer& buffer = plan_.buffers[static_cast<std::size_t>(id)];
      if (buffer.first < 0) buffer.first = position;
      buffer.last = position;
    }
  }

  // Each buffer gets the lowest offset where it overlaps no buffer in use at the same time.
  void place_buffers() {
    const auto end = static_cast<Index>(plan_.operations.size());
    for (std::size_t i = 1; i < plan_.buffers.size(); ++i) {
      Buffer& buffer = plan_.buffers[i];
      const auto id = static_cast<BufferId>(i);
      const bool is_result = id == plan_.y_hat || id == plan_.losses ||
                             id == plan_.element_losses || id == plan_.input_gradient ||
                             id == plan_.y;
      if (keeps_all() || buffer.first < 0) buffer.first = 0;
      if (keeps_all() || is_result || id == plan_.output_gradient) buffer.last = end;
      Index offset = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t j = 1; j < i; ++j) {
          const Buffer& other = plan_.buffers[j];
          const bool same_time = buffer.first <= other.last && other.first <= buffer.last;
          const bool same_place = offset < other.offset + other.rows * other.stride &&
                                  other.offset < offset + buffer.rows * buffer.stride;
          if (same_time && same_place) {
            offset = other.offset + other.rows * other.stride;
            moved = true;
          }
        }
      }
      buffer.offset = offset;
      plan_.workspace_size = std::max(plan_.workspace_size, offset + buffer.rows * buffer.stride);
    }
    for (std::size_t i = 0; i < plan_.activations.size(); ++i)
      plan_.activations[i].fields = plan_.activation_fields[i].data();
  }

  const ParameterTable<T>& table_;
  const PlanOptions& options_;
  Plan<T> plan_;
};

}  // namespace chainrule
