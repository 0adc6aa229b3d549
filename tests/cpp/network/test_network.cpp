#include "network/network.hpp"

#include <limits>

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

TEST(network_builds_each_plan_once) {
  const Network<float> network(example<float>());
  const FormulaSpec mse = to_spec(Mse{}), entropy = to_spec(CrossEntropy{}), again = mse;
  const Plan<float>& plan = network.plan({PlanPurpose::train, 64, &mse});
  CHECK_EQUAL(&plan, &network.plan({PlanPurpose::train, 64, &again}));
  for (const PlanOptions& other :
       {PlanOptions{PlanPurpose::train, 128, &mse}, PlanOptions{PlanPurpose::evaluate, 64, &mse},
        PlanOptions{PlanPurpose::train, 64, &entropy}, PlanOptions{PlanPurpose::train, 64},
        PlanOptions{PlanPurpose::train, 64, &mse, true}})
    CHECK(&plan != &network.plan(other));
  CHECK_EQUAL(&plan, &network.plan({PlanPurpose::train, 64, &mse}));
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
    for_each_type(Losses{}, [&]<class Loss>() {
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
  for_each_type(Losses{}, []<class Loss>() {
    if (!Loss::needs_probabilities) return;
    Network<double> network(network_spec<double>(kFeatures, {dense(6, "relu"), dense(kOutputs)}));
    network.set_optimizer(to_spec(Sgd{}));
    const TestData<double> data(20, kFeatures, kOutputs);
    const std::vector<double> before = parameters_of(network);
    const FormulaSpec loss = to_spec(Loss{});
    std::vector<double> losses(20);
    const std::string message = text("loss: ", Loss::name, " needs predictions in [0, 1]");
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

// J that is not finite: nothing but the random counter changes, and the layer is named.
TEST(network_is_not_updated_when_the_loss_is_not_finite) {
  for_each_dtype([]<class T>() {
    for (const Index layer : {1, 2, 3}) {
      Network<T> network(
          network_spec<T>(kFeatures, {dense(6, "relu"), dense(5, "relu"), dense(kOutputs)}));
      network.set_optimizer(to_spec(Adam{}));
      const TestData<T> data(20, kFeatures, kOutputs);
      network.train_step(data.examples(), to_spec(Mse{}), nullptr);
      const Stage& stage = network.table().stages[static_cast<std::size_t>(layer - 1)];
      const Segment& bias = network.table().segments[static_cast<std::size_t>(stage.bias)];
      std::fill_n(network.parameters() + bias.offset, bias.n_out, std::numeric_limits<T>::max());
      CHECK_EQUAL(network.first_nonfinite_layer(), 3);  // nothing has failed yet
      const std::vector<T> before = parameters_of(network);
      const std::int64_t version = network.version();
      CHECK(!std::isfinite(network.train_step(data.examples(), to_spec(Mse{}), nullptr)));
      CHECK(same_bits(parameters_of(network), before));
      CHECK_EQUAL(network.optimizer()->updates, 1);
      CHECK_EQUAL(network.training_forwards(), 2);
      CHECK_EQUAL(network.version(), version);
      // The bias itself is finite: products with it overflow in the layer above.
      CHECK_EQUAL(network.first_nonfinite_layer(), std::min<Index>(layer + 1, 3));
      network.parameters()[0] = std::numeric_limits<T>::infinity();
      CHECK_EQUAL(network.first_nonfinite_layer(), 1);
    }
  });
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

}  // namespace chainrule
