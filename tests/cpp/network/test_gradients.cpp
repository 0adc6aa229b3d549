#include <limits>

#include "network/fixtures.hpp"
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
