#include "network/execution.hpp"

#include "kernels/dispatch.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// Wide enough that the products of the first layers are worth seven threads.
template <class T>
NetworkSpec wide_network() {
  return network_spec<T>(150, {dense(130, "relu"), dense(129), activation("softmax"),
                               activation("tanh"), dense(10, "softmax")});
}

// The same with norms and scales, which go along rows and along columns.
template <class T>
NetworkSpec wide_network_of_norms() {
  return network_spec<T>(
      150, {BatchNorm{}, Rescale{0.5, 0.25}, dense(130), LayerNorm{}, activation("relu"),
            dense(129), BatchNorm{}, activation("tanh"), Scale{}, dense(10, "softmax")});
}

template <class T>
NetworkSpec wide_network_of_blocks() {
  return network_spec<T>(
      150, {ResidualSpec{2}, dense(130, "relu"), dense(150), ResidualSpec{4}, BatchNorm{},
            activation("tanh"), ResidualSpec{1}, Scale{0.5}, LayerNorm{}, dense(10, "softmax")});
}

constexpr Index kRows = 300;  // more than a chunk

// Everything that a network can compute, one after the other.
template <class T>
struct Results {
  std::vector<T> y_hat, gradient, dx, losses, parameters;
  double loss, train_loss;
  long most_threads;
};

template <class T>
Results<T> results_with(Index n_threads, const NetworkSpec& spec, const FormulaSpec& loss) {
  Network<T> network(spec);
  network.set_n_threads(n_threads);
  network.set_optimizer(to_spec(Adam{}));
  const TestData<T> data(kRows, spec.n_features, network.table().n_outputs());
  reset_path_counters();
  Results<T> results{};
  results.y_hat = predict(network, data.inputs());
  Gradients<T> gradients = network.gradients(data.examples(), loss, false);
  results.gradient.assign(gradients.flat.data(), gradients.flat.data() + gradients.flat.size());
  results.dx.resize(static_cast<std::size_t>(kRows * spec.n_features));
  network.input_gradients(gradients, {results.dx.data(), kRows, spec.n_features, spec.n_features});
  results.losses.resize(kRows);
  network.example_losses(data.examples(), loss, results.losses.data());
  results.loss = mean_loss(network, data.examples(), loss);
  for (int step = 0; step < 2; ++step)
    results.train_loss = network.train_step(data.examples(), loss, nullptr);
  network.apply(results.gradient.data(), nullptr);
  results.parameters = parameters_of(network);
  results.most_threads = path_counters().most_threads;
  return results;
}

template <class T>
bool same_results(const Results<T>& a, const Results<T>& b) {
  return same_bits(a.y_hat, b.y_hat) && same_bits(a.gradient, b.gradient) &&
         same_bits(a.dx, b.dx) && same_bits(a.losses, b.losses) &&
         same_bits(a.parameters, b.parameters) && a.loss == b.loss && a.train_loss == b.train_loss;
}

// The same plan with the kernels of a tier.
template <class T>
Plan<T> plan_on(std::string_view tier, Plan<T> plan) {
  const KernelTable<T>&own = *plan.kernels, &other = kernels_of<T>(tier);
  for (ActivationCall<T>& call : plan.activations)
    call.kernels = other.activations + (call.kernels - own.activations);
  plan.loss = other.losses + (plan.loss - own.losses);
  plan.kernels = &other;
  return plan;
}

// What a step on kRows examples consists of, on a tier.
template <class T>
Plan<T> plan_of_step(std::string_view tier, const Network<T>& network, bool fused) {
  const FormulaSpec loss = to_spec(CrossEntropy{});
  const PlanPurpose purpose = fused ? PlanPurpose::train : PlanPurpose::gradients;
  return plan_on<T>(
      tier, make_plan(network.table(), {purpose, plan_capacity(kRows), &loss, false, true}));
}

// The weight gradients of a plan.
template <class T>
std::vector<ParameterGradient*> weight_gradients(Plan<T>& plan) {
  std::vector<ParameterGradient*> found;
  for (Operation& operation : plan.operations)
    if (auto* gradient = std::get_if<ParameterGradient>(&operation)) found.push_back(gradient);
  return found;
}

// One step of gradient descent by a plan: the losses before it, then the parameters after it.
template <class T>
std::vector<T> step_by(const Plan<T>& plan, const Network<T>& network, Index n_threads) {
  const bool fused = plan.purpose == PlanPurpose::train;
  const TestData<T> data(kRows, network.table().n_features(), network.table().n_outputs());
  AlignedBuffer<T> workspace(plan.workspace_size), gradient(network.table().size),
      updated(network.table().block_size);
  OptimizerState<T> descent(to_spec(Sgd{}), network.table().size);
  const Update<T> update = descent.begin_update(*plan.kernels, nullptr);
  Run<T> run{plan,          network.table(), network.parameters(), workspace.data(),
             data.inputs(), n_threads};
  load_targets(run, data.examples(), {nullptr, kRows}, kRows);
  execute(run, 0, plan.n_forward);
  const T* losses = run.view(plan.losses).data;
  std::vector<T> result(losses, losses + kRows);
  run.gradient = gradient.data();
  run.update = fused ? &update : nullptr;
  run.updated_parameters = updated.data();
  execute(run, plan.n_forward, plan.n_backward);
  if (!fused)
    sweep(network.table(), update, gradient.data(), network.parameters(), updated.data(),
          n_threads);
  result.insert(result.end(), updated.data(), updated.data() + updated.size());
  return result;
}

template <class T>
std::vector<T> step_on(std::string_view tier, const Network<T>& network, Index n_threads,
                       bool fused) {
  return step_by(plan_of_step(tier, network, fused), network, n_threads);
}

// Largest difference of the elements.
template <class T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

template <class T, class Loss, class Optimizer>
void check_fused_update(const std::vector<LayerSpec>& layers) {
  const TestData<T> data(261, 6, 3);  // a chunk and a few rows
  Network<T> fused(network_spec<T>(6, layers)), swept(network_spec<T>(6, layers));
  Optimizer optimizer = lively<Optimizer>();
  if constexpr (requires { optimizer.decay_biases; }) optimizer.decay_biases = false;
  for (Network<T>* network : {&fused, &swept}) network->set_optimizer(to_spec(optimizer));
  for (int step = 0; step < 3; ++step) {
    if (!suits<Loss>(predict(fused, data.inputs()))) break;
    const double j = fused.train_step(data.examples(), to_spec(Loss{}), nullptr);
    const Gradients<T> gradients = swept.gradients(data.examples(), to_spec(Loss{}), true);
    swept.apply(gradients.flat.data(), nullptr);
    CHECK_EQUAL(j, gradients.loss);
    CHECK(same_state(fused, swept));
  }
  CHECK(padding_is_zero(fused.table(), fused.parameters()));
  for (const AlignedBuffer<T>& slot : fused.optimizer_state()->slots)
    CHECK(slot.size() == 0 || padding_is_zero(fused.table(), slot.data()));
}

}  // namespace

TEST(execution_gives_the_same_bits_with_any_number_of_threads) {
  const AllWorkers all_workers;
  for_each_dtype([]<class T>() {
    for (const NetworkSpec& spec :
         {wide_network<T>(), wide_network_of_norms<T>(), wide_network_of_blocks<T>()}) {
      const Results<T> alone = results_with<T>(1, spec, to_spec(CrossEntropy{}));
      CHECK_EQUAL(alone.most_threads, 0);
      for (const Index n_threads : {2, 3, 4, 7}) {
        const Results<T> together = results_with<T>(n_threads, spec, to_spec(CrossEntropy{}));
        CHECK_EQUAL(together.most_threads, n_threads);
        CHECK(same_results(alone, together));
      }
    }
  });
}

// A wide input and few outputs, whose blocks are cut along the inputs: none may grow beyond its
// limit.
TEST(execution_of_wide_inputs_with_any_number_of_threads) {
  const AllWorkers all_workers;
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = network_spec<T>(1000, {dense(16, "softmax")});
    const Results<T> alone = results_with<T>(1, spec, to_spec(CrossEntropy{}));
    for (const Index n_threads : {5, 6, 7, 8, 9}) {
      const Results<T> together = results_with<T>(n_threads, spec, to_spec(CrossEntropy{}));
      CHECK_EQUAL(together.most_threads, n_threads);
      CHECK(same_results(alone, together));
    }
  });
}

TEST(execution_counts_paths) {
  Network<float> network(wide_network<float>());
  network.set_n_threads(1);
  network.set_optimizer(to_spec(Sgd{}));
  const TestData<float> data(kRows, 150, 10);
  reset_path_counters();
  network.train_step(data.examples(), to_spec(CrossEntropy{}), nullptr);
  CHECK_EQUAL(path_counters().fused_updates, 3);
  CHECK_EQUAL(path_counters().sweeps, 0);
  const Gradients<float> gradients =
      network.gradients(data.examples(), to_spec(CrossEntropy{}), true);
  network.apply(gradients.flat.data(), nullptr);
  CHECK_EQUAL(path_counters().fused_updates, 3);
  CHECK_EQUAL(path_counters().sweeps, 1);
  CHECK_EQUAL(path_counters().threaded_operations, 0);
}

// The update from the tiles of dW and that from a stored gradient: every activation in every place,
// every loss with Adam, and every optimiser.
TEST(execution_of_the_fused_update_is_gradients_and_sweep) {
  for_each_dtype([]<class T>() {
    for_each_pair("softmax", [](std::string_view hidden, std::string_view output) {
      for (const std::vector<LayerSpec>& layers : layer_stacks(hidden, output, 3))
        check_fused_update<T, Mse, Adam>(layers);
    });
    for_each_loss(3, []<class Loss>() {
      for (const std::vector<LayerSpec>& layers : layer_stacks("tanh", output_of<Loss>(), 3))
        check_fused_update<T, Loss, Adam>(layers);
    });
    for_each_type(Optimizers{}, []<class Optimizer>() {
      for (const std::vector<LayerSpec>& layers : layer_stacks("tanh", "identity", 3))
        check_fused_update<T, Mse, Optimizer>(layers);
      for (const std::vector<LayerSpec>& layers : norm_stacks("tanh", "softmax", 3))
        check_fused_update<T, Mse, Optimizer>(layers);
      for (const std::vector<LayerSpec>& layers : residual_stacks("tanh", "softmax", 6, 3))
        check_fused_update<T, Mse, Optimizer>(layers);
      check_fused_update<T, Mse, Optimizer>({dense(5), ResidualSpec{2},
                                             with_rate(0.5, limited(0.5, dense(4, "prelu"))),
                                             frozen(dense(5)), dense(3)});
      check_fused_update<T, Mse, Optimizer>(
          {with_rate(0.5, penalised(0.1, 0.0, dense(5, "prelu"))), frozen(dense(18, "tanh")),
           with_rate(2.0, penalised(0.0, 0.5, dense(4, "tanh", false))), frozen(dense(5)),
           limited(0.5, penalised(0.1, 0.25, dense(3)))});
    });
  });
}

TEST(execution_of_any_batch_split_gives_the_same_predictions) {
  for_each_dtype([]<class T>() {
    for (const std::string& hidden : names(Activations{})) {
      std::vector<std::vector<LayerSpec>> stacks = layer_stacks(hidden, "softmax", 3);
      for (auto& layers : norm_stacks(hidden, "softmax", 3)) stacks.push_back(std::move(layers));
      for (auto& layers : residual_stacks(hidden, "softmax", 6, 3))
        stacks.push_back(std::move(layers));
      for (const std::vector<LayerSpec>& layers : stacks) {
        const Network<T> network(network_spec<T>(6, layers));
        const TestData<T> data(700, 6, 3);  // more than predict takes at a time
        const std::vector<T> whole = predict(network, data.inputs());
        for (const Index size : {1, 2, 7, 64, 513}) {
          std::vector<T> parts;
          for (Index first = 0; first < data.d; first += size) {
            const std::vector<T> part =
                predict(network, data.inputs().rows_from(first, std::min(size, data.d - first)));
            parts.insert(parts.end(), part.begin(), part.end());
          }
          CHECK(same_bits(whole, parts));
        }
      }
    }
  });
}

// Copies in the order in which the products read are for speed alone.
TEST(execution_without_copies_of_inputs_and_gradients_has_the_same_bits) {
  for_each_dtype([]<class T>() {
    const Network<T> network(network_spec<T>(400, {dense(130, "relu"), dense(10, "softmax")}));
    for (const std::string& tier : available_tiers())
      for (const bool fused : {true, false}) {
        Plan<T> plan = plan_of_step(tier, network, fused);
        ParameterGradient& first = *weight_gradients(plan).back();
        CHECK(first.x_tiles != kNoBuffer && first.dz_panels != kNoBuffer);
        const std::vector<T> with_both = step_by(plan, network, 1);
        first.x_tiles = kNoBuffer;
        CHECK(same_bits(with_both, step_by(plan, network, 1)));
        first.dz_panels = kNoBuffer;
        CHECK(same_bits(with_both, step_by(plan, network, 1)));
      }
  });
}

// On every tier threads and fused updates leave the bits as they are, and all tiers with FMA have
// the same. Without FMA a chain of k products rounds k times more: here k <= 150 in a layer and 3
// layers.
TEST(execution_on_every_tier) {
  for_each_dtype([]<class T>() {
    for (const NetworkSpec& spec :
         {wide_network<T>(), wide_network_of_norms<T>(), wide_network_of_blocks<T>()}) {
      const Network<T> network(spec);
      const std::vector<T> expected = step_on(available_tiers().front(), network, 1, true);
      const auto is_right = [](T x) { return std::isfinite(x) && std::abs(x) < 10; };
      CHECK(std::ranges::all_of(expected, is_right));
      for (const std::string& tier : available_tiers()) {
        const std::vector<T> alone = step_on(tier, network, 1, true);
        CHECK(same_bits(alone, step_on(tier, network, 4, true)));
        CHECK(same_bits(alone, step_on(tier, network, 1, false)));
        CHECK(same_bits(alone, step_on(tier, network, 4, false)));
        if (tier == "scalar")
          CHECK(distance(alone, expected) <= 3 * 150 * kRoundoff<T> * 10);  // values are below 10
        else
          CHECK(same_bits(alone, expected));
      }
    }
  });
}

}  // namespace chainrule
