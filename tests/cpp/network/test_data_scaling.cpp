// Does what a layer makes of data vary by 1, and is it scaled once, by the first rows and no
// others?
#include "network/data_scaling.hpp"

#include <cmath>
#include <limits>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 6, kOutputs = 3, kRows = 40, kBatch = 16;
constexpr double kForever = std::numeric_limits<double>::infinity();

DenseSpec scaled(DenseSpec spec) {
  spec.initializer = to_spec(Lsuv{});
  return spec;
}

// More outputs than inputs and fewer, a layer of another initialiser, a frozen one, noise, norms, a
// block.
template <class T>
NetworkSpec example() {
  NetworkSpec spec = network_spec<T>(
      kFeatures, {scaled(dense(20, "relu")), Dropout{0.25}, scaled(frozen(dense(5, "tanh"))),
                  dense(5, "tanh"), ResidualSpec{3}, BatchNorm{}, scaled(dense(7, "tanh")),
                  scaled(dense(5)), scaled(dense(kOutputs, "softmax"))});
  spec.loss = to_spec(CrossEntropy{});
  return spec;
}

// The variance of Z - b over rows and units, for each Dense layer of a training forward.
template <class T>
std::vector<double> variances(const Network<T>& network, const Examples<T>& examples) {
  std::vector<double> variances;
  const Trace<T> trace = network.trace(examples, *network.loss(), 0.0, true);
  for (const TracedLayer<T>& layer : trace.layers) {
    const std::size_t n = layer.z.size(), n_out = layer.b.size();
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      const double value =
          static_cast<double>(layer.z[i]) - static_cast<double>(layer.b[i % n_out]);
      sum += value;
      squares += value * value;
    }
    const auto count = static_cast<double>(n);
    variances.push_back(squares / count - (sum / count) * (sum / count));
  }
  return variances;
}

template <class T>
MatrixView<const T> first_rows(const TestData<T>& data, Index n) {
  return data.inputs().rows_from(0, n);
}

}  // namespace

TEST(scaled_layers_vary_by_1) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    Network<T> network(example<T>()), drawn(example<T>());
    network.initialize(network.spec().seed, {}, data.inputs());
    const std::vector<double> of_scaled = variances(network, data.examples());
    const std::vector<double> before = variances(drawn, data.examples());
    const ParameterTable<T>& table = network.table();
    CHECK_EQUAL(std::ssize(of_scaled), 6);
    for (std::size_t s = 0; s < of_scaled.size(); ++s) {
      const Segment& weight = table.segments[static_cast<std::size_t>(table.stages[s].weight)];
      const auto n = static_cast<std::size_t>(weight.n_parameters());
      std::vector<T> w(n), w_drawn(n);
      read_tensor<T>(weight, network.parameters(), w.data());
      read_tensor<T>(weight, drawn.parameters(), w_drawn.data());
      CHECK_EQUAL(same_bits(w, w_drawn), !table.scaled_by_data[s]);
      if (!table.scaled_by_data[s]) continue;
      CHECK(std::abs(of_scaled[s] - 1.0) <= 64 * kRoundoff<T>);
      CHECK(std::abs(before[s] - 1.0) > 0.01);
      const double factor = static_cast<double>(w[0]) / static_cast<double>(w_drawn[0]);
      for (std::size_t i = 0; i < n; ++i)
        CHECK(std::abs(static_cast<double>(w[i]) - factor * static_cast<double>(w_drawn[i])) <=
              8 * kRoundoff<T> * std::abs(static_cast<double>(w[i])));
    }
    CHECK(padding_is_zero(table, network.parameters()));
    CHECK_EQUAL(network.training_forwards(), 0);
  });
}

// Whatever learns first begins with what initialize() makes of its rows, to the bit; what does not
// learn changes nothing.
TEST(a_first_batch_scales) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const auto learn = [&](auto&& f) {
      Network<T> waiting(example<T>()), ready(example<T>());
      ready.initialize(ready.spec().seed, {}, data.inputs());
      CHECK(waiting.awaits_data() && !ready.awaits_data());
      for (Network<T>* network : {&waiting, &ready}) f(*network);
      CHECK(same_state(waiting, ready));
      CHECK(!waiting.awaits_data());
    };
    const FormulaSpec loss = to_spec(CrossEntropy{});
    learn([&](Network<T>& net) { net.train_step(data.examples(), loss, nullptr); });
    learn([&](Network<T>& net) {
      const Gradients<T> gradients = net.gradients(data.examples(), loss, true);
      net.apply(gradients.flat.data(), nullptr);
    });
    learn([&](Network<T>& net) {
      std::vector<T> y_hat(static_cast<std::size_t>(kRows * kOutputs));
      net.forward(data.inputs(), {y_hat.data(), kRows, kOutputs, kOutputs});
      net.backward({y_hat.data(), kRows, kOutputs, kOutputs});
    });
    const Network<T> as_drawn(example<T>());
    Network<T> looked_at(example<T>());
    predict(looked_at, data.inputs());
    mean_loss(looked_at, data.examples(), loss);
    looked_at.gradients(data.examples(), loss, false);
    looked_at.trace(data.examples(), loss, 0.1, true);
    CHECK(same_state(looked_at, as_drawn) && looked_at.awaits_data());
  });
}

// The first batch of a fit, shuffled or not; averages begin with what it makes.
TEST(the_first_batch_of_a_fit_scales) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  for (const bool shuffles : {false, true})
    for (const double ema : {0.0, 0.5}) {
      Network<double> waiting(example<double>()), ready(example<double>());
      std::vector<std::int64_t> order(kRows);
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
      if (shuffles) shuffle(order, ready.spec().seed, 0);
      std::vector<double> x;
      for (std::size_t i = 0; i < kBatch; ++i) {
        const double* row = data.inputs().row(order[i]);
        x.insert(x.end(), row, row + kFeatures);
      }
      ready.initialize(ready.spec().seed, {}, {x.data(), kBatch, kFeatures, kFeatures});
      for (Network<double>* network : {&waiting, &ready}) {
        TrainingOptions options{kBatch, shuffles, false};
        options.ema = ema;
        options.accumulate = shuffles ? 2 : 1;
        TrainingRun<double> run(*network, data.examples(), options);
        for (int epoch = 0; epoch < 2; ++epoch) {
          run.begin_epoch();
          run.run(0, kForever, 0.01);
          run.end_epoch();
        }
      }
      CHECK(same_state(waiting, ready));
    }
}

// A step that is refused leaves the layers waiting.
TEST(a_refused_batch_does_not_scale) {
  NetworkSpec spec = network_spec<float>(kFeatures, {scaled(dense(kOutputs))});
  const TestData<float> data(kRows, kFeatures, kOutputs);
  Network<float> network(spec);
  const Network<float> as_drawn(spec);
  const FormulaSpec refuses = to_spec(Poisson{});
  CHECK_THROWS(network.train_step(data.examples(), refuses, nullptr), "needs predictions");
  CHECK_THROWS(network.gradients(data.examples(), refuses, true), "needs predictions");
  CHECK(same_state(network, as_drawn) && network.awaits_data());
}

// A step whose J is not finite changes nothing, and the next one is the first.
TEST(a_batch_that_diverges_does_not_scale) {
  NetworkSpec spec = network_spec<float>(kFeatures, {scaled(dense(kOutputs))});
  const TestData<float> data(kRows, kFeatures, kOutputs);
  TestData<float> wild = data;
  wild.y[0] = std::numeric_limits<float>::max();
  Network<float> network(spec);
  const Network<float> as_drawn(spec);
  CHECK(!std::isfinite(network.gradients(wild.examples(), to_spec(Mse{}), true).loss));
  CHECK(same_state(network, as_drawn) && network.awaits_data());
  CHECK(!std::isfinite(network.train_step(wild.examples(), to_spec(Mse{}), nullptr)));
  CHECK(same_bits(parameters_of(network), parameters_of(as_drawn)));
  CHECK(network.training_forwards() == 0 && network.awaits_data());
}

// Even where the factor is 1: rows of the unit matrix, whose variance is 1 behind a square matrix.
TEST(what_was_scaled_does_not_wait) {
  for_each_dtype([]<class T>() {
    constexpr Index n = 4;
    const T size = static_cast<T>(std::sqrt(static_cast<double>(n)));
    std::vector<T> x(2 * n * n);
    for (Index i = 0; i < n; ++i) {
      x[static_cast<std::size_t>(i * n + i)] = size;
      x[static_cast<std::size_t>((n + i) * n + i)] = -size;
    }
    Network<T> network(network_spec<T>(n, {scaled(dense(n))}));
    const std::vector<T> drawn = parameters_of(network);
    network.initialize(network.spec().seed, {}, {x.data(), 2 * n, n, n});
    CHECK(!network.awaits_data());
    const std::vector<T> w = parameters_of(network);
    for (std::size_t i = 0; i < w.size(); ++i)
      CHECK(std::abs(static_cast<double>(w[i] - drawn[i])) <= 2e-6);
  });
}

TEST(only_weights_as_they_were_drawn_are_scaled) {
  Network<float> network(network_spec<float>(kFeatures, {scaled(dense(9)), scaled(dense(2))}));
  const auto awaits = [&](Index stage) {
    return awaits_data(network.table(), stage, network.parameters());
  };
  CHECK(awaits(0) && awaits(1));
  const Segment& first = network.table().segments[0];
  network.parameters()[first.offset] += 0.01F;
  CHECK(!awaits(0) && awaits(1) && network.awaits_data());
  const std::vector<float> before = parameters_of(network);
  const TestData<float> data(kRows, kFeatures, 2);
  network.forward(data.inputs(), {std::vector<float>(2 * kRows).data(), kRows, 2, 2});
  const std::vector<float> after = parameters_of(network);
  CHECK(std::equal(after.begin(), after.begin() + first.size, before.begin()));
  CHECK(!same_bits(before, after));
  network.forward(first_rows(data, 5), {std::vector<float>(10).data(), 5, 2, 2});
  CHECK(same_bits(after, parameters_of(network)));
}

// Nor is a network that has learnt without a training forward, from gradients of somewhere else.
TEST(a_network_that_has_learnt_does_not_wait) {
  const NetworkSpec spec = network_spec<float>(kFeatures, {scaled(dense(9))});
  Network<float> network(spec);
  const std::vector<float> drawn = parameters_of(network);
  network.parameters()[0] += 0.5F;
  const AlignedBuffer<float> gradient(network.table().size);
  network.apply(gradient.data(), nullptr);
  std::copy(drawn.begin(), drawn.end(), network.parameters());
  CHECK(network.training_forwards() == 0 && !network.awaits_data());
  network.set_optimizer(std::nullopt);
  CHECK(network.awaits_data());
}

TEST(nothing_to_scale_by) {
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = network_spec<T>(kFeatures, {scaled(dense(4)), scaled(dense(1))});
    const TestData<T> data(kRows, kFeatures, 1);
    Network<T> network(spec);
    const Network<T> as_drawn(spec);
    const std::vector<T> zeros(kFeatures * 2);
    const MatrixView<const T> constant{zeros.data(), 2, kFeatures, kFeatures};
    const auto initialize = [&](MatrixView<const T> x) { network.initialize(7, {}, x); };
    CHECK_THROWS(initialize(constant), "x: what layer 1 of the Dense layers makes of these 2 rows");
    CHECK_THROWS(initialize(first_rows(data, 1)), "x: what layer 2 ");  // one row and one unit
    for (const T value : {T(0.1), T(0.2), T(0.7)}) {
      const std::vector<T> same(kFeatures * 11, value);
      Network<T> one(network_spec<T>(kFeatures, {scaled(dense(1))}));
      for (const Index n : {2, 3, 7, 11})
        CHECK_THROWS(one.initialize(7, {}, {same.data(), n, kFeatures, kFeatures}), "layer 1 ");
    }
    const std::vector<T> huge(kFeatures * 2, std::numeric_limits<T>::max());
    CHECK_THROWS(initialize({huge.data(), 2, kFeatures, kFeatures}), "or is not finite");
    CHECK(same_state(network, as_drawn));
    // A first batch leaves what it cannot scale, and the next one is not the first.
    std::vector<T> y_hat(kRows);
    network.forward(constant, {y_hat.data(), 2, 1, 1});
    network.forward(data.inputs(), {y_hat.data(), kRows, 1, 1});
    CHECK_EQUAL(network.training_forwards(), 2);
    const Segment& first = network.table().segments[0];
    CHECK(
        std::equal(network.parameters(), network.parameters() + first.size, as_drawn.parameters()));
    Network<T> other(network_spec<T>(kFeatures, {dense(4)}));
    CHECK_THROWS(other.initialize(7, {}, data.inputs()), "x: expected none, since no layer");
    NetworkSpec normed = network_spec<T>(kFeatures, {BatchNorm{}, scaled(dense(4))});
    Network<T> of_two(normed);
    CHECK_THROWS(of_two.initialize(7, {}, first_rows(data, 1)), "x: expected at least 2 rows");
  });
}

}  // namespace chainrule
