#include "network/plan.hpp"

#include <algorithm>
#include <span>

#include "base/check.hpp"
#include "kernels/panels.hpp"
#include "network/link_planning.hpp"

namespace chainrule {

namespace {

template <class T>
class PlanBuilder : private LinkPlanner<T> {
 public:
  using LinkPlanner<T>::LinkPlanner;

  Plan<T> build() {
    choose_loss();
    forward();
    if (plan_.loss != nullptr)
      add_loss();
    else if (!options_.own_loss)
      follow_batch();
    plan_.n_forward = static_cast<Index>(plan_.operations.size());
    if (plan_.purpose != PlanPurpose::infer && plan_.purpose != PlanPurpose::evaluate) backward();
    place_buffers();
    return std::move(plan_);
  }

 private:
  using typename LinkPlanner<T>::Chain;
  using typename LinkPlanner<T>::PlannedLink;
  using LinkPlanner<T>::table_;
  using LinkPlanner<T>::options_;
  using LinkPlanner<T>::plan_;
  using LinkPlanner<T>::add;
  using LinkPlanner<T>::add_buffer;
  using LinkPlanner<T>::add_batch_buffer;
  using LinkPlanner<T>::add_activation;
  using LinkPlanner<T>::kernels_of_activation;
  using LinkPlanner<T>::keeps_all;
  using LinkPlanner<T>::learns;
  using LinkPlanner<T>::learns_in;
  using LinkPlanner<T>::takes_tiles;
  using LinkPlanner<T>::follow_chain;
  using LinkPlanner<T>::follow_batch;
  using LinkPlanner<T>::backward_chain;
  using LinkPlanner<T>::backward_forks;
  using LinkPlanner<T>::place_buffers;

  std::vector<Link> in_use(const std::vector<Link>& links) const {
    return links_in_use(links, options_.training);
  }
  static const ActivationUse* activation_in(const Link& link) {
    return std::get_if<ActivationUse>(&link);
  }
  bool takes_whole_rows(const ActivationUse& use) const {
    return plan_.kernels->activations[use.index].takes_whole_rows();
  }
  // Whether there is something to learn in front of stage s.
  bool learns_before(std::size_t s) const {
    bool learns_there = learns_in(input_chain_);
    for (std::size_t i = 0; i < s && !learns_there; ++i)
      learns_there = learns(table_.stages[i].weight) || learns_in(chains_[i]);
    return learns_there;
  }

  // The loss, and whether its fused form includes the last activation.
  void choose_loss() {
    if (options_.loss == nullptr) return;
    const FormulaSpec& loss = *options_.loss;
    const LossForm form = loss_form(loss, table_.output_name(), table_.n_outputs());
    check(form.averages_outputs || !options_.weights_per_output,
          "sample_weight: expected one weight for each row, since ", loss.name,
          " adds over the outputs");
    plan_.loss = &plan_.kernels->losses[form.index];
    plan_.loss_form = form;
    plan_.loss_fields = loss.values;
    // Noise may stand between.
    const std::vector<Link> links = in_use(table_.stages.back().links);
    fused_ = form.fused && !links.empty() && activation_in(links.back()) != nullptr;
  }

  void forward() {
    BufferId x = kInput;
    const std::vector<Link> input_links = in_use(table_.input_links);
    if (!input_links.empty()) {
      const BufferId padded = add_batch_buffer(table_.n_features());
      add(LoadInput{padded}, {padded});
      x = follow_chain(input_links, padded, input_chain_);
    }
    plan_.first_input = x;
    for (std::size_t s = 0; s < table_.stages.size(); ++s)
      x = forward_stage(static_cast<Index>(s), x);
    plan_.y_hat = x;
  }

  BufferId forward_stage(Index s, BufferId x) {
    const Stage& stage = table_.stages[static_cast<std::size_t>(s)];
    std::vector<Link> links = in_use(stage.links);
    // The fused form of the loss includes the last activation.
    if (fused_ && s + 1 == static_cast<Index>(table_.stages.size())) links.pop_back();
    chains_.emplace_back();
    inputs_.push_back(x);

    const ActivationUse* first = links.empty() ? nullptr : activation_in(links.front());
    const bool in_epilogue = first != nullptr && !takes_whole_rows(*first);
    const bool needs_z =
        !in_epilogue || keeps_all() || plan_.kernels->activations[first->index].slope_needs_z;
    const BufferId z = needs_z ? add_batch_buffer(stage.n_out) : kNoBuffer;
    BufferId value = z;
    if (in_epilogue) {
      value = add_batch_buffer(stage.n_out);
      const ActivationId activation = add_activation(*first);
      chains_.back().push_back(ActivationForward{activation, z, value});
      add(DenseForward{s, x, z, value, activation}, {x, z, value});
    } else {
      add(DenseForward{s, x, z, kNoBuffer, kIdentity}, {x, z});
    }
    value = follow_chain(std::span(links).subspan(in_epilogue ? 1 : 0), value, chains_.back());
    plan_.stages[static_cast<std::size_t>(s)].z = z;
    plan_.stages[static_cast<std::size_t>(s)].a = value;
    return value;
  }

  void add_loss() {
    const Index m = table_.n_outputs();
    const LossForm& form = plan_.loss_form;
    plan_.y = add_batch_buffer(form.y_columns());
    plan_.losses = add_buffer(1, options_.capacity);
    const bool with_gradient = options_.purpose != PlanPurpose::evaluate;
    if (with_gradient) {
      plan_.scale = add_buffer(options_.capacity, options_.weights_per_output ? form.n_terms : 1);
      gradient_ = add_batch_buffer(m);
    }
    if (options_.weights_per_output) plan_.element_losses = add_batch_buffer(form.n_terms);
    const BufferId prediction = plan_.y_hat;
    if (fused_) {
      plan_.y_hat = add_batch_buffer(m);
      plan_.stages.back().a = plan_.y_hat;
    }
    add(LossOfBatch{fused_, prediction, plan_.y_hat, gradient_},
        {prediction, plan_.y_hat, gradient_, plan_.y, plan_.losses, plan_.scale,
         plan_.element_losses});
    // Targets and weights are written before the first operation; results are read after the last.
    for (const BufferId id : {plan_.y, plan_.scale})
      if (id != kNoBuffer) plan_.buffers[static_cast<std::size_t>(id)].first = 0;
  }

  void backward() {
    if (plan_.loss != nullptr || options_.own_loss) follow_batch();
    if (plan_.loss == nullptr) {
      gradient_ = add_batch_buffer(table_.n_outputs());
      // Whoever knows it writes it behind the forward pass.
      plan_.buffers[static_cast<std::size_t>(gradient_)].first = plan_.n_forward;
      plan_.output_gradient = gradient_;
      plan_.losses = add_buffer(1, options_.capacity);
    }
    StageBuffers& outputs = plan_.stages.back();
    if (!(fused_ && chains_.back().empty())) outputs.da = gradient_;
    BufferId gradient = outputs.dz = backward_chain(chains_.back(), gradient_);
    std::size_t left = table_.stages.size();  // stages whose dA is not planned
    while (left > 0) {
      const std::size_t s = left - 1;
      const BufferId dz = gradient;
      const bool goes_on = learns_before(s);
      // dA needs the weights from before the update.
      if (goes_on) gradient = backward_dense(s, dz);
      if (learns(table_.stages[s].weight)) backward_parameters(s, dz);
      if (!goes_on) break;
      left = s;
    }
    plan_.n_backward = static_cast<Index>(plan_.operations.size());
    if (plan_.purpose == PlanPurpose::train) return;
    while (left-- > 0) gradient = backward_dense(left, gradient);
    plan_.input_gradient = gradient;
  }

  void backward_parameters(std::size_t s, BufferId dz) {
    const Stage& stage = table_.stages[s];
    const Index rows = options_.capacity, panels = n_panels<T>(stage.n_out);
    const BufferId db = stage.bias >= 0 ? add_buffer(1, stage.n_out) : kNoBuffer;
    // Columns of X are read once for every panel, which pays for a copy from this many on.
    constexpr Index kPanelsWorthTiles = 4;
    const Index tile_rows = plan_.kernels->blocks.tile_rows;
    const BufferId x_tiles = panels >= kPanelsWorthTiles
                                 ? add_buffer(ceil_div(stage.n_in, tile_rows), rows * tile_rows)
                                 : kNoBuffer;
    // Rows of dZ are read once for every block of inputs; what fits into L1 needs no copy.
    constexpr Index kSmall = 16 << 10;
    const bool large = rows * stage.n_out * static_cast<Index>(sizeof(T)) > kSmall;
    const BufferId dz_panels = large && panels > 1 && stage.n_in > plan_.kernels->blocks.rows
                                   ? add_buffer(panels, rows * kLanes<T>)
                                   : kNoBuffer;
    add(ParameterGradient{static_cast<Index>(s), inputs_[s], dz, db, x_tiles, dz_panels},
        {inputs_[s], dz, db, x_tiles, dz_panels});
  }

  // dA of the stage below, or dX; the slope of an elementwise activation is applied in the same
  // pass.
  BufferId backward_dense(std::size_t s, BufferId dz) {
    const Stage& stage = table_.stages[s];
    std::span<const PlannedLink> chain = s > 0 ? chains_[s - 1] : input_chain_;
    const BufferId w_transposed = add_buffer(1, panels_size<T>(stage.n_in, stage.n_out));
    const bool in_epilogue = !chain.empty() && takes_tiles(chain.back());
    const bool store_da = !in_epilogue || keeps_all();
    BufferId da = store_da ? add_batch_buffer(stage.n_in) : kNoBuffer;
    InputGradient operation{
        static_cast<Index>(s), dz, w_transposed, da, kNoBuffer, kNoBuffer, kNoBuffer, kIdentity};
    if (in_epilogue) {
      const auto& link = std::get<ActivationForward>(chain.back());
      operation.dz_prev = add_batch_buffer(stage.n_in);
      operation.z_prev = kernels_of_activation(link.activation).slope_needs_z ? link.z : kNoBuffer;
      operation.a_prev = link.a;
      operation.activation = link.activation;
      chain = chain.first(chain.size() - 1);
    }
    add(operation, {dz, w_transposed, da, operation.dz_prev, operation.z_prev, operation.a_prev});
    if (!in_epilogue) da = backward_forks(chain, da);
    const BufferId below = backward_chain(chain, in_epilogue ? operation.dz_prev : da);
    if (s > 0) {
      plan_.stages[s - 1].da = da;
      plan_.stages[s - 1].dz = below;
    }
    return below;
  }

  bool fused_ = false;
  BufferId gradient_ = kNoBuffer;
  Chain input_chain_;
  std::vector<Chain> chains_;     // per stage
  std::vector<BufferId> inputs_;  // per stage
};

}  // namespace

template <class T>
Plan<T> make_plan(const ParameterTable<T>& table, const PlanOptions& options) {
  return PlanBuilder<T>(table, options).build();
}

template Plan<float> make_plan(const ParameterTable<float>&, const PlanOptions&);
template Plan<double> make_plan(const ParameterTable<double>&, const PlanOptions&);

}  // namespace chainrule
