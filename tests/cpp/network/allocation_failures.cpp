// What does a network do when memory runs out, in each of its calls?
#include <limits>

#include "allocation_failures.hpp"
#include "network/fixtures.hpp"
#include "network/state.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

using test::Bytes;

constexpr Index kFeatures = 4, kOutputs = 3, kRows = 20;
constexpr double kForever = std::numeric_limits<double>::infinity();

template <class V>
void add(const V* values, Index n, Bytes& result) {
  if (n == 0) return;  // values may be null
  const std::size_t size = result.size(), more = static_cast<std::size_t>(n) * sizeof(V);
  result.resize(size + more);
  std::memcpy(result.data() + size, values, more);
}

// A network that has been trained, so that it has a loss, optimiser state and counters.
template <class T>
std::unique_ptr<Network<T>> trained() {
  NetworkSpec spec =
      network_spec<T>(kFeatures, {dense(6, "relu"), ResidualSpec{3}, BatchNorm{},
                                  activation("tanh"), dense(6), dense(kOutputs, "sigmoid")});
  spec.loss = to_spec(Mse{});
  auto network = std::make_unique<Network<T>>(spec);
  network->set_optimizer(to_spec(Adam{}));
  const TestData<T> data(kRows, kFeatures, kOutputs);
  for (int step = 0; step < 2; ++step)
    network->train_step(data.examples(), to_spec(Mse{}), nullptr);
  network->end_epoch();
  return network;
}

template <class T>
Bytes look_at(const Network<T>& network) {
  CHECK(!network.is_training());
  return to_bytes(network, true);
}

// Half the squares of the outputs.
template <class T>
struct HalfSquares final : OwnLoss<T> {
  void ask(MatrixView<const T> y_hat, Selection, T* losses, MatrixView<T> gradient) override {
    copy_rows<T>(y_hat, gradient);
    for (Index i = 0; i < y_hat.rows; ++i) losses[i] = y_hat(i, 0) * y_hat(i, 0) / 2;
  }
};

// act(network, result) on a trained network.
template <class T, class Act>
void check_failures(const Act& act) {
  test::check_failures(trained<T>, look_at<T>, act);
}

// act(result), which makes a network.
template <class Act>
void check_failures_of_making(const Act& act) {
  const auto make = [] { return std::make_unique<int>(); };
  const auto look = [](int) { return Bytes(1); };
  test::check_failures(make, look, [&](int, Bytes& result) { act(result); });
}

}  // namespace

TEST(allocation_failures_while_reading) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kRows, 1);
    const Examples<T> examples = weighted(data.examples(), weights);
    const FormulaSpec loss = to_spec(BinaryCrossEntropy{});
    check_failures<T>([&](const Network<T>& network, Bytes& result) {
      const std::vector<T> y_hat = predict(network, data.inputs());
      add(y_hat.data(), std::ssize(y_hat), result);
    });
    check_failures<T>([&](const Network<T>& network, Bytes& result) {
      const LossSums sums = network.evaluate(examples, loss, {});
      add(&sums.loss, 1, result);
    });
    check_failures<T>([&](const Network<T>& network, Bytes& result) {
      std::vector<T> losses(kRows);
      network.example_losses(data.examples(), loss, losses.data());
      add(losses.data(), kRows, result);
    });
    check_failures<T>([&](const Network<T>& network, Bytes& result) {
      const Trace<T> trace = network.trace(data.examples(), loss, 0.1);
      add(trace.dx.data(), std::ssize(trace.dx), result);
      add(&trace.new_loss, 1, result);
    });
    check_failures<T>([](const Network<T>& network, Bytes& result) {
      const Snapshot<T> snapshot = network.snapshot();
      add(snapshot.slots.back().data(), snapshot.slots.back().size(), result);
    });
    check_failures<T>([](const Network<T>& network, Bytes& result) {
      const Bytes file = to_bytes(network, true);
      add(file.data(), std::ssize(file), result);
    });
  });
}

TEST(allocation_failures_of_gradients) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      const Gradients<T> gradients = network.gradients(data.examples(), to_spec(Mse{}), true);
      add(gradients.flat.data(), gradients.flat.size(), result);
    });
    std::vector<T> y_hat(data.y.size());
    const auto forward = [&](Network<T>& network, Bytes& result) {
      network.forward(data.inputs(), {y_hat.data(), kRows, kOutputs, kOutputs});
      add(y_hat.data(), std::ssize(y_hat), result);
    };
    check_failures<T>(forward);
    const auto make = [&] {
      auto network = trained<T>();
      Bytes ignored;
      forward(*network, ignored);
      return network;
    };
    test::check_failures(make, look_at<T>, [&](Network<T>& network, Bytes& result) {
      const Gradients<T> gradients = network.backward(data.targets());
      add(gradients.flat.data(), gradients.flat.size(), result);
    });
  });
}

// With other fields of the same formula, and with another formula.
TEST(allocation_failures_of_steps) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kRows, kOutputs);
    const Examples<T> examples = weighted(data.examples(), weights);
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(lively<Optimizer>()), loss = to_spec(Mse{});
      check_failures<T>([&](Network<T>& network, Bytes& result) {
        const double j = network.train_step(examples, loss, nullptr, &optimizer);
        add(&j, 1, result);
      });
      check_failures<T>([&](Network<T>& network, Bytes&) {
        const std::vector<T> gradient(static_cast<std::size_t>(network.table().size), T(0.5));
        network.apply(gradient.data(), nullptr, &optimizer);
      });
      check_failures<T>([&](Network<T>& network, Bytes& result) {
        const double j = network.train_step(examples, loss, nullptr, &optimizer, {0.1, 0.1});
        add(&j, 1, result);
      });
      check_failures<T>([&](Network<T>& network, Bytes&) {
        const std::vector<T> gradient(static_cast<std::size_t>(network.table().size), T(0.5));
        network.apply(gradient.data(), nullptr, &optimizer, {0.1, 0.1});
      });
      check_failures<T>([&](Network<T>& network, Bytes&) { network.set_optimizer(optimizer); });
    });
  });
}

TEST(allocation_failures_of_line_searches) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const FormulaSpec optimizer = to_spec(Lbfgs{1.0, 3}), loss = to_spec(Mse{});
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      const double j = network.train_step(data.examples(), loss, nullptr, &optimizer);
      add(&j, 1, result);
    });
    TrainingOptions options;
    options.optimizer = &optimizer;
    options.keep_predictions = true;
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      TrainingRun<T> run(network, data.examples(), options);
      for (int epoch = 0; epoch < 2; ++epoch) {
        run.begin_epoch();
        run.run(0, kForever, 1.0);
        run.end_epoch();
      }
      add(run.predictions().data, kRows * kOutputs, result);
    });
  });
}

TEST(allocation_failures_with_a_loss_of_the_caller) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    HalfSquares<T> own;
    Examples<T> examples = data.examples();
    examples.own = &own;
    const FormulaSpec loss{"own:half_squares_with_a_long_name", {1.0}};
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      const double j = network.train_step(examples, loss, nullptr, nullptr, {0.1, 0.1});
      add(&j, 1, result);
    });
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      const Gradients<T> gradients = network.gradients(examples, loss, true);
      add(gradients.flat.data(), gradients.flat.size(), result);
    });
    check_failures<T>([&](const Network<T>& network, Bytes& result) {
      const Trace<T> trace = network.trace(examples, loss, 0.1);
      add(&trace.new_loss, 1, result);
    });
    check_failures<T>([&](Network<T>& network, Bytes& result) {
      TrainingRun<T> run(network, examples, {8, true, true, nullptr, &loss});
      run.begin_epoch();
      run.run(0, kForever, 0.01);
      run.end_epoch();
      add(run.predictions().data, kRows * kOutputs, result);
    });
  });
}

// Wherever a fit fails, no epoch, no optimiser and no loss of it is left.
TEST(allocation_failures_of_fits) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kRows, 1);
    const Examples<T> examples = weighted(data.examples(), weights);
    const FormulaSpec loss = to_spec(BinaryCrossEntropy{});
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(lively<Optimizer>());
      const bool clips = std::is_same_v<Optimizer, Sgd>;
      TrainingOptions options{8, true, true, &optimizer, &loss};
      if (clips) options.clipping = {0.1, 0.1};
      options.accumulate = clips ? 1 : 2;
      options.ema = clips ? 0.0 : 0.9;
      check_failures<T>([&](Network<T>& network, Bytes& result) {
        TrainingRun<T> run(network, examples, options);
        for (int epoch = 0; epoch < 2; ++epoch) {
          run.begin_epoch();
          run.run(0, kForever, 0.01);
          run.end_epoch();
        }
        add(run.predictions().data, kRows * kOutputs, result);
      });
    });
  });
}

TEST(allocation_failures_while_building) {
  for_each_dtype([]<class T>() {
    for_each_type(Initializers{}, []<class Initializer>() {
      DenseSpec hidden = dense(6, "relu");
      hidden.initializer = to_spec(Initializer{});
      const NetworkSpec spec = network_spec<T>(kFeatures, {hidden, dense(kOutputs, "softmax")});
      check_failures_of_making([&](Bytes& result) {
        const Network<T> built(spec);
        add(built.parameters(), built.table().block_size, result);
      });
    });
    check_failures<T>([](Network<T>& network, Bytes&) { network.initialize(9); });
  });
}

// A first batch that fails leaves weights that wait for data, and the next one is the first.
TEST(allocation_failures_of_scaling_by_data) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(Mse{}), optimizer = to_spec(Adam{});
    const auto waiting = [] {
      DenseSpec hidden = dense(6, "relu");
      hidden.initializer = to_spec(Lsuv{});
      NetworkSpec spec = network_spec<T>(kFeatures, {hidden, dense(kOutputs, "sigmoid")});
      spec.loss = to_spec(Mse{});
      return std::make_unique<Network<T>>(spec);
    };
    const auto check_failures = [&](const auto& act) {
      test::check_failures(waiting, look_at<T>,
                           [&](Network<T>& network, Bytes& /*result*/) { act(network); });
    };
    check_failures([&](Network<T>& network) {
      network.train_step(data.examples(), loss, nullptr, &optimizer);
    });
    check_failures([&](Network<T>& network) { network.gradients(data.examples(), loss, true); });
    check_failures([&](Network<T>& network) {
      std::vector<T> y_hat(data.y.size());
      network.forward(data.inputs(), {y_hat.data(), kRows, kOutputs, kOutputs});
    });
    check_failures([&](Network<T>& network) { network.initialize(9, {}, data.inputs()); });
    check_failures([&](Network<T>& network) {
      Snapshot<T> before;
      TrainingRun<T> run(network, data.examples(), {8, true, false, &optimizer, &loss}, &before);
      run.begin_epoch();
      run.run(0, kForever, 0.01);
    });
  });
}

TEST(allocation_failures_while_loading) {
  for_each_dtype([]<class T>() {
    const auto other = trained<T>();
    other->initialize(9);
    other->set_loss(to_spec(BinaryCrossEntropy{}));
    for_each_type(AllOptimizers{}, [&]<class Optimizer>() {
      Optimizer optimizer;
      if constexpr (requires { optimizer.history; }) optimizer.history = 1;  // few tensors will do
      other->set_optimizer(to_spec(optimizer));
      const Bytes file = to_bytes(*other, true);
      check_failures_of_making([&](Bytes& result) {
        const AnyNetwork loaded = network_from_bytes(file);
        const auto& network = *std::get<std::unique_ptr<Network<T>>>(loaded);
        add(network.parameters(), network.table().block_size, result);
      });
      const State state = state_of(*other, true);
      std::vector<const void*> tensors;
      for (const StateTensor& tensor : state.tensors) tensors.push_back(tensor.bytes.data());
      check_failures<T>(
          [&](Network<T>& network, Bytes&) { set_state(network, state.description, tensors); });
      const Snapshot<T> snapshot = other->snapshot();
      check_failures<T>([&](Network<T>& network, Bytes&) { network.restore(snapshot); });
    });
  });
}

// An earlier snapshot is kept until the new one is complete.
TEST(allocation_failures_of_snapshots) {
  struct Kept {
    explicit Kept(const NetworkSpec& spec) : network(spec), snapshot(network.snapshot()) {}
    Network<double> network;
    Snapshot<double> snapshot;
  };
  const auto network = trained<double>();
  const auto make = [&] { return std::make_unique<Kept>(network->spec()); };
  const auto look = [](Kept& kept) {
    kept.network.restore(kept.snapshot);
    return look_at(kept.network);
  };
  test::check_failures(make, look, [&](Kept& kept, Bytes&) { network->snapshot(kept.snapshot); });
}

}  // namespace chainrule
