#include "network/network.hpp"

#include <atomic>
#include <cfenv>
#include <functional>
#include <limits>
#include <thread>

#include "allocations.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

template <class T>
NetworkSpec example() {
  return network_spec<T>(kFeatures,
                         {dense(6, "relu"), dense(5, "tanh"), dense(kOutputs, "softmax")});
}

template <class T>
void step(Network<T>& network, Index d = 20) {
  const TestData<T> data(d, kFeatures, kOutputs);
  network.train_step(data.examples(), to_spec(CrossEntropy{}), nullptr);
}

// Every call after which gradients that were computed before no longer belong to the parameters.
template <class T>
std::vector<std::function<void(Network<T>&)>> changes() {
  return {[](Network<T>& network) { step(network); },
          [](Network<T>& network) {
            const std::vector<T> gradient(static_cast<std::size_t>(network.table().size), T(1));
            network.apply(gradient.data(), nullptr);
          },
          [](Network<T>& network) {
            network.initialize(5);
            network.set_optimizer(to_spec(Sgd{}));
          },
          [](Network<T>& network) { network.restore(network.snapshot()); }};
}

// Every call that must not disturb a forward that waits for its backward.
template <class T>
void look(Network<T>& network) {
  const TestData<T> data(9, kFeatures, kOutputs, 8);
  const FormulaSpec loss = to_spec(CrossEntropy{});
  std::vector<T> losses(9);
  predict(network, data.inputs());
  mean_loss(network, data.examples(), loss);
  network.example_losses(data.examples(), loss, losses.data());
  network.gradients(data.examples(), loss, false);
  network.trace(data.examples(), loss, 0.1);
  network.snapshot();
}

}  // namespace

TEST(network_plans_are_for_powers_of_two) {
  const std::vector<std::pair<Index, Index>> expected = {{0, 1}, {1, 1},   {2, 2},
                                                         {3, 4}, {64, 64}, {65, 128}};
  for (const auto& [rows, capacity] : expected) CHECK_EQUAL(plan_capacity(rows), capacity);
}

TEST(network_predicts_nothing_of_nothing) {
  const Network<double> network(example<double>());
  network.predict({nullptr, 0, kFeatures, kFeatures}, {nullptr, 0, kOutputs, kOutputs});
  CHECK_EQUAL(network.evaluate({}, to_spec(Mse{}), {}).loss, 0.0);
}

// Rows of the caller may lie apart on both sides, and what is between them stays as it is.
TEST(network_predicts_rows_that_are_apart) {
  for_each_dtype([]<class T>() {
    const Network<T> network(
        network_spec<T>(2, {activation("tanh"), dense(6, "relu"), dense(kOutputs)}));
    const TestData<T> data(40, 5, kOutputs);
    std::vector<T> x, out(40 * 7, T(9));
    for (std::size_t i = 0; i < 40; ++i) x.insert(x.end(), {data.x[i * 5], data.x[i * 5 + 1]});
    network.predict({data.x.data(), 40, 2, 5}, {out.data(), 40, kOutputs, 7});
    const std::vector<T> expected = predict(network, {x.data(), 40, 2, 2});
    for (std::size_t i = 0; i < 40; ++i)
      for (std::size_t j = 0; j < 7; ++j)
        CHECK_EQUAL(out[i * 7 + j], j < kOutputs ? expected[i * kOutputs + j] : T(9));
  });
}

// Sums over a set of more rows than evaluate takes at a time: chunks from its start, to the bit.
TEST(network_evaluates) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    const TestData<T> data(2500, kFeatures, kOutputs);
    for_each_loss(kOutputs, [&]<class Loss>() {
      const FormulaSpec loss = to_spec(Loss{});
      std::vector<T> losses(2500), y_hat(2500 * kOutputs);
      network.example_losses(data.examples(), loss, losses.data());
      const std::vector<double> weights = random_weights(2500, 1);
      double total = 0.0, total_weight = 0.0;
      for (std::size_t start = 0; start < 2500; start += kChunk) {
        double sum = 0.0, weight = 0.0;
        for (std::size_t i = start; i < std::min<std::size_t>(2500, start + kChunk); ++i) {
          sum += weights[i] * static_cast<double>(losses[i]);
          weight += weights[i];
        }
        total += sum;
        total_weight += weight;
      }
      const LossSums sums = network.evaluate(weighted(data.examples(), weights), loss,
                                             {y_hat.data(), 2500, kOutputs, kOutputs});
      CHECK_EQUAL(sums.loss, total);
      CHECK_EQUAL(sums.weight, total_weight);
      CHECK(same_bits(y_hat, predict(network, data.inputs())));
    });
  });
}

TEST(network_refuses_predictions_that_are_no_probabilities) {
  for_each_loss(kOutputs, []<class Loss>() {
    if (Loss::predictions.low != 0) return;
    Network<double> network(network_spec<double>(kFeatures, {dense(6, "relu"), dense(kOutputs)}));
    network.set_optimizer(to_spec(Sgd{}));
    const TestData<double> data(20, kFeatures, kOutputs);
    const std::vector<double> before = parameters_of(network);
    const FormulaSpec loss = to_spec(Loss{});
    std::vector<double> losses(20);
    const std::string message =
        text("loss: ", Loss::name, " needs predictions in ", to_text(Loss::predictions));
    CHECK_THROWS(network.train_step(data.examples(), loss, nullptr), message);
    CHECK_THROWS(network.gradients(data.examples(), loss, true), message);
    CHECK_THROWS(network.evaluate(data.examples(), loss, {}), message);
    CHECK_THROWS((network.example_losses(data.examples(), loss, losses.data()), 0), message);
    CHECK_THROWS(network.trace(data.examples(), loss, 0.1), message);
    CHECK(same_bits(parameters_of(network), before));
    CHECK_EQUAL(network.training_forwards(), 0);
    CHECK_EQUAL(network.optimizer()->updates, 0);
  });
}

TEST(network_backward_is_for_one_forward_and_its_parameters) {
  Network<double> network(example<double>());
  network.set_optimizer(to_spec(Sgd{}));
  const TestData<double> data(9, kFeatures, kOutputs);
  std::vector<double> y_hat(27), da(27, 0.5);
  const MatrixView<double> output{y_hat.data(), 9, kOutputs, kOutputs};
  const MatrixView<const double> gradient{da.data(), 9, kOutputs, kOutputs};
  CHECK_THROWS(network.backward(gradient), "there is no training forward to go back through");
  network.forward(data.inputs(), output);
  const Gradients<double> first = network.backward(gradient);
  CHECK_THROWS(network.backward(gradient), "there is no training forward to go back through");
  network.forward(data.inputs(), output);
  look(network);
  CHECK_THROWS(network.backward(gradient.rows_from(0, 8)),
               "dA: expected 9 rows as in the last forward, got 8");
  CHECK(same_bits(network.backward(gradient).flat, first.flat));
  for (const auto& change : changes<double>()) {
    network.forward(data.inputs(), output);
    change(network);
    CHECK_THROWS(network.backward(gradient), "the parameters have changed since the forward");
  }
}

TEST(network_input_gradients_are_for_their_parameters) {
  Network<float> network(example<float>());
  network.set_optimizer(to_spec(Sgd{}));
  const TestData<float> data(9, kFeatures, kOutputs);
  std::vector<float> dx(9 * kFeatures);
  const MatrixView<float> result{dx.data(), 9, kFeatures, kFeatures};
  for (const auto& change : changes<float>()) {
    Gradients<float> gradients = network.gradients(data.examples(), to_spec(CrossEntropy{}), false);
    look(network);
    network.input_gradients(gradients, result);
    change(network);
    CHECK_THROWS((network.input_gradients(gradients, result), 0),
                 "the parameters have changed since these gradients");
  }
}

// A snapshot brings everything back that training changes.
TEST(network_snapshots) {
  for_each_type(Optimizers{}, []<class Optimizer>() {
    Network<float> network(example<float>()), twin(example<float>());
    for (Network<float>* each : {&network, &twin}) {
      each->set_optimizer(to_spec(Optimizer{}));
      each->set_counters(0, 4);
      for (int i = 0; i < 2; ++i) step(*each);
    }
    const Snapshot<float> snapshot = network.snapshot();
    network.set_optimizer(std::nullopt);
    network.set_optimizer(to_spec(Adam{}));
    network.end_epoch();
    step(network, 7);
    CHECK(!same_state(network, twin));
    network.restore(snapshot);
    CHECK(same_state(network, twin));
    step(network);
    step(twin);
    CHECK(same_state(network, twin));
    const Network<float> fresh(example<float>());
    network.restore(fresh.snapshot());
    CHECK(same_state(network, fresh));
  });
}

// A snapshot into an earlier one, of whatever optimiser, is as good as a new one, and its memory
// serves again.
TEST(network_snapshots_into_earlier_ones) {
  const Network<float> fresh(example<float>());
  Network<float> twin(example<float>());
  Snapshot<float> snapshot = fresh.snapshot();
  for_each_type(Optimizers{}, [&]<class Optimizer>() {
    Network<float> network(example<float>());
    network.set_optimizer(to_spec(Optimizer{}));
    step(network);
    network.snapshot(snapshot);
    step(network);
    const long before = test::n_allocations();
    network.snapshot(snapshot);
    CHECK_EQUAL(test::n_allocations() - before, 0);
    twin.restore(snapshot);
    CHECK(same_state(network, twin));
  });
  fresh.snapshot(snapshot);
  twin.restore(snapshot);
  CHECK(same_state(fresh, twin));
}

TEST(network_knows_its_loss) {
  for_each_type(Activations{}, []<class F>() {
    NetworkSpec spec = network_spec<float>(kFeatures, {dense(6, "relu"), dense(kOutputs, F::name)});
    const char* usual = F::loss;
    const Network<float> network(spec);
    CHECK_EQUAL(network.loss() == nullptr, usual == nullptr);
    CHECK(usual == nullptr || network.loss()->name == usual);
    for_each_loss(kOutputs, [&]<class Loss>() {
      spec.loss = to_spec(Loss{});
      CHECK(*Network<float>(spec).loss() == *spec.loss);
    });
  });
}

TEST(network_initialize_begins_anew) {
  Network<double> network(example<double>());
  network.set_optimizer(to_spec(Adam{}));
  network.end_epoch();
  step(network);
  network.initialize(network.spec().seed);
  CHECK(same_state(network, Network<double>(example<double>())));
  network.initialize(network.spec().seed + 1);
  CHECK(!same_state(network, Network<double>(example<double>())));
}

TEST(network_may_begin_with_zeros) {
  Network<double> network(example<double>(), Start::zero);
  const double* parameters = network.parameters();
  CHECK(
      std::all_of(parameters, parameters + network.table().size, [](double w) { return w == 0; }));
  network.initialize(network.spec().seed);
  CHECK(same_state(network, Network<double>(example<double>())));
}

TEST(network_refuses_to_begin_with_infinity) {
  const auto build = []<class T>(T /*type*/) {
    DenseSpec large = dense(kOutputs);
    Constant constant;
    constant.value = 1e300;
    large.initializer = to_spec(constant);
    return Network<T>(network_spec<T>(kFeatures, {dense(3), large})).table().n_parameters;
  };
  CHECK_THROWS(build(0.0F), "initializer: layer 2 of the Dense layers begins with numbers too");
  CHECK(build(0.0) > 0);
}

TEST(network_training_belongs_to_one) {
  Network<float> network(example<float>());
  CHECK(!network.is_training());
  {
    const ExclusiveTraining exclusive(network.training_flag());
    CHECK(network.is_training());
    CHECK_THROWS(ExclusiveTraining(network.training_flag()), "is being trained");
    CHECK_THROWS(step(network), "is being trained");
    CHECK(network.is_training());
  }
  CHECK(!network.is_training());
}

// Every call computes with its own rounding and leaves that of the caller as it was.
TEST(network_has_its_own_float_environment) {
  const TestData<float> data(300, kFeatures, kOutputs);
  const std::vector<double> weights = random_weights(300, 1);
  const Examples<float> examples = weighted(data.examples(), weights);
  const FormulaSpec loss = to_spec(CrossEntropy{});
  const auto everything = [&](int rounding) {
    std::fesetround(rounding);
    Network<float> network(example<float>());
    network.set_optimizer(to_spec(Adam{}));
    std::vector<double> results = {norm(network.table(), network.parameters()),
                                   network.train_step(examples, loss, nullptr)};
    const Gradients<float> gradients = network.gradients(examples, loss, true);
    network.apply(gradients.flat.data(), nullptr);
    const LossSums sums = network.evaluate(examples, loss, {});
    const Trace<float> trace = network.trace(data.examples(), loss, 0.1);
    const std::vector<float> y_hat = predict(network, data.inputs());
    CHECK_EQUAL(std::fegetround(), rounding);
    std::fesetround(FE_TONEAREST);
    results.insert(results.end(), {gradients.loss, gradients.weight_sum, sums.loss, sums.weight,
                                   trace.loss, trace.new_loss});
    results.insert(results.end(), y_hat.begin(), y_hat.end());
    return results;
  };
  const std::vector<double> expected = everything(FE_TONEAREST);
  for (const int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO})
    CHECK(same_bits(everything(rounding), expected));
}

// Predictions beside a training are those after some whole number of steps.
TEST(network_predicts_between_steps) {
  constexpr int n_steps = 50;
  Network<float> rehearsed(example<float>()), network(example<float>());
  for (Network<float>* each : {&rehearsed, &network}) each->set_optimizer(to_spec(Adam{}));
  const TestData<float> data(20, kFeatures, kOutputs);
  std::vector<std::vector<float>> possible = {predict(rehearsed, data.inputs())};
  for (int i = 0; i < n_steps; ++i) {
    step(rehearsed);
    possible.push_back(predict(rehearsed, data.inputs()));
  }
  std::atomic<bool> done = false;
  std::thread trainer([&] {
    for (int i = 0; i < n_steps; ++i) step(network);
    done = true;
  });
  while (!done) {
    const std::vector<float> y_hat = predict(network, data.inputs());
    CHECK(std::ranges::any_of(possible, [&](const auto& p) { return same_bits(p, y_hat); }));
  }
  trainer.join();
  CHECK(same_state(network, rehearsed));
}

}  // namespace chainrule
