// Are averages where the equation says, and does a fit end in them?
#include "network/parameter_average.hpp"

#include <cmath>
#include <limits>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3, kRows = 50;
constexpr double kForever = std::numeric_limits<double>::infinity();
constexpr double kRate = 0.01;

template <class T>
NetworkSpec example() {
  NetworkSpec spec = network_spec<T>(
      kFeatures, {frozen(dense(6, "relu")), limited(0.5, dense(kOutputs, "sigmoid"))});
  spec.loss = to_spec(Mse{});
  return spec;
}

// Other parameters than before.
template <class T>
void change(Network<T>& network, T factor) {
  const std::unique_lock lock(network.mutex());
  for (Index i = 0; i < network.table().size; ++i) network.parameters()[i] *= factor;
  network.parameters_changed();
}

}  // namespace

TEST(parameter_average_follows_the_weights) {
  for_each_dtype([]<class T>() {
    Network<T> network(example<T>());
    ParameterAverage<T> average(network, 0.75);
    average.hide();
    std::vector<T> expected = parameters_of(network);
    for (const T factor : {T(1), T(-2), T(0.3)}) {
      change(network, factor);
      const std::vector<T> w = parameters_of(network);
      average.follow();
      average.show();
      const std::vector<T> e = parameters_of(network);
      for (std::size_t i = 0; i < e.size(); ++i) {
        const double exact =
            0.75 * static_cast<double>(expected[i]) + 0.25 * static_cast<double>(w[i]);
        const double size =
            std::fabs(static_cast<double>(expected[i])) + std::fabs(static_cast<double>(w[i]));
        CHECK(std::fabs(static_cast<double>(e[i]) - exact) <= 4 * kRoundoff<T> * size);
      }
      CHECK_EQUAL(same_bits(e, expected), factor == T(1));
      CHECK(padding_is_zero(network.table(), e.data()));
      average.hide();
      CHECK(same_bits(parameters_of(network), w));
      expected = e;
    }
  });
}

TEST(parameter_average_is_shown_and_hidden) {
  Network<double> network(example<double>());
  ParameterAverage<double> average(network, 0.5);
  change(network, 7.0);  // before the first update
  average.hide();
  const std::vector<double> start = parameters_of(network);
  const std::int64_t version = network.version();
  average.hide();  // they are hidden
  CHECK_EQUAL(network.version(), version);
  change(network, 3.0);
  average.show();
  average.show();
  CHECK(same_bits(parameters_of(network), start));
  // What has been worked out with the weights is out of date.
  CHECK(network.version() > version + 1);
  average.hide();
  change(network, 1.0 / 3.0);
  average.show();
  CHECK(same_bits(parameters_of(network), start));
  // What somebody sets meanwhile is where both go on.
  change(network, 5.0);
  const std::vector<double> set = parameters_of(network);
  average.hide();
  CHECK(same_bits(parameters_of(network), set));
  average.follow();
  average.show();
  CHECK(same_bits(parameters_of(network), set));
}

// The weights of a fit are those without averages; in between and at the end the network has e.
TEST(parameter_average_of_a_fit) {
  for_each_dtype([]<class T>() {
    for_each_type(Optimizers{}, []<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(Optimizer{});
      const TestData<T> data(kRows, kFeatures, kOutputs);
      const double beta = 0.875;
      Network<T> network(example<T>()), twin(example<T>());
      const std::vector<T> start = parameters_of(network);
      TrainingRun<T> run(network, data.examples(),
                         {16, true, false, &optimizer, nullptr, {}, {}, 1, beta});
      TrainingRun<T> steps(twin, data.examples(), {16, true, false, &optimizer});
      AlignedBuffer<T> average;
      twin.copy_parameters(average);
      for (int epoch = 0; epoch < 3; ++epoch) {
        run.begin_epoch();
        steps.begin_epoch();
        CHECK(same_bits(parameters_of(network), parameters_of(twin)));
        run.run(0, kForever, kRate);
        while (steps.run(1, kForever, kRate) > 0) twin.move_average(beta, average);
        CHECK(same_bits(parameters_of(network), parameters_of(twin)));
        run.show_averages();
        steps.end_epoch();
        run.end_epoch();
        CHECK(same_bits(parameters_of(network), vector_of(average)));
      }
      const Segment& frozen_weights = network.table().segments.front();
      CHECK(std::memcmp(network.parameters(), start.data(),
                        static_cast<std::size_t>(frozen_weights.size) * sizeof(T)) == 0);
      run.begin_epoch();
      steps.begin_epoch();
      run.run(2, kForever, kRate);
      for (int i = 0; i < 2; ++i) {
        steps.run(1, kForever, kRate);
        twin.move_average(beta, average);
      }
      run.close();  // in the middle of an epoch
      CHECK(same_bits(parameters_of(network), vector_of(average)));
      CHECK(network.optimizer() == twin.optimizer());
    });
  });
}

// No update, no change of the averages.
TEST(parameter_average_over_a_batch_of_no_weight) {
  const TestData<double> data(30, kFeatures, kOutputs);
  std::vector<double> weights(30, 1.0);
  std::fill(weights.begin() + 10, weights.begin() + 20, 0.0);
  Network<double> network(example<double>());
  const TrainingOptions options{10, false, false, nullptr, nullptr, {}, {}, 1, 0.5};
  TrainingRun<double> run(network, weighted(data.examples(), weights), options);
  run.begin_epoch();
  run.run(1, kForever, kRate);
  run.show_averages();
  const std::vector<double> before = parameters_of(network);
  run.begin_epoch();
  Network<double> twin(example<double>());
  TrainingRun<double> first(twin, weighted(data.examples(), weights), options);
  first.begin_epoch();
  first.run(2, kForever, kRate);
  first.show_averages();
  CHECK(same_bits(parameters_of(twin), before));
}

TEST(parameter_average_of_a_fit_without_a_batch) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  Network<double> network(example<double>()), twin(example<double>());
  Snapshot<double> before;
  {
    TrainingRun<double> run(network, data.examples(),
                            {16, true, false, nullptr, nullptr, {}, {}, 1, 0.5}, &before);
    run.begin_epoch();
    run.show_averages();
  }
  CHECK(same_state(network, twin));
}

}  // namespace chainrule
