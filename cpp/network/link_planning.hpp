// What is planned between two Dense layers? For each link its operations forward, and from these
// the way back.
#pragma once

#include <algorithm>
#include <span>

#include "network/plan_parts.hpp"

namespace chainrule {

template <class T>
class LinkPlanner : public PlanParts<T> {
 public:
  using PlanParts<T>::PlanParts;

 protected:
  using PlanParts<T>::table_;
  using PlanParts<T>::options_;
  using PlanParts<T>::plan_;
  using PlanParts<T>::add;
  using PlanParts<T>::add_buffer;
  using PlanParts<T>::add_buffer_like;
  using PlanParts<T>::add_vector_like;
  using PlanParts<T>::add_activation;
  using PlanParts<T>::kernels_of_activation;
  using PlanParts<T>::keeps_all;
  using PlanParts<T>::learns;

  // What is done between two Dense layers, in order; the way back is made from it.
  using PlannedLink =
      std::variant<ActivationForward, NoiseForward, LayerNormForward, BatchNormForward,
                   RunningNormForward, ScaleForward, RescaleForward, Fork, Sum>;
  using Chain = std::vector<PlannedLink>;

  // Whether the slope is applied to the tiles of the input gradient.
  bool takes_tiles(const PlannedLink& link) const {
    const auto* op = std::get_if<ActivationForward>(&link);
    return op != nullptr && !kernels_of_activation(op->activation).takes_whole_rows();
  }
  bool learns_in(const Chain& chain) const {
    return std::ranges::any_of(chain, [&](const PlannedLink& link) {
      if (const auto* op = std::get_if<ActivationForward>(&link))
        return learns(slopes_of(op->activation));
      const auto* op = std::get_if<ScaleForward>(&link);
      return op != nullptr && (learns(op->weight) || learns(op->bias));
    });
  }

  // Takes the forks off the end of a chain, where blocks begin with the Dense layer that `gradient`
  // comes from; returns the whole gradient of what this layer receives.
  BufferId backward_forks(std::span<const PlannedLink>& chain, BufferId gradient) {
    for (; !chain.empty() && std::holds_alternative<Fork>(chain.back());
         chain = chain.first(chain.size() - 1))
      gradient = back(Fork{}, gradient);
    return gradient;
  }

  // Returns where the value is behind the links.
  BufferId follow_chain(std::span<const Link> links, BufferId value, Chain& chain) {
    for (const Link& link : links)
      value = std::visit([&](const auto& use) { return follow(use, value, chain); }, link);
    return value;
  }

  // Running statistics change once the forward pass is found to be whole: where there is a loss, it
  // is finite by then. To look at a step changes nothing.
  void follow_batch() {
    if (keeps_all()) return;
    for (const StatisticsUpdate& follower : followers_)
      add(follower, {follower.batch_mean, follower.batch_variance});
  }

  // Through the links of a chain, last one first.
  BufferId backward_chain(std::span<const PlannedLink> chain, BufferId gradient) {
    for (auto link = chain.rbegin(); link != chain.rend(); ++link)
      gradient = std::visit([&](const auto& op) { return back(op, gradient); }, *link);
    return gradient;
  }

 private:
  // The segment of the slopes of an activation, or -1.
  Index slopes_of(ActivationId activation) const {
    return plan_.activation_slopes[static_cast<std::size_t>(activation)];
  }

  template <class Op>
  void add_link(Chain& chain, const Op& operation, std::initializer_list<BufferId> used) {
    chain.push_back(operation);
    add(operation, used);
  }
  BufferId follow(const ActivationUse& use, BufferId z, Chain& chain) {
    const BufferId a = add_buffer_like(z);
    add_link(chain, ActivationForward{add_activation(use), z, a}, {z, a});
    return a;
  }
  BufferId follow(const NoiseUse& use, BufferId z, Chain& chain) {
    const BufferId a = add_buffer_like(z), scale = add_buffer_like(z);
    plan_.noises.push_back(use);
    add_link(chain, NoiseForward{std::ssize(plan_.noises) - 1, z, scale, a}, {z, scale, a});
    return a;
  }
  BufferId follow(const NormUse& use, BufferId z, Chain& chain) {
    const BufferId normal =
        std::visit([&](const auto& norm) { return normalize(norm, use, z, chain); }, use.norm);
    return scale(use.weight, use.bias, normal, chain);
  }
  BufferId follow(const ScaleUse& use, BufferId z, Chain& chain) {
    return scale(use.weight, -1, z, chain);
  }
  BufferId follow(const Rescale& rescale, BufferId z, Chain& chain) {
    const BufferId a = add_buffer_like(z);
    add_link(chain, RescaleForward{rescale.factor, rescale.offset, z, a}, {z, a});
    return a;
  }

  BufferId follow(const Fork& fork, BufferId x, Chain& chain) {
    chain.push_back(fork);
    kept_.push_back(x);
    return x;
  }
  BufferId follow(const Sum& sum, BufferId a, Chain& chain) {
    const BufferId x = take_kept(), y = add_buffer_like(a);
    chain.push_back(sum);
    add(Addition{x, a, y}, {x, a, y});
    return y;
  }
  // What was kept last and is not yet added to anything: X on the way forward, dY on the way back.
  BufferId take_kept() {
    const BufferId last = kept_.back();
    kept_.pop_back();
    return last;
  }

  BufferId normalize(const LayerNorm& norm, const NormUse&, BufferId z, Chain& chain) {
    const BufferId inverse = add_buffer(1, options_.capacity), a = add_buffer_like(z);
    add_link(chain, LayerNormForward{norm.epsilon, z, inverse, a}, {z, inverse, a});
    return a;
  }
  BufferId normalize(const BatchNorm& norm, const NormUse& use, BufferId z, Chain& chain) {
    const BufferId inverse = add_vector_like(z), a = add_buffer_like(z);
    if (!options_.training) {
      add_link(chain, RunningNormForward{norm.epsilon, use.mean, use.variance, z, inverse, a},
               {z, inverse, a});
      return a;
    }
    const BufferId mean = add_vector_like(z), variance = add_vector_like(z);
    add_link(chain, BatchNormForward{norm.epsilon, z, mean, variance, inverse, a},
             {z, mean, variance, inverse, a});
    followers_.push_back({norm.momentum, use.mean, use.variance, mean, variance});
    return a;
  }
  BufferId scale(Index weight, Index bias, BufferId z, Chain& chain) {
    const BufferId a = add_buffer_like(z);
    add_link(chain, ScaleForward{weight, bias, z, a}, {z, a});
    return a;
  }

  // Where dZ goes: into the place of dA, unless somebody wants to see that afterwards.
  BufferId place_of_dz(BufferId da, bool keep_da = false) {
    const bool is_kept = std::ranges::find(kept_, da) != kept_.end();
    return keep_da || is_kept || keeps_all() ? add_buffer_like(da) : da;
  }
  void add_vector_gradient(Index segment, BufferId rows, BufferId factors = kNoBuffer) {
    const BufferId sums = add_vector_like(rows);
    add(VectorGradient{segment, rows, factors, sums}, {rows, factors, sums});
  }

  BufferId back(const ActivationForward& op, BufferId da) {
    const Index slopes = learns(slopes_of(op.activation)) ? slopes_of(op.activation) : -1;
    const BufferId products = slopes >= 0 ? add_buffer_like(da) : kNoBuffer;
    if (slopes >= 0) add(SlopeProducts{op.activation, op.z, da, products}, {op.z, da, products});
    const BufferId dz = place_of_dz(da);
    add(ActivationBackward{op.activation, op.z, op.a, da, dz}, {op.z, op.a, da, dz});
    // The slopes are updated after their last use.
    if (slopes >= 0) add_vector_gradient(slopes, products);
    return dz;
  }
  BufferId back(const NoiseForward& op, BufferId da) {
    const BufferId dz = place_of_dz(da);
    add(NoiseBackward{da, op.scale, dz}, {da, op.scale, dz});
    return dz;
  }
  BufferId back(const LayerNormForward& op, BufferId da) {
    const BufferId dz = place_of_dz(da);
    add(LayerNormBackward{op.a, da, op.inverse, dz}, {op.a, da, op.inverse, dz});
    return dz;
  }
  BufferId back(const BatchNormForward& op, BufferId da) {
    const BufferId sums = add_vector_like(da), along = add_vector_like(da), dz = place_of_dz(da);
    add(BatchNormBackward{op.a, da, op.inverse, sums, along, dz},
        {op.a, da, op.inverse, sums, along, dz});
    return dz;
  }
  BufferId back(const RunningNormForward& op, BufferId da) {
    const BufferId dz = place_of_dz(da);
    add(RunningNormBackward{da, op.inverse, dz}, {da, op.inverse, dz});
    return dz;
  }
  BufferId back(const ScaleForward& op, BufferId da) {
    const bool weight = learns(op.weight), bias = learns(op.bias);
    const BufferId dz = place_of_dz(da, weight || bias);
    add(ScaleBackward{op.weight, da, dz}, {da, dz});
    if (weight) add_vector_gradient(op.weight, da, op.z);
    if (bias) add_vector_gradient(op.bias, da);
    return dz;
  }
  BufferId back(const RescaleForward& op, BufferId da) {
    const BufferId dz = place_of_dz(da);
    add(RescaleBackward{op.factor, da, dz}, {da, dz});
    return dz;
  }
  // dX is what comes out of the block, and dY itself.
  BufferId back(const Sum&, BufferId dy) {
    kept_.push_back(dy);
    return dy;
  }
  BufferId back(const Fork&, BufferId da) {
    const BufferId dy = take_kept(), dx = place_of_dz(da);
    add(Addition{da, dy, dx}, {da, dy, dx});
    return dx;
  }

  std::vector<StatisticsUpdate> followers_;
  std::vector<BufferId> kept_;  // for the sums to come, of blocks in each other
};

}  // namespace chainrule
