#include <limits>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

}  // namespace

// Running statistics move with each training forward whose loss is a number, and with nothing else.
TEST(training_moves_running_statistics) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(5, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(Mse{});
    Network<T> network(network_spec<T>(kFeatures, {BatchNorm{0.25, 1e-5}, dense(kOutputs)}));
    const auto statistics = [&] {
      const ParameterTable<T>& table = network.table();
      return std::vector<T>(network.parameters() + table.size,
                            network.parameters() + table.block_size);
    };
    std::vector<T> before = statistics();
    predict(network, data.inputs());
    mean_loss(network, data.examples(), loss);
    network.gradients(data.examples(), loss, false);
    network.trace(data.examples(), loss, 0.1, true);
    CHECK(same_bits(statistics(), before));
    TestData<T> wrong = data;
    wrong.y[0] = std::numeric_limits<T>::infinity();
    network.train_step(wrong.examples(), loss, nullptr);
    network.gradients(wrong.examples(), loss, true);
    CHECK(same_bits(statistics(), before));

    std::vector<T> y_hat(5 * kOutputs);
    const MatrixView<T> out{y_hat.data(), 5, kOutputs, kOutputs};
    Network<T> by_gradients(network.spec()), by_forward(network.spec());
    network.train_step(data.examples(), loss, nullptr);
    by_gradients.gradients(data.examples(), loss, true);
    by_forward.forward(data.inputs(), out);
    for (Network<T>* other : {&by_gradients, &by_forward})
      CHECK(std::equal(network.parameters() + network.table().size,
                       network.parameters() + network.table().block_size,
                       other->parameters() + network.table().size));
    double mean = 0;
    for (Index i = 0; i < 5; ++i) mean += static_cast<double>(data.inputs()(i, 0)) / 5;
    CHECK(std::abs(static_cast<double>(statistics()[0]) - 0.25 * mean) < 8 * kRoundoff<T>);
    by_forward.backward(out);  // statistics are no parameters that a backward would be wrong with
  });
}

// In a fit, however its batches make updates.
TEST(training_moves_no_statistics_by_a_batch_of_no_weight) {
  for_each_dtype([]<class T>() {
    NetworkSpec spec = network_spec<T>(kFeatures, {dense(6), BatchNorm{}, dense(kOutputs)});
    spec.loss = to_spec(Mse{});
    const TestData<T> data(40, kFeatures, kOutputs);
    for (const Index absent : {0, 1, 2, 3}) {
      std::vector<double> weights(40, 1.0);
      std::fill_n(weights.begin() + 10 * absent, 10, 0.0);
      Network<T> stepped(spec);
      for (Index batch = 0; batch < 4; ++batch)
        if (batch != absent)
          stepped.gradients(data.examples().part(10 * batch, 10), *spec.loss, true);
      for (const Clipping& clipping : {Clipping{}, Clipping{kInfinity, 1e9}})
        for (const Index accumulate : {1, 2}) {
          TrainingOptions options{10, false};
          options.clipping = clipping;
          options.accumulate = accumulate;
          Network<T> fitted(spec);
          TrainingRun<T> run(fitted, weighted(data.examples(), weights), options);
          run.begin_epoch();
          CHECK_EQUAL(run.run(0, kNoLimit, 0.0), run.n_updates());
          const ParameterTable<T>& table = fitted.table();
          CHECK(std::equal(fitted.parameters() + table.size, fitted.parameters() + table.block_size,
                           stepped.parameters() + table.size));
        }
    }
  });
}

TEST(training_through_a_batch_needs_two_rows) {
  const TestData<float> data(1, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(Mse{});
  Network<float> network(network_spec<float>(kFeatures, {dense(kOutputs), BatchNorm{}}));
  const std::vector<float> before = parameters_of(network);
  std::vector<float> y_hat(kOutputs);
  const MatrixView<float> out{y_hat.data(), 1, kOutputs, kOutputs};
  const char* message = "x: expected at least 2 rows, since BatchNorm";
  CHECK_THROWS(network.train_step(data.examples(), loss, nullptr), message);
  CHECK_THROWS(network.gradients(data.examples(), loss, true), message);
  CHECK_THROWS(network.trace(data.examples(), loss, 0.1, true), message);
  CHECK_THROWS((network.forward(data.inputs(), out), 0), message);
  CHECK_THROWS(network.backward(out), "there is no training forward");
  network.gradients(data.examples(), loss, false);
  CHECK(same_bits(parameters_of(network), before));
  CHECK_EQUAL(network.training_forwards(), 0);
}

// Classes stand for rows with a single 1: in every call, to the bit.
TEST(training_with_classes_is_training_with_rows) {
  for_each_dtype([]<class T>() {
    TestData<T> data(37, kFeatures, kOutputs);
    std::ranges::fill(data.y, T(0));
    for (Index i = 0; i < data.d; ++i)
      data.y[static_cast<std::size_t>(i * data.m + data.classes[static_cast<std::size_t>(i)])] =
          T(1);
    Examples<T> classes = data.examples();
    classes.y = {};
    classes.classes = data.classes.data();
    for_each_loss(kOutputs, [&]<class Loss>() {
      const NetworkSpec spec =
          network_spec<T>(kFeatures, {dense(6, "tanh"), dense(kOutputs, "softmax")});
      Network<T> by_row(spec), by_class(spec);
      for (Network<T>* network : {&by_row, &by_class}) network->set_optimizer(to_spec(Adam{}));
      const FormulaSpec loss = to_spec(Loss{});
      for (int step = 0; step < 3; ++step)
        CHECK_EQUAL(by_row.train_step(data.examples(), loss, nullptr),
                    by_class.train_step(classes, loss, nullptr));
      CHECK(same_state(by_row, by_class));
      CHECK_EQUAL(mean_loss(by_row, data.examples(), loss), mean_loss(by_class, classes, loss));
    });
  });
}

TEST(training_step_gives_the_loss_before_the_update) {
  for_each_dtype([]<class T>() {
    Network<T> network(network_spec<T>(kFeatures, {dense(6, "tanh"), dense(kOutputs, "softmax")}));
    network.set_optimizer(to_spec(Sgd{}));
    const TestData<T> data(300, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(CrossEntropy{});
    for (std::int64_t t = 1; t <= 3; ++t) {
      const double before = mean_loss(network, data.examples(), loss);
      CHECK_EQUAL(network.train_step(data.examples(), loss, nullptr), before);
      CHECK(mean_loss(network, data.examples(), loss) < before);
      CHECK_EQUAL(network.optimizer()->updates, t);
      CHECK_EQUAL(network.training_forwards(), t);
    }
    // A rate that is given replaces the optimiser's.
    const std::vector<T> before = parameters_of(network);
    const double rate = 0.0;
    network.train_step(data.examples(), loss, &rate);
    CHECK(same_bits(parameters_of(network), before));
  });
}

// J that is not finite: nothing but the random counter changes, and the layer is named.
TEST(training_makes_no_update_when_the_loss_is_not_finite) {
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

// A network without an optimiser takes Adam; a given one replaces it.
TEST(training_takes_an_optimizer) {
  const NetworkSpec spec = network_spec<float>(kFeatures, {dense(kOutputs)});
  Network<float> network(spec), with_adam(spec);
  with_adam.set_optimizer(to_spec(Adam{}));
  const TestData<float> data(20, kFeatures, kOutputs);
  for (Network<float>* each : {&network, &with_adam})
    each->train_step(data.examples(), to_spec(Mse{}), nullptr);
  CHECK(same_state(network, with_adam));
  const FormulaSpec descent = to_spec(Sgd{});
  network.train_step(data.examples(), to_spec(Mse{}), nullptr, &descent);
  CHECK(network.optimizer()->formula == descent);
  CHECK_EQUAL(network.optimizer()->updates, 1);
}

}  // namespace chainrule
