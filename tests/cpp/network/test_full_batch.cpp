// Do trainings by L-BFGS keep its promises, with any layers, losses and calls?
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "allocations.hpp"
#include "kernels/dispatch.hpp"
#include "network/own_loss.hpp"
#include "network/pairs.hpp"
#include "network/penalty.hpp"
#include "network/state.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 40, kFeatures = 5, kOutputs = 3;
constexpr double kForever = std::numeric_limits<double>::infinity();

// Whether a step went from one network to the next so that the strong Wolfe conditions hold in the
// numbers of the library: s = W - W_before stands for t p.
template <class T>
void check_wolfe(Network<T>& before, Network<T>& after, const Examples<T>& examples,
                 const FormulaSpec& loss, const Penalty& of_call = {}) {
  const auto cost = [&](Network<T>& network) {
    Gradients<T> g = network.gradients(examples, loss, false);
    add_penalty(network.table(), kernels<T>(), of_call, network.parameters(), g.flat.data());
    const double j = g.loss + penalty(network.table(), network.parameters(), of_call);
    return std::pair(j, std::move(g.flat));
  };
  const auto [value_before, gradient_before] = cost(before);
  const auto [value, gradient] = cost(after);
  const std::vector<T> s = difference(parameters_of(after), parameters_of(before));
  const double slope_before = dot(before.table(), gradient_before.data(), s.data());
  const double slope = dot(before.table(), gradient.data(), s.data());
  CHECK(slope_before < 0);
  CHECK(value <= value_before + 1e-4 * slope_before);
  CHECK(std::fabs(slope) <= 0.9 * std::fabs(slope_before));
}

}  // namespace

// Every loss, with penalties of layers and of the call, frozen layers and weights.
TEST(full_batch_steps_meet_the_wolfe_conditions) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kRows, 1);
    const Examples<T> examples = weighted(data.examples(), weights);
    for_each_loss(kOutputs, [&]<class Loss>() {
      const FormulaSpec loss = to_spec(Loss{}), optimizer = lbfgs();
      for (const std::vector<LayerSpec>& layers :
           {std::vector<LayerSpec>{dense(6, "tanh"), dense(kOutputs, output_of<Loss>())},
            {penalised(1e-3, 0.01, dense(7, "softplus")), frozen(dense(5, "tanh")),
             dense(kOutputs, output_of<Loss>())},
            {dense(7), LayerNorm{}, activation("gelu"), dense(kOutputs, output_of<Loss>())}}) {
        Network<T> network(network_spec<T>(kFeatures, layers)), before(network.spec());
        const Penalty penalty{0.0, 0.01};
        for (int step = 0; step < 8; ++step) {
          before.restore(network.snapshot());
          const double j = network.train_step(examples, loss, nullptr, &optimizer, {}, penalty);
          CHECK(std::isfinite(j));
          if (same_bits(parameters_of(before), parameters_of(network))) break;  // at the bottom
          if (n_pairs(network.table(), network.optimizer_state()->slots) == 0) break;
          check_wolfe(before, network, examples, loss, penalty);
          CHECK(padding_is_zero(network.table(), network.parameters()));
          for (const AlignedBuffer<T>& slot : network.optimizer_state()->slots)
            CHECK(padding_is_zero(network.table(), slot.data()));
          CHECK_EQUAL(network.training_forwards(), step + 1);
        }
        CHECK(network.optimizer()->updates >= (sizeof(T) == 8 ? 4 : 2));
      }
    });
  });
}

// The noise is that of one step, and running statistics move once, from where the step ends.
TEST(full_batch_with_noise_and_batch_norm) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(CrossEntropy{}), optimizer = lbfgs();
    Network<T> network(
        network_spec<T>(kFeatures, {dense(9), BatchNorm{}, activation("tanh"), Dropout{0.25},
                                    GaussianNoise{0.25}, dense(kOutputs, "softmax")}));
    for (Index step = 0; step < 6; ++step) {
      Network<T> start(network.spec()), end(network.spec());
      start.restore(network.snapshot());
      network.train_step(data.examples(), loss, nullptr, &optimizer);
      CHECK_EQUAL(network.training_forwards(), step + 1);
      end.restore(network.snapshot());
      end.set_counters(step, 0);
      const ParameterTable<T>& table = network.table();
      std::copy_n(start.parameters() + table.size, table.block_size - table.size,
                  end.parameters() + table.size);
      const Gradients<T> g_start = start.gradients(data.examples(), loss, true);
      const Gradients<T> g_end = end.gradients(data.examples(), loss, true);
      CHECK(same_bits(parameters_of(end), parameters_of(network)));
      const std::vector<T> s = difference(parameters_of(end), parameters_of(start));
      const double slope = dot(table, g_start.flat.data(), s.data());
      CHECK(g_end.loss <= g_start.loss + 1e-4 * slope);
      CHECK(std::fabs(dot(table, g_end.flat.data(), s.data())) <= -0.9 * slope);
      CHECK(same_bits(vector_of(network.optimizer_state()->slots[1]),
                      difference(vector_of(g_end.flat), vector_of(g_start.flat))));
    }
  });
}

template <class T>
void fit(Network<T>& network, const Examples<T>& examples, int epochs, TrainingOptions options) {
  TrainingRun<T> run(network, examples, options);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    run.begin_epoch();
    CHECK_EQUAL(run.n_updates(), 1);
    CHECK_EQUAL(run.run(0, kForever, 1.0), 1);
    run.end_epoch();
  }
}

// An epoch is a step of all rows in their order; what a fit knows from one to the next, averages
// that are shown between them and files make no difference.
TEST(full_batch_in_fits_is_that_of_steps) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs(1.0, 4);
    std::vector<std::vector<LayerSpec>> stacks = norm_stacks("tanh", "sigmoid", kOutputs);
    std::ranges::move(residual_stacks("tanh", "sigmoid", kFeatures, kOutputs),
                      std::back_inserter(stacks));
    for (const std::vector<LayerSpec>& layers : stacks) {
      const NetworkSpec spec = network_spec<T>(kFeatures, layers);
      Network<T> stepped(spec), whole(spec), parts(spec), averaged(spec);
      TrainingOptions options;
      options.optimizer = &optimizer;
      options.loss = &loss;
      options.penalty = {0.0, 0.01};
      stepped.set_loss(loss);
      for (int epoch = 0; epoch < 8; ++epoch) {
        stepped.train_step(data.examples(), loss, nullptr, &optimizer, {}, options.penalty);
        stepped.end_epoch();
      }
      fit(whole, data.examples(), 8, options);
      CHECK(same_state(whole, stepped));
      fit(parts, data.examples(), 3, options);
      const AnyNetwork file = network_from_bytes(to_bytes(parts, true));
      Network<T>& loaded = *std::get<std::unique_ptr<Network<T>>>(file);
      CHECK(same_state(loaded, parts));
      fit(loaded, data.examples(), 5, options);
      CHECK(same_state(loaded, stepped));
      options.ema = 0.5;
      TrainingRun<T> run(averaged, data.examples(), options);
      for (int epoch = 0; epoch < 8; ++epoch) {
        run.begin_epoch();
        run.run(0, kForever, 1.0);
        run.show_averages();
        run.end_epoch();
      }
      for (std::size_t i = 0; i < whole.optimizer_state()->slots.size(); ++i)
        CHECK(same_bits(averaged.optimizer_state()->slots[i], whole.optimizer_state()->slots[i]));
    }
  });
}

// Weights that are set between epochs are what the next one begins with, and so is their gradient.
TEST(full_batch_goes_on_from_weights_that_are_set) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs();
  const NetworkSpec spec = network_spec<double>(kFeatures, {dense(6, "tanh"), dense(kOutputs)});
  Network<double> stepped(spec), fitted(spec);
  const auto change = [](Network<double>& network) {
    const std::unique_lock lock(network.mutex());
    for (Index i = 0; i < network.table().size; ++i) network.parameters()[i] *= 1.25;
    network.parameters_changed();
  };
  TrainingOptions options;
  options.optimizer = &optimizer;
  options.loss = &loss;
  TrainingRun<double> run(fitted, data.examples(), options);
  for (int epoch = 0; epoch < 6; ++epoch) {
    if (epoch == 3) change(stepped);
    if (epoch == 3) change(fitted);
    stepped.train_step(data.examples(), loss, nullptr, &optimizer);
    run.begin_epoch();
    run.run(0, kForever, 1.0);
    CHECK(same_state(stepped, fitted));
  }
}

TEST(full_batch_has_the_same_bits_with_any_number_of_threads) {
  const AllWorkers all_workers;
  for_each_dtype([]<class T>() {
    const TestData<T> data(20, 400, kOutputs);
    const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs();
    std::vector<T> first;
    for (const Index n_threads : {1, 2, 3}) {
      Network<T> network(network_spec<T>(400, {dense(400, "tanh"), dense(kOutputs)}));
      network.set_n_threads(n_threads);
      for (int step = 0; step < 4; ++step)
        network.train_step(data.examples(), loss, nullptr, &optimizer);
      if (n_threads == 1) first = parameters_of(network);
      CHECK(same_bits(parameters_of(network), first));
    }
  });
}

TEST(full_batch_asks_for_no_memory_in_warm_steps) {
  const SpinScope pool_is_there;
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs();
    Network<T> network(network_spec<T>(kFeatures, {dense(9, "tanh"), dense(kOutputs)}));
    network.set_n_threads(1);
    const auto step = [&] {
      network.train_step(data.examples(), loss, nullptr, &optimizer, {}, {0.0, 0.01});
    };
    step();
    const long before = test::n_allocations();
    for (int i = 0; i < 5; ++i) step();
    CHECK_EQUAL(test::n_allocations(), before);
    TrainingOptions options;
    options.loss = &loss;
    TrainingRun<T> run(network, data.examples(), options);
    const auto epoch = [&] {
      run.begin_epoch();
      run.run(0, kForever, 1.0);
      run.end_epoch();
    };
    epoch();
    const long in_fit = test::n_allocations();
    for (int i = 0; i < 5; ++i) epoch();
    CHECK_EQUAL(test::n_allocations(), in_fit);
  });
}

// A layer that is frozen between steps stays, whatever the pairs remember of it; and learns again.
TEST(full_batch_leaves_frozen_layers_alone) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs();
  Network<double> network(network_spec<double>(kFeatures, {dense(9, "tanh"), dense(kOutputs)}));
  const Segment& frozen = network.table().segments[0];
  const auto steps = [&](int n) {
    for (int i = 0; i < n; ++i) network.train_step(data.examples(), loss, nullptr, &optimizer);
    const double* w = network.parameters() + frozen.offset;
    return std::vector<double>(w, w + frozen.size);
  };
  const std::vector<double> learned = steps(4);
  network.set_trainable(0, false);
  CHECK(same_bits(steps(3), learned));
  for (Index i = 0; i < frozen.size; ++i) {
    CHECK_EQUAL(network.optimizer_state()->slots[0].data()[frozen.offset + i], 0.0);
    CHECK_EQUAL(network.optimizer_state()->slots[1].data()[frozen.offset + i], 0.0);
  }
  const double j = mean_loss(network, data.examples(), loss);
  network.set_trainable(0, true);
  CHECK(!same_bits(steps(3), learned));
  CHECK(mean_loss(network, data.examples(), loss) < j);
}

// Trials at which there is no J are too far away: here predictions that the loss refuses.
TEST(full_batch_stays_where_the_loss_is_defined) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(BinaryCrossEntropy{}), optimizer = lbfgs();
  DenseSpec half = dense(kOutputs);
  half.initializer = to_spec(Zeros{});
  half.bias_initializer = to_spec(Constant{0.5});
  Network<double> network(network_spec<double>(kFeatures, {half}));
  const double rate = 1e3;
  double last = kForever;
  for (int step = 0; step < 5; ++step) {
    const double j = network.train_step(data.examples(), loss, &rate, &optimizer);
    CHECK(j < last);
    last = j;
  }
}

TEST(full_batch_and_what_it_refuses) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(Mse{}), optimizer = lbfgs(), sgd = to_spec(Sgd{});
  const auto make = [](DenseSpec last) {
    return std::make_unique<Network<double>>(
        network_spec<double>(kFeatures, {dense(4, "tanh"), std::move(last)}));
  };
  const auto step = [&](Network<double>& network, const Clipping& clipping) {
    return network.train_step(data.examples(), loss, nullptr, &optimizer, clipping);
  };
  const auto plain = make(dense(kOutputs));
  const std::vector<double> before = parameters_of(*plain);
  CHECK_THROWS(step(*plain, {0.1, kInfinity}), "clip_value: expected None with LBFGS");
  CHECK_THROWS(step(*plain, {kInfinity, 0.1}), "clip_norm: expected None with LBFGS");
  CHECK_THROWS(step(*make(limited(2.0, dense(kOutputs))), {}),
               "max_norm: expected None with LBFGS");
  CHECK_THROWS(step(*make(with_rate(0.5, dense(kOutputs))), {}),
               "learning_rate_multiplier: expected 1 with LBFGS");
  CHECK_THROWS(plain->apply(before.data(), nullptr, &optimizer), "optimizer: LBFGS cannot learn");
  const auto start = [&](TrainingOptions options) {
    options.optimizer = &optimizer;
    options.loss = &loss;
    const TrainingRun<double> run(*plain, data.examples(), options);
  };
  CHECK_THROWS(start({.batch_size = kRows - 1}), "batch_size: expected None or all 40 rows");
  CHECK_THROWS(start({.accumulate = 2}), "accumulate: expected 1 with LBFGS");
  CHECK_THROWS(start({.clipping = {0.1, 0.1}}), "clip_value: expected None with LBFGS");
  CHECK(same_bits(parameters_of(*plain), before) && !plain->optimizer());
  start({.batch_size = kRows});
  start({.batch_size = kRows + 1});
  // The network's own is refused likewise; another optimiser is not.
  plain->set_optimizer(optimizer);
  CHECK_THROWS(plain->apply(before.data(), nullptr), "optimizer: LBFGS cannot learn");
  CHECK_THROWS(plain->train_step(data.examples(), loss, nullptr, nullptr, {0.1, 0.1}),
               "clip_value");
  plain->apply(before.data(), nullptr, &sgd, {0.1, 0.1});
  CHECK_EQUAL(plain->optimizer()->formula.name, "sgd");
}

}  // namespace chainrule
