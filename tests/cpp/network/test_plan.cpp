#include "network/plan.hpp"

#include "kernels/panels.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kCapacity = 40;

struct Use {
  std::vector<BufferId> read, written;
};

// What an operation reads and writes, said here once more than in the plan.
template <class T>
struct UseOf {
  const Plan<T>& plan;

  Use operator()(const LinkOperation& op) const { return std::visit(*this, op); }
  Use operator()(const LoadInput& op) const { return {{}, {op.x}}; }
  Use operator()(const DenseForward& op) const { return {{op.x}, {op.z, op.a}}; }
  Use operator()(const ActivationForward& op) const { return {{op.z}, {op.a}}; }
  Use operator()(const NoiseForward& op) const { return {{op.z}, {op.scale, op.a}}; }
  Use operator()(const NoiseBackward& op) const { return {{op.da, op.scale}, {op.dz}}; }
  Use operator()(const LossOfBatch& op) const {
    return {{op.prediction, plan.y, plan.scale},
            {op.fused ? op.y_hat : kNoBuffer, op.gradient, plan.losses, plan.element_losses}};
  }
  Use operator()(const ActivationBackward& op) const { return {{op.z, op.a, op.da}, {op.dz}}; }
  Use operator()(const SlopeProducts& op) const { return {{op.z, op.da}, {op.products}}; }
  Use operator()(const VectorGradient& op) const { return {{op.rows, op.factors}, {op.sums}}; }
  Use operator()(const LayerNormForward& op) const { return {{op.z}, {op.inverse, op.a}}; }
  Use operator()(const BatchNormForward& op) const {
    return {{op.z}, {op.mean, op.variance, op.inverse, op.a}};
  }
  Use operator()(const RunningNormForward& op) const { return {{op.z}, {op.inverse, op.a}}; }
  Use operator()(const ScaleForward& op) const { return {{op.z}, {op.a}}; }
  Use operator()(const RescaleForward& op) const { return {{op.z}, {op.a}}; }
  Use operator()(const LayerNormBackward& op) const { return {{op.a, op.da, op.inverse}, {op.dz}}; }
  Use operator()(const BatchNormBackward& op) const {
    return {{op.a, op.da, op.inverse}, {op.sums, op.sums_along, op.dz}};
  }
  Use operator()(const RunningNormBackward& op) const { return {{op.da, op.inverse}, {op.dz}}; }
  Use operator()(const ScaleBackward& op) const { return {{op.da}, {op.dz}}; }
  Use operator()(const RescaleBackward& op) const { return {{op.da}, {op.dz}}; }
  Use operator()(const Addition& op) const { return {{op.a, op.b}, {op.sum}}; }
  Use operator()(const StatisticsUpdate& op) const {
    return {{op.batch_mean, op.batch_variance}, {}};
  }
  Use operator()(const InputGradient& op) const {
    return {{op.dz, op.z_prev, op.a_prev}, {op.w_transposed, op.da, op.dz_prev}};
  }
  Use operator()(const ParameterGradient& op) const {
    return {{op.x, op.dz}, {op.db, op.x_tiles, op.dz_panels}};
  }
};

// Which buffer each element of the workspace holds while the plan runs.
template <class T>
class Memory {
 public:
  explicit Memory(const Plan<T>& plan)
      : plan_(plan), owners_(static_cast<std::size_t>(plan.workspace_size), kNoBuffer) {}

  void write(BufferId id) {
    if (id == kNoBuffer) return;
    CHECK(id != kInput);
    std::fill(begin(id), end(id), id);
  }
  void check_holds(BufferId id) {
    if (id == kNoBuffer || id == kInput) return;
    CHECK(std::all_of(begin(id), end(id), [id](BufferId owner) { return owner == id; }));
  }
  void run(Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      const Use use = std::visit(UseOf<T>{plan_}, plan_.operations[static_cast<std::size_t>(i)]);
      for (const BufferId id : use.read) check_holds(id);
      for (const BufferId id : use.written) write(id);
      // Written together, and beside what is read unless it is the same buffer.
      for (const BufferId id : use.written) check_holds(id);
      for (const BufferId id : use.read) check_holds(id);
    }
  }

 private:
  const Buffer& buffer(BufferId id) const { return plan_.buffers[static_cast<std::size_t>(id)]; }
  auto begin(BufferId id) { return owners_.begin() + buffer(id).offset; }
  auto end(BufferId id) { return begin(id) + buffer(id).rows * buffer(id).stride; }

  const Plan<T>& plan_;
  std::vector<BufferId> owners_;
};

// One word for each operation; "|" where the forward half and the gradients of parameters end.
template <class T>
std::string program(const Plan<T>& plan) {
  struct Word {
    std::string operator()(const LinkOperation& op) { return std::visit(*this, op); }
    std::string operator()(const LoadInput&) { return "load"; }
    std::string operator()(const DenseForward& op) {
      return text("z", op.stage + 1, op.activation >= 0 ? "+f" : "");
    }
    std::string operator()(const ActivationForward&) { return "f"; }
    std::string operator()(const LossOfBatch& op) { return op.fused ? "fused" : "loss"; }
    std::string operator()(const ActivationBackward&) { return "f'"; }
    std::string operator()(const NoiseForward&) { return "noise"; }
    std::string operator()(const NoiseBackward&) { return "noise'"; }
    std::string operator()(const LayerNormForward&) { return "rows"; }
    std::string operator()(const LayerNormBackward&) { return "rows'"; }
    std::string operator()(const BatchNormForward&) { return "batch"; }
    std::string operator()(const BatchNormBackward&) { return "batch'"; }
    std::string operator()(const RunningNormForward&) { return "running"; }
    std::string operator()(const RunningNormBackward&) { return "running'"; }
    std::string operator()(const ScaleForward&) { return "scale"; }
    std::string operator()(const ScaleBackward&) { return "scale'"; }
    std::string operator()(const RescaleForward&) { return "rescale"; }
    std::string operator()(const RescaleBackward&) { return "rescale'"; }
    std::string operator()(const Addition&) { return "add"; }
    std::string operator()(const StatisticsUpdate&) { return "follow"; }
    std::string operator()(const SlopeProducts&) { return "products"; }
    std::string operator()(const VectorGradient&) { return "dc"; }
    std::string operator()(const InputGradient& op) {
      return text("da", op.stage, op.activation >= 0 ? "*f'" : "");
    }
    std::string operator()(const ParameterGradient& op) {
      return text("dw", op.stage + 1, op.db >= 0 ? "+db" : "");
    }
  };
  std::string words;
  for (std::size_t i = 0; i < plan.operations.size(); ++i) {
    if (static_cast<Index>(i) == plan.n_forward) words += "| ";
    if (static_cast<Index>(i) == plan.n_backward && plan.n_backward > plan.n_forward) words += "| ";
    words += std::visit(Word{}, plan.operations[i]) + " ";
  }
  return words;
}

std::string program_of(const std::vector<LayerSpec>& layers, PlanPurpose purpose, const char* loss,
                       bool training = false) {
  const ParameterTable<float> table(network_spec<float>(3, layers));
  const FormulaSpec spec = loss == nullptr ? FormulaSpec{} : default_spec(Losses{}, "loss", loss);
  return program(
      make_plan(table, {purpose, kCapacity, loss == nullptr ? nullptr : &spec, false, training}));
}

// layer_stacks, and noise, norms and blocks in all places that they can have.
std::vector<std::vector<LayerSpec>> all_stacks(std::string_view hidden, std::string_view output) {
  std::vector<std::vector<LayerSpec>> stacks = layer_stacks(hidden, output, 3);
  stacks.push_back({GaussianNoise{}, dense(5, hidden), Dropout{}, Dropout{}, activation(hidden),
                    dense(4), AlphaDropout{}, dense(3, output), Dropout{}});
  for (std::vector<LayerSpec>& layers : norm_stacks(hidden, output, 3))
    stacks.push_back(std::move(layers));
  for (std::vector<LayerSpec>& layers : residual_stacks(hidden, output, 6, 3))
    stacks.push_back(std::move(layers));
  stacks.push_back({dense(5), ResidualSpec{2}, frozen(dense(4, hidden)), frozen(dense(5)),
                    frozen(dense(3, output))});
  stacks.push_back({frozen(dense(5)), ResidualSpec{3}, frozen(dense(4)), Scale{},
                    frozen(dense(5, hidden)), frozen(dense(3, output))});
  stacks.push_back({frozen(dense(5, hidden)), LayerNorm{}, frozen(dense(3, output)), BatchNorm{}});
  stacks.push_back({frozen(dense(5, hidden)), dense(4, hidden), frozen(dense(3, output))});
  stacks.push_back({activation(hidden), frozen(dense(5, hidden)), activation(hidden),
                    frozen(dense(3)), activation(output)});
  return stacks;
}

// Calls f(table, options) for all kinds of networks, purposes and losses.
template <class T, class F>
void for_each_plan(F&& f) {
  for_each_pair("softmax", [&](std::string_view hidden, std::string_view output) {
    for (const std::vector<LayerSpec>& layers : all_stacks(hidden, output)) {
      const ParameterTable<T> table(network_spec<T>(6, layers));
      for (const PlanPurpose purpose :
           {PlanPurpose::infer, PlanPurpose::evaluate, PlanPurpose::train, PlanPurpose::gradients,
            PlanPurpose::keep_all}) {
        if (purpose != PlanPurpose::evaluate) f(table, PlanOptions{purpose, kCapacity});
        if (purpose == PlanPurpose::infer) continue;
        if (purpose != PlanPurpose::evaluate)
          for (const Index capacity : {Index{2}, kCapacity})  // small buffers fit into any gap
            for (const bool own_loss : {false, true})
              f(table, PlanOptions{purpose, capacity, nullptr, false, true, own_loss});
        for_each_loss(3, [&]<class Loss>() {
          const FormulaSpec loss = to_spec(Loss{});
          for (const bool noise : {false, true}) {
            f(table, PlanOptions{purpose, kCapacity, &loss, false, noise});
            if (loss_form(loss, table.output_name(), 3).averages_outputs)
              f(table, PlanOptions{purpose, kCapacity, &loss, true, noise});
          }
        });
      }
    }
  });
}

}  // namespace

TEST(plan_for_each_purpose) {
  const std::vector<LayerSpec> layers = {dense(4, "relu"), dense(2, "softmax")};
  CHECK_EQUAL(program_of(layers, PlanPurpose::infer, nullptr), "z1+f z2 f ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::evaluate, "cross_entropy"), "z1+f z2 fused ");
  const std::string train = "z1+f z2 fused | da1*f' dw2+db dw1+db ";
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "cross_entropy"), train);
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, "cross_entropy"), train + "| da0 ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::keep_all, "cross_entropy"), train + "| da0 ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, nullptr),
              "z1+f z2 f | f' da1*f' dw2+db dw1+db | da0 ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "mse"),
              "z1+f z2 f loss | f' da1*f' dw2+db dw1+db ");
}

TEST(plan_without_bias) {
  const std::vector<LayerSpec> layers = {dense(4, "tanh", false), dense(2)};
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "mse"), "z1+f z2 loss | da1*f' dw2+db dw1 ");
}

TEST(plan_with_activations_behind_and_in_front) {
  const std::vector<LayerSpec> behind = {dense(4), activation("tanh"), dense(2),
                                         activation("sigmoid")};
  CHECK_EQUAL(program_of(behind, PlanPurpose::train, "binary_cross_entropy"),
              "z1+f z2 fused | da1*f' dw2+db dw1+db ");
  const std::vector<LayerSpec> in_front = {activation("softmax"), activation("tanh"), dense(2)};
  CHECK_EQUAL(program_of(in_front, PlanPurpose::train, "mse"), "load f f z1 loss | dw1+db ");
  CHECK_EQUAL(program_of(in_front, PlanPurpose::gradients, "mse"),
              "load f f z1 loss | dw1+db | da0*f' f' ");
}

// Slopes are learned in a pass of their own, behind all that needs them; in front of the first
// Dense layer the gradient goes back to the inputs for them.
TEST(plan_that_learns_slopes) {
  const std::vector<LayerSpec> inside = {dense(4, "prelu"), dense(2)};
  CHECK_EQUAL(program_of(inside, PlanPurpose::infer, nullptr), "z1 f z2 ");
  const std::string train = "z1 f z2 loss | da1 products f' dc dw2+db dw1+db ";
  CHECK_EQUAL(program_of(inside, PlanPurpose::train, "mse"), train);
  CHECK_EQUAL(program_of(inside, PlanPurpose::gradients, "mse"), train + "| da0 ");
  const std::vector<LayerSpec> in_front = {activation("prelu"), activation("tanh"), dense(2)};
  for (const PlanPurpose purpose : {PlanPurpose::train, PlanPurpose::gradients})
    CHECK_EQUAL(program_of(in_front, purpose, "mse"),
                "load f f z1 loss | da0*f' products f' dc dw1+db ");
}

// Nothing is computed for frozen layers but what the others need; dX goes back through all.
TEST(plan_of_frozen_layers) {
  const auto train_of = [](const std::vector<LayerSpec>& layers) {
    return program_of(layers, PlanPurpose::train, "mse");
  };
  const std::vector<LayerSpec> first = {frozen(dense(5, "prelu")), frozen(dense(4, "relu")),
                                        dense(4, "tanh"), dense(2)};
  const std::string train = "z1 f z2+f z3+f z4 loss | da3*f' dw4+db dw3+db ";
  CHECK_EQUAL(train_of(first), train);
  CHECK_EQUAL(program_of(first, PlanPurpose::gradients, "mse"), train + "| da2*f' da1 f' da0 ");
  CHECK_EQUAL(program_of(first, PlanPurpose::keep_all, "mse"),
              "z1 f z2+f z3+f z4 loss | da3*f' dw4+db da2*f' dw3+db da1 products f' dc dw2+db "
              "dw1+db | da0 ");
  CHECK_EQUAL(train_of({dense(4, "tanh"), frozen(dense(4)), frozen(dense(2))}),
              "z1+f z2 z3 loss | da2 da1*f' dw1+db ");
  // The slopes of an activation of its own are learned whatever is frozen in front of it.
  CHECK_EQUAL(train_of({frozen(dense(4)), activation("prelu"), frozen(dense(2))}),
              "z1 f z2 loss | da1 products f' dc ");
  CHECK_EQUAL(train_of({activation("prelu"), frozen(dense(2, "tanh"))}),
              "load f z1+f loss | f' da0 products f' dc ");
  CHECK_EQUAL(train_of({frozen(dense(2, "tanh"))}), "z1+f loss | f' ");
}

TEST(plan_with_several_activations_in_a_row) {
  const std::vector<LayerSpec> layers = {dense(4, "softmax"),    activation("tanh"),
                                         activation("identity"), activation("softmax"),
                                         dense(2, "tanh"),       activation("softmax")};
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "cross_entropy"),
              "z1 f f f z2+f fused | f' da1 f' f' f' dw2+db dw1+db ");
}

TEST(plan_with_noise) {
  const std::vector<LayerSpec> layers = {GaussianNoise{}, dense(4, "relu"), Dropout{},
                                         dense(2, "softmax")};
  CHECK_EQUAL(program_of(layers, PlanPurpose::infer, nullptr), "z1+f z2 f ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "cross_entropy", true),
              "load noise z1+f noise z2 fused | da1 noise' f' dw2+db dw1+db ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, "cross_entropy", true),
              "load noise z1+f noise z2 fused | da1 noise' f' dw2+db dw1+db | da0 noise' ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, "cross_entropy"),
              "z1+f z2 fused | da1*f' dw2+db dw1+db | da0 ");
  // Behind the last activation there is no fused form with noise.
  const std::vector<LayerSpec> at_the_end = {dense(2, "softmax"), Dropout{}};
  CHECK_EQUAL(program_of(at_the_end, PlanPurpose::train, "cross_entropy", true),
              "z1 f noise loss | noise' f' dw1+db ");
  CHECK_EQUAL(program_of(at_the_end, PlanPurpose::evaluate, "cross_entropy"), "z1 fused ");
}

TEST(plan_with_norms) {
  const std::vector<LayerSpec> layers = {dense(4), LayerNorm{}, activation("relu"),
                                         dense(2, "softmax")};
  CHECK_EQUAL(program_of(layers, PlanPurpose::infer, nullptr), "z1 rows scale f z2 f ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "cross_entropy", true),
              "z1 rows scale f z2 fused | da1*f' scale' dc dc rows' dw2+db dw1+db ");
  const std::vector<LayerSpec> batch = {BatchNorm{}, dense(4), BatchNorm{}, activation("relu"),
                                        dense(2)};
  CHECK_EQUAL(program_of(batch, PlanPurpose::infer, nullptr),
              "load running scale z1 running scale f z2 ");
  // With a loss, statistics move on the way back.
  CHECK_EQUAL(program_of(batch, PlanPurpose::train, "mse", true),
              "load batch scale z1 batch scale f z2 loss | follow follow da1*f' scale' dc dc "
              "batch' dw2+db da0 scale' dc dc batch' dw1+db ");
  CHECK_EQUAL(program_of(batch, PlanPurpose::gradients, nullptr, true),
              "load batch scale z1 batch scale f z2 follow follow | da1*f' scale' dc dc batch' "
              "dw2+db da0 scale' dc dc batch' dw1+db ");
  CHECK_EQUAL(program_of(batch, PlanPurpose::gradients, "mse"),
              "load running scale z1 running scale f z2 loss | da1*f' scale' dc dc running' "
              "dw2+db da0 scale' dc dc running' dw1+db ");
  CHECK(program_of(batch, PlanPurpose::keep_all, "mse", true).find("follow") == std::string::npos);
}

TEST(plan_with_scales) {
  const std::vector<LayerSpec> layers = {Rescale{}, dense(4), Scale{}, dense(2, "softmax"),
                                         Rescale{}};
  CHECK_EQUAL(program_of(layers, PlanPurpose::infer, nullptr),
              "load rescale z1 scale z2 f rescale ");
  // What is fixed in front of all needs no gradient; at the end there is no fused form.
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "mse"),
              "load rescale z1 scale z2 f rescale loss | rescale' f' da1 scale' dc dw2+db dw1+db ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, "mse"),
              "load rescale z1 scale z2 f rescale loss | rescale' f' da1 scale' dc dw2+db dw1+db | "
              "da0 rescale' ");
}

// What is added is kept: no gradient takes the place of dY before both ways are one again.
TEST(plan_with_blocks) {
  const std::vector<LayerSpec> layers = {dense(4), ResidualSpec{2}, dense(5, "relu"), dense(4),
                                         dense(2, "softmax")};
  CHECK_EQUAL(program_of(layers, PlanPurpose::infer, nullptr), "z1 z2+f z3 add z4 f ");
  const std::string train =
      "z1 z2+f z3 add z4 fused | da3 dw4+db da2*f' dw3+db da1 add dw2+db dw1+db ";
  CHECK_EQUAL(program_of(layers, PlanPurpose::train, "cross_entropy"), train);
  CHECK_EQUAL(program_of(layers, PlanPurpose::gradients, "cross_entropy"), train + "| da0 ");
  CHECK_EQUAL(program_of(layers, PlanPurpose::keep_all, "cross_entropy"), train + "| da0 ");
  // Activations first; a block at the end has no fused form.
  const std::vector<LayerSpec> first = {dense(2, "tanh"), ResidualSpec{2}, activation("relu"),
                                        dense(2)};
  CHECK_EQUAL(program_of(first, PlanPurpose::train, "mse"),
              "z1+f f z2 add loss | da1*f' add f' dw2+db dw1+db ");
  const std::vector<LayerSpec> in_front = {ResidualSpec{2}, ResidualSpec{1}, Dropout{}, dense(2)};
  CHECK_EQUAL(program_of(in_front, PlanPurpose::infer, nullptr), "load add add z1 ");
  CHECK_EQUAL(program_of(in_front, PlanPurpose::gradients, "mse", true),
              "load noise add add z1 loss | dw1+db | da0 noise' add add ");
}

// Both parts of dA are there where a trace looks.
TEST(plan_shows_gradients_with_what_goes_past_blocks) {
  const ParameterTable<float> table(network_spec<float>(
      3, {dense(4, "tanh"), ResidualSpec{3}, ResidualSpec{1}, dense(4), dense(4), dense(2)}));
  const Plan<float> plan = make_plan(table, {PlanPurpose::keep_all, kCapacity});
  std::vector<BufferId> sums;
  for (const Operation& operation : plan.operations)
    if (const auto* link = std::get_if<LinkOperation>(&operation))
      if (const auto* addition = std::get_if<Addition>(link)) sums.push_back(addition->sum);
  CHECK_EQUAL(sums.size(), 4u);
  CHECK_EQUAL(plan.stages[0].da, sums[3]);
  CHECK_EQUAL(plan.stages[1].a, sums[0]);
  CHECK_EQUAL(plan.stages[2].a, sums[1]);
}

// The fused form is taken exactly where the last activation is the one that matches the loss.
TEST(plan_fuses_matching_losses_only) {
  for_each_loss(3, []<class Loss>() {
    for_each_type(Activations{}, []<class Output>() {
      bool matches = false;
      for_each_type(LossForms{}, [&]<class Form>() {
        const bool same_loss = std::string_view(Form::name) == Loss::name;
        matches |=
            same_loss && has_fused_form<Form> && std::is_same_v<Output, typename Form::Matching>;
      });
      for (const std::vector<LayerSpec>& layers : layer_stacks("relu", Output::name, 3))
        for (const PlanPurpose purpose :
             {PlanPurpose::evaluate, PlanPurpose::train, PlanPurpose::keep_all}) {
          const std::string words = program_of(layers, purpose, Loss::name);
          CHECK_EQUAL(words.find("fused") != std::string::npos, matches);
          CHECK_EQUAL(words.find("loss") == std::string::npos, matches);
        }
    });
  });
}

// Every operation finds what it reads as it was written, and results last to the end.
TEST(plan_keeps_buffers_as_long_as_they_are_read) {
  for_each_dtype([]<class T>() {
    for_each_plan<T>([](const ParameterTable<T>& table, const PlanOptions& options) {
      const Plan<T> plan = make_plan(table, options);
      Memory<T> memory(plan);
      const auto n = static_cast<Index>(plan.operations.size());
      for (const BufferId id : {plan.y, plan.scale}) memory.write(id);
      memory.run(0, plan.n_forward);
      // Without a loss of the library, the caller writes what it would have written.
      if (plan.loss == nullptr)
        for (const BufferId id : {plan.losses, plan.output_gradient}) memory.write(id);
      for (const BufferId id : {plan.y_hat, plan.losses, plan.element_losses})
        memory.check_holds(id);
      memory.run(plan.n_forward, plan.n_backward);
      if (plan.input_gradient != kNoBuffer) memory.run(plan.n_backward, n);
      for (const BufferId id :
           {plan.y_hat, plan.losses, plan.element_losses, plan.y, plan.input_gradient})
        memory.check_holds(id);
    });
  });
}

TEST(plan_buffers_have_room) {
  for_each_dtype([]<class T>() {
    for_each_plan<T>([](const ParameterTable<T>& table, const PlanOptions& options) {
      const Plan<T> plan = make_plan(table, options);
      for (std::size_t i = 1; i < plan.buffers.size(); ++i) {
        const Buffer& buffer = plan.buffers[i];
        CHECK_EQUAL(buffer.offset % kLanes<T>, 0);
        CHECK_EQUAL(buffer.stride % kLanes<T>, 0);
        CHECK(buffer.stride >= buffer.cols);
        CHECK(buffer.offset >= 0 &&
              buffer.offset + buffer.rows * buffer.stride <= plan.workspace_size);
      }
      for (const Operation& operation : plan.operations)
        if (const auto* op = std::get_if<InputGradient>(&operation)) {
          const Buffer& buffer = plan.buffers[static_cast<std::size_t>(op->w_transposed)];
          const Stage& stage = table.stages[static_cast<std::size_t>(op->stage)];
          CHECK(buffer.rows * buffer.stride >= panels_size<T>(stage.n_in, stage.n_out));
        }
      CHECK_EQUAL(plan.buffers[static_cast<std::size_t>(plan.y_hat)].cols, table.n_outputs());
      CHECK_EQUAL(plan.workspace_bytes(), plan.workspace_size * static_cast<Index>(sizeof(T)));
    });
  });
}

TEST(plan_that_keeps_all_shares_nothing) {
  for_each_plan<float>([](const ParameterTable<float>& table, const PlanOptions& options) {
    if (options.purpose != PlanPurpose::keep_all) return;
    const Plan<float> plan = make_plan(table, options);
    Index size = 0;
    Memory<float> memory(plan);
    for (std::size_t i = 1; i < plan.buffers.size(); ++i) memory.write(static_cast<BufferId>(i));
    for (std::size_t i = 1; i < plan.buffers.size(); ++i) {
      memory.check_holds(static_cast<BufferId>(i));
      size += plan.buffers[i].rows * plan.buffers[i].stride;
    }
    CHECK_EQUAL(plan.workspace_size, size);
    for (std::size_t s = 0; s < plan.stages.size(); ++s) {
      const StageBuffers& stage = plan.stages[s];
      for (const BufferId id : {stage.z, stage.a, stage.dz}) CHECK(id != kNoBuffer);
      CHECK(stage.da != kNoBuffer || s + 1 == plan.stages.size());
    }
  });
}

// Rows a whole page apart would fall into the same sets of the cache.
TEST(plan_rows_are_not_pages_apart) {
  for_each_dtype([]<class T>() {
    const Index page = 4096 / static_cast<Index>(sizeof(T));
    const ParameterTable<T> table(network_spec<T>(4, {dense(page), dense(2 * page), dense(1)}));
    for (const Buffer& buffer : make_plan(table, {PlanPurpose::gradients, kCapacity}).buffers)
      CHECK(buffer.stride % page != 0);
  });
}

TEST(plan_with_weights_per_output_is_for_losses_that_average) {
  const ParameterTable<float> table(network_spec<float>(4, {dense(2, "softmax")}));
  for_each_type(Losses{}, [&]<class Loss>() {
    const FormulaSpec loss = to_spec(Loss{});
    const PlanOptions options{PlanPurpose::train, kCapacity, &loss, true};
    if (loss_form(loss, Softmax::name, 2).averages_outputs)
      CHECK(make_plan(table, options).element_losses != kNoBuffer);
    else
      CHECK_THROWS(make_plan(table, options), "sample_weight: expected one weight for each row");
  });
}

TEST(plan_of_an_unknown_loss) {
  const ParameterTable<float> table(network_spec<float>(4, {dense(2)}));
  const FormulaSpec loss{"msee", {}};
  CHECK_THROWS(make_plan(table, {PlanPurpose::train, kCapacity, &loss}),
               "loss: unknown name 'msee'; did you mean mse");
}

}  // namespace chainrule
