#include <limits>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

// Central differences of J: off by about step^2 / 6 times its third derivative, and by its rounding
// errors (some hundred of 2^-53) over the step, which both stay below this here.
constexpr double kStep = 1e-5, kTolerance = 1e-7;

bool close(double a, double b) { return std::abs(a - b) <= kTolerance * (1.0 + std::abs(b)); }

// Calls f.template operator()<Loss>(layers) for every activation inside, output and loss that go
// together.
template <class F>
void for_each_pairing(const TestData<double>& data, F&& f) {
  for_each_loss(kOutputs, [&]<class Loss>() {
    Index n_pairings = 0;
    for_each_pair(output_of<Loss>(), [&](std::string_view hidden, std::string_view output) {
      for (const std::vector<LayerSpec>& layers : layer_stacks(hidden, output, data.m)) {
        const Network<double> network(network_spec<double>(data.n, layers));
        if (!suits<Loss>(predict(network, data.inputs()))) continue;
        f.template operator()<Loss>(layers);
        ++n_pairings;
      }
    });
    CHECK(n_pairings >= 4 * Activations::size);  // the matching output at least
  });
}

// J as in training, or as in a prediction.
double loss_of(Network<double>& network, const Examples<double>& examples, const FormulaSpec& loss,
               bool training) {
  return training ? network.gradients(examples, loss, true).loss
                  : mean_loss(network, examples, loss);
}

// dJ/d(parameter) by differences, padding left out.
std::vector<double> differences(Network<double>& network, const Examples<double>& examples,
                                const FormulaSpec& loss, bool training) {
  std::vector<double> result;
  for (const Segment& segment : network.table().segments) {
    std::vector<double> tensor(static_cast<std::size_t>(segment.n_parameters()));
    read_tensor(segment, network.parameters(), tensor.data());
    for (double& w : tensor) {
      const double before = w;
      const auto loss_at = [&](double value) {
        w = value;
        write_tensor(segment, tensor.data(), network.parameters());
        return loss_of(network, examples, loss, training);
      };
      const double above = loss_at(before + kStep), below = loss_at(before - kStep);
      result.push_back((above - below) / (2 * kStep));
      loss_at(before);
    }
  }
  return result;
}

// The elements of a flat block that are parameters.
template <class T>
std::vector<T> logical(const ParameterTable<T>& table, const T* block) {
  std::vector<T> all, tensor;
  for (const Segment& segment : table.segments) {
    tensor.resize(static_cast<std::size_t>(segment.n_parameters()));
    read_tensor(segment, block, tensor.data());
    all.insert(all.end(), tensor.begin(), tensor.end());
  }
  return all;
}

void check_gradients(Network<double>& network, const Examples<double>& examples,
                     const FormulaSpec& loss, bool training = false) {
  const Gradients<double> gradients = network.gradients(examples, loss, training);
  CHECK(close(gradients.loss, loss_of(network, examples, loss, training)));
  const std::vector<double> got = logical(network.table(), gradients.flat.data());
  const std::vector<double> expected = differences(network, examples, loss, training);
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(close(got[i], expected[i]));
}

template <class T>
std::vector<T> input_gradients(const Network<T>& network, Gradients<T>& gradients) {
  const Index d = gradients.pass.rows, n = network.table().n_features();
  std::vector<T> dx(static_cast<std::size_t>(d * n));
  network.input_gradients(gradients, {dx.data(), d, n, n});
  return dx;
}

void check_input_gradients(Network<double>& network, const TestData<double>& data,
                           const FormulaSpec& loss, bool training) {
  Gradients<double> gradients = network.gradients(data.examples(), loss, training);
  const std::vector<double> dx = input_gradients(network, gradients);
  CHECK(same_bits(dx, input_gradients(network, gradients)));
  TestData<double> moved = data;
  for (std::size_t i = 0; i < dx.size(); ++i) {
    moved.x[i] = data.x[i] + kStep;
    const double above = loss_of(network, moved.examples(), loss, training);
    moved.x[i] = data.x[i] - kStep;
    const double below = loss_of(network, moved.examples(), loss, training);
    moved.x[i] = data.x[i];
    CHECK(close(dx[i], (above - below) / (2 * kStep)));
  }
}

}  // namespace

TEST(training_gradients_are_those_of_differences) {
  const TestData<double> data(5, kFeatures, kOutputs);
  for_each_pairing(data, [&]<class Loss>(const std::vector<LayerSpec>& layers) {
    Network<double> network(network_spec<double>(kFeatures, layers));
    check_gradients(network, data.examples(), to_spec(Loss{}));
  });
}

TEST(training_gradients_with_weights_are_those_of_differences) {
  const TestData<double> data(5, kFeatures, kOutputs);
  const std::vector<double> by_row = random_weights(5, 1), by_output = random_weights(5, kOutputs);
  for_each_loss(kOutputs, [&]<class Loss>() {
    Network<double> network(
        network_spec<double>(kFeatures, {dense(6, "tanh"), dense(kOutputs, "sigmoid")}));
    check_gradients(network, weighted(data.examples(), by_row), to_spec(Loss{}));
    if (Loss::averages_outputs)
      check_gradients(network, weighted(data.examples(), by_output), to_spec(Loss{}));
    const Gradients<double> gradients =
        network.gradients(weighted(data.examples(), by_row), to_spec(Loss{}), false);
    double sum = 0.0;
    for (const double w : by_row) sum += w;
    CHECK(close(gradients.weight_sum, sum));
  });
}

TEST(training_input_gradients_are_those_of_differences) {
  const TestData<double> data(5, kFeatures, kOutputs);
  for_each_pairing(data, [&]<class Loss>(const std::vector<LayerSpec>& layers) {
    Network<double> network(network_spec<double>(kFeatures, layers));
    check_input_gradients(network, data, to_spec(Loss{}), false);
  });
}

// Without the batch: norms of batches by their running statistics, and no noise.
TEST(training_gradients_of_norms_and_blocks_are_those_of_differences) {
  const TestData<double> data(5, kFeatures, kOutputs);
  std::vector<std::vector<LayerSpec>> stacks = norm_stacks("tanh", "sigmoid", kOutputs);
  for (auto& layers : residual_stacks("tanh", "sigmoid", kFeatures, kOutputs))
    stacks.push_back(std::move(layers));
  for (const std::vector<LayerSpec>& layers : stacks) {
    Network<double> network(network_spec<double>(kFeatures, layers));
    for (int i = 0; i < 3; ++i)
      network.train_step(data.examples(), to_spec(Mse{}), nullptr);  // off where they begin
    check_gradients(network, data.examples(), to_spec(Mse{}));
    check_input_gradients(network, data, to_spec(Mse{}), false);
  }
}

// With it: every example moves mean and variance, and so all the others.
TEST(training_gradients_through_a_batch_are_those_of_differences) {
  const TestData<double> data(5, kFeatures, kOutputs);
  const std::vector<std::vector<LayerSpec>> stacks = {
      {dense(6), BatchNorm{}, activation("tanh"), dense(kOutputs)},
      {dense(6), ResidualSpec{3}, BatchNorm{}, activation("tanh"), dense(6), dense(kOutputs)},
      {BatchNorm{}, dense(6, "tanh"), BatchNorm{}, BatchNorm{}, dense(kOutputs), BatchNorm{}}};
  for (const std::vector<LayerSpec>& layers : stacks) {
    Network<double> network(network_spec<double>(kFeatures, layers));
    for (int i = 0; i < 3; ++i) network.train_step(data.examples(), to_spec(Mse{}), nullptr);
    check_gradients(network, data.examples(), to_spec(Mse{}), true);
    check_input_gradients(network, data, to_spec(Mse{}), true);
  }
}

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

// In float32 the sums of k products are off by about k u: here 5 rows through chains of at most 20,
// in at most 4 layers, with values below 8 or below twice the largest gradient.
TEST(training_gradients_in_float32) {
  const TestData<double> data(5, kFeatures, kOutputs);
  const TestData<float> rounded(5, kFeatures, kOutputs);
  for_each_type(Activations{}, [&]<class Hidden>() {
    for (const std::vector<LayerSpec>& layers : layer_stacks(Hidden::name, "softmax", kOutputs)) {
      Network<double> exact(network_spec<double>(kFeatures, layers));
      Network<float> network(network_spec<float>(kFeatures, layers));
      const Gradients<double> expected =
          exact.gradients(data.examples(), to_spec(CrossEntropy{}), false);
      const Gradients<float> got =
          network.gradients(rounded.examples(), to_spec(CrossEntropy{}), false);
      const std::vector<double> e = logical(exact.table(), expected.flat.data());
      const std::vector<float> g = logical(network.table(), got.flat.data());
      double size = 8;
      for (const double x : e) size = std::max(size, 2 * std::abs(x));
      for (std::size_t i = 0; i < e.size(); ++i)
        CHECK(std::abs(static_cast<double>(g[i]) - e[i]) <= 4 * (20 + 5) * kRoundoff<float> * size);
    }
  });
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

// The steps without a loss of the library: the caller's dY_hat is that of mse here.
TEST(training_by_forward_and_backward) {
  for_each_dtype([]<class T>() {
    for_each_type(Activations{}, []<class Hidden>() {
      for (const std::vector<LayerSpec>& layers : layer_stacks(Hidden::name, "tanh", kOutputs)) {
        const NetworkSpec spec = network_spec<T>(kFeatures, layers);
        Network<T> by_hand(spec), by_loss(spec);
        const TestData<T> data(37, kFeatures, kOutputs);
        std::vector<T> y_hat(data.y.size()), da(data.y.size());
        by_hand.forward(data.inputs(), {y_hat.data(), data.d, data.m, data.m});
        CHECK(same_bits(y_hat, predict(by_hand, data.inputs())));
        const T scale = static_cast<T>(2.0 / static_cast<double>(data.d * data.m));
        for (std::size_t i = 0; i < da.size(); ++i) da[i] = (y_hat[i] - data.y[i]) * scale;
        Gradients<T> got = by_hand.backward({da.data(), data.d, data.m, data.m});
        Gradients<T> expected = by_loss.gradients(data.examples(), to_spec(Mse{}), true);
        CHECK(same_bits(got.flat, expected.flat));
        CHECK(same_bits(input_gradients(by_hand, got), input_gradients(by_loss, expected)));
        CHECK_EQUAL(by_hand.training_forwards(), 1);
        CHECK_EQUAL(by_loss.training_forwards(), 1);
        CHECK(std::isnan(got.loss));
        CHECK_EQUAL(got.weight_sum, 37.0);
      }
    });
  });
}

TEST(training_forward_takes_rows_that_are_apart) {
  const TestData<double> data(9, kFeatures, kOutputs);
  const std::vector<LayerSpec> layers = {dense(6, "tanh"), dense(kOutputs)};
  Network<double> apart(network_spec<double>(2, layers)), together(network_spec<double>(2, layers));
  std::vector<double> x, da(27, 0.25), y_hat(27);
  for (std::size_t i = 0; i < 9; ++i)
    x.insert(x.end(), {data.x[i * kFeatures], data.x[i * kFeatures + 1]});
  const MatrixView<double> output{y_hat.data(), 9, kOutputs, kOutputs};
  apart.forward({data.x.data(), 9, 2, kFeatures}, output);
  together.forward({x.data(), 9, 2, 2}, output);
  const MatrixView<const double> gradient{da.data(), 9, kOutputs, kOutputs};
  CHECK(same_bits(apart.backward(gradient).flat, together.backward(gradient).flat));
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

// No rows are no blocks, not a block without rows.
TEST(training_forward_may_have_no_rows) {
  for_each_dtype([]<class T>() {
    Network<T> network(network_spec<T>(3, {dense(5, "relu"), dense(2)}));
    for (const Index n_threads : {1, 2}) {
      network.set_n_threads(n_threads);
      network.forward({nullptr, 0, 3, 3}, {nullptr, 0, 2, 2});
      CHECK_EQUAL(network.backward({nullptr, 0, 2, 2}).flat.size(), network.table().size);
    }
  });
}

}  // namespace chainrule
