#include "network/own_loss.hpp"

#include <limits>

#include "allocations.hpp"
#include "network/fixtures.hpp"
#include "network/model_file.hpp"
#include "network/state.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3, kRows = 40;
constexpr double kForever = std::numeric_limits<double>::infinity();
const FormulaSpec kOwnMse{"own:mse", {1.0}};

// Mean squared errors, as a caller might write them; before, it does what a test wants.
template <class T>
struct OwnMse final : OwnLoss<T> {
  explicit OwnMse(MatrixView<const T> targets) : y(targets) {}

  void ask(MatrixView<const T> y_hat, Selection rows, T* losses, MatrixView<T> gradient) override {
    ++n_calls;
    if (before) before();
    const auto m = static_cast<T>(y.cols);
    for (Index i = 0; i < y_hat.rows; ++i) {
      losses[i] = T(0);
      for (Index j = 0; j < y.cols; ++j) {
        const T error = y_hat(i, j) - y(rows.row(i), j);
        losses[i] += error * error / m;
        gradient(i, j) = 2 * error / m;
      }
      if (rows.row(i) == spoilt_row)
        losses[i] = gradient(i, 0) = std::numeric_limits<T>::quiet_NaN();
      if (rows.row(i) == infinite_row) gradient(i, 1) = std::numeric_limits<T>::infinity();
    }
  }

  MatrixView<const T> y;
  std::function<void()> before;
  Index n_calls = 0, spoilt_row = -1, infinite_row = -1;
};

template <class T>
struct Case {
  explicit Case(std::string_view output = "tanh", Index hidden = 6)
      : spec(network_spec<T>(kFeatures,
                             {dense(hidden, "relu"), Dropout{0.25}, dense(kOutputs, output)})) {}

  Examples<T> examples() {
    Examples<T> all = data.examples();
    all.y = {};
    all.own = &own;
    return all;
  }

  TestData<T> data{kRows, kFeatures, kOutputs};
  OwnMse<T> own{data.targets()};
  NetworkSpec spec;
};

template <class A>
bool all_close(const A& a, const A& b, double tolerance) {
  bool close = a.size() == b.size();
  for (Index i = 0; close && i < static_cast<Index>(a.size()); ++i)
    close =
        std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i])) <= tolerance;
  return close;
}

template <class T>
void fit(Network<T>& network, const Examples<T>& examples, const FormulaSpec& loss,
         const Clipping& clipping = {}) {
  TrainingRun<T> run(network, examples, {16, true, false, nullptr, &loss, clipping, {1e-3, 1e-2}});
  for (int epoch = 0; epoch < 3; ++epoch) {
    run.begin_epoch();
    CHECK_EQUAL(run.run(0, kForever, 0.01), run.n_updates());
    run.end_epoch();
  }
}

}  // namespace

// Losses of some 1, sums of 40 of them: hundred roundings are enough. Weights after nine updates of
// SGD differ by no more; Adam's would where a gradient is near 0.
TEST(own_loss_is_the_formula_that_it_says) {
  for_each_dtype([]<class T>() {
    const double tolerance = 200 * kRoundoff<T>;
    const FormulaSpec mse = to_spec(Mse{}), sgd = to_spec(Sgd{});
    for (const std::string_view output : {"identity", "tanh", "softmax"})
      for (const bool has_weights : {false, true}) {
        Case<T> c(output);
        const std::vector<double> weights = random_weights(kRows, 1);
        Examples<T> given = c.data.examples(), own = c.examples();
        if (has_weights) given = weighted(given, weights), own = weighted(own, weights);
        Network<T> a(c.spec), b(c.spec);
        const Gradients<T> by_name = a.gradients(given, mse, true);
        const Gradients<T> by_function = b.gradients(own, kOwnMse, true);
        CHECK(std::abs(by_name.loss - by_function.loss) <= tolerance);
        CHECK_EQUAL(by_name.weight_sum, by_function.weight_sum);
        CHECK(all_close(by_name.flat, by_function.flat, tolerance));
        for (const Clipping& clipping : {Clipping{}, Clipping{0.05, 0.1}}) {
          a.train_step(given, mse, nullptr, &sgd, clipping);
          b.train_step(own, kOwnMse, nullptr, &sgd, clipping);
          fit(a, given, mse, clipping);
          fit(b, own, kOwnMse, clipping);
          CHECK(all_close(parameters_of(a), parameters_of(b), tolerance));
          CHECK(padding_is_zero(b.table(), b.parameters()));
        }
        CHECK_EQUAL(a.training_forwards(), b.training_forwards());
        CHECK(*b.spec().loss == kOwnMse);
      }
  });
}

TEST(own_loss_in_a_trace) {
  for_each_dtype([]<class T>() {
    Case<T> c;
    const Network<T> network(c.spec);
    const Trace<T> a = network.trace(c.data.examples(), to_spec(Mse{}), 0.1, true);
    const Trace<T> b = network.trace(c.examples(), kOwnMse, 0.1, true);
    const double tolerance = 100 * kRoundoff<T>;
    CHECK(std::abs(a.loss - b.loss) <= tolerance && std::abs(a.new_loss - b.new_loss) <= tolerance);
    CHECK(all_close(a.losses, b.losses, tolerance) && all_close(a.dx, b.dx, tolerance));
    for (std::size_t s = 0; s < a.layers.size(); ++s) {
      CHECK(all_close(a.layers[s].da, b.layers[s].da, tolerance));
      CHECK(all_close(a.layers[s].dz, b.layers[s].dz, tolerance));
      CHECK(all_close(a.layers[s].new_w, b.layers[s].new_w, tolerance));
    }
  });
}

TEST(own_loss_gives_the_same_bits_with_any_number_of_threads) {
  const AllWorkers all_workers;
  for_each_dtype([]<class T>() {
    Case<T> c("tanh", 600);
    std::vector<T> alone;
    for (const Index n_threads : {1, 2, 3}) {
      Network<T> network(c.spec);
      network.set_n_threads(n_threads);
      fit(network, c.examples(), kOwnMse);
      if (n_threads == 1) alone = parameters_of(network);
      CHECK(same_bits(parameters_of(network), alone));
    }
  });
}

// Whatever the function says where the weight is 0.
TEST(own_loss_where_weights_are_0) {
  for_each_dtype([]<class T>() {
    Case<T> c;
    std::vector<double> weights(kRows, 1.0);
    weights[3] = weights[20] = 0.0;
    Network<T> network(c.spec), twin(c.spec);
    const auto gradients = [&](Network<T>& of) {
      return of.gradients(weighted(c.examples(), weights), kOwnMse, true);
    };
    const Gradients<T> plain = gradients(network);
    c.own.spoilt_row = 3;
    c.own.infinite_row = 20;
    const Gradients<T> spoilt = gradients(twin);
    CHECK_EQUAL(plain.loss, spoilt.loss);
    CHECK(same_bits(plain.flat, spoilt.flat));
  });
}

TEST(own_loss_that_is_not_finite) {
  for_each_dtype([]<class T>() {
    Case<T> c;
    Network<T> network(c.spec), twin(c.spec);
    c.own.infinite_row = 7;
    CHECK_THROWS(network.train_step(c.examples(), kOwnMse, nullptr),
                 "loss: expected finite derivatives where the losses are finite, got inf in row 7, "
                 "column 1");
    CHECK(same_state(network, twin));
    c.own.spoilt_row = 9;
    CHECK(std::isnan(network.train_step(c.examples(), kOwnMse, nullptr)));  // diverged
    CHECK(same_bits(parameters_of(network), parameters_of(twin)));
  });
}

// It may ask the network, which has no lock then, but not train it.
TEST(own_loss_runs_without_the_lock) {
  Case<double> c;
  Network<double> network(c.spec);
  c.own.before = [&] {
    CHECK_EQUAL(std::ssize(predict(network, c.data.inputs())), kRows * kOutputs);
    std::vector<double> losses(kRows);
    network.example_losses(c.data.examples(), to_spec(Mse{}), losses.data());
  };
  network.train_step(c.examples(), kOwnMse, nullptr);
  fit(network, c.examples(), kOwnMse);
  network.gradients(c.examples(), kOwnMse, false);
  network.trace(c.examples(), kOwnMse, 0.1);
  CHECK_EQUAL(c.own.n_calls, 1 + 9 + 1 + 2);
  c.own.before = [&] { network.train_step(c.data.examples(), to_spec(Mse{}), nullptr); };
  CHECK_THROWS(network.train_step(c.examples(), kOwnMse, nullptr), "is being trained");
  CHECK_THROWS((fit(network, c.examples(), kOwnMse), 0), "is being trained");
}

TEST(own_loss_that_changes_the_parameters) {
  Case<double> c;
  Network<double> network(c.spec);
  c.own.before = [&] {
    const std::unique_lock lock(network.mutex());
    network.parameters_changed();
  };
  const char* words = "loss: the parameters of the network have changed while the function ran";
  CHECK_THROWS(network.train_step(c.examples(), kOwnMse, nullptr), words);
  CHECK_THROWS(network.gradients(c.examples(), kOwnMse, false), words);
  CHECK_THROWS(network.gradients(c.examples(), kOwnMse, true), words);
  CHECK_THROWS(network.trace(c.examples(), kOwnMse, 0.1), words);
  CHECK(!network.is_training());
}

// At any batch of a fit, and in single steps, what it throws leaves the network as it was before.
TEST(own_loss_that_throws) {
  for (const Index good_calls : {0, 1, 4}) {
    Case<float> c;
    Network<float> network(c.spec), twin(c.spec);
    c.own.before = [&] {
      if (c.own.n_calls > good_calls) throw std::runtime_error("enough");
    };
    Snapshot<float> before;
    {
      TrainingRun<float> run(network, c.examples(), {8, false, false, nullptr, &kOwnMse}, &before);
      run.begin_epoch();
      CHECK_THROWS(run.run(0, kForever, 0.01), "enough");
      CHECK_EQUAL(run.updates_done(), good_calls);
    }
    c.own.before = {};
    TrainingRun<float> run(twin, c.examples(), {8, false, false, nullptr, &kOwnMse}, &before);
    run.begin_epoch();
    if (good_calls > 0) run.run(good_calls, kForever, 0.01);
    run.close();
    CHECK(same_state(network, twin) && network.spec().loss == twin.spec().loss);
  }
}

TEST(own_loss_allocates_nothing_in_a_warm_step) {
  for_each_dtype([]<class T>() {
    Case<T> c;
    Network<T> network(c.spec);
    const auto step = [&] { network.train_step(c.examples(), kOwnMse, nullptr); };
    step();
    const long before = test::n_allocations();
    step();
    CHECK_EQUAL(test::n_allocations() - before, 0);
  });
}

TEST(own_loss_in_a_file_is_a_name) {
  Case<float> c;
  Network<float> network(c.spec);
  fit(network, c.examples(), kOwnMse);
  const AnyNetwork loaded = network_from_bytes(to_bytes(network, true));
  Network<float>& read = *std::get<std::unique_ptr<Network<float>>>(loaded);
  CHECK((*read.spec().loss == FormulaSpec{"own:mse", {}}));
  CHECK(same_bits(predict(read, c.data.inputs()), predict(network, c.data.inputs())));
  CHECK_THROWS(TrainingRun<float>(read, c.data.examples(), {}).n_updates(),
               "loss: expected the function of own:mse");
  fit(read, c.examples(), kOwnMse);
  CHECK(*read.spec().loss == kOwnMse);
}

TEST(own_loss_that_is_not_there) {
  Case<float> c;
  Network<float> network(c.spec);
  const Examples<float> examples = c.data.examples();
  const char* words = "loss: expected the function that this is the name of";
  CHECK_THROWS(network.train_step(examples, kOwnMse, nullptr), words);
  CHECK_THROWS(network.gradients(examples, kOwnMse, true), words);
  CHECK_THROWS(network.trace(examples, kOwnMse, 0.1), words);
  CHECK_THROWS(network.evaluate(c.examples(), kOwnMse, {}),
               "loss: expected a formula, got own:mse; ask the function");
}

}  // namespace chainrule
