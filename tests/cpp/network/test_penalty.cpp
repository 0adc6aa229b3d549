// Do weights cost what their layers and the call say, and is the slope of it in every update?
#include "network/penalty.hpp"

#include <cmath>

#include "kernels/dispatch.hpp"
#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 20, kFeatures = 5, kOutputs = 3;
constexpr double kForever = 3600.0;

// Layers with either coefficient, both, none, and both but frozen.
template <class T>
NetworkSpec example() {
  return network_spec<T>(
      kFeatures, {penalised(0.5, 0.0, dense(19, "tanh")), penalised(0.0, 0.25, dense(7, "prelu")),
                  penalised(0.125, 0.5, dense(4, "tanh", false)), dense(18, "tanh"),
                  frozen(penalised(0.25, 0.5, dense(kOutputs)))});
}

const std::vector<Penalty> kCalls = {{}, {0.25, 0.0}, {0.0, 0.5}, {0.125, 0.25}};

template <class T>
std::vector<T> tensor_of(const Segment& segment, const T* block) {
  std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
  read_tensor(segment, block, tensor.data());
  return tensor;
}

}  // namespace

// A chain per output unit, unit sums in order, to the bit; biases and slopes cost nothing.
TEST(penalty_of_weights) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    for (const Penalty& call : kCalls) {
      double expected = 0.0;
      for (const Stage& stage : network.table().stages) {
        const Segment& segment = network.table().segments[static_cast<std::size_t>(stage.weight)];
        const auto& spec =
            std::get<DenseSpec>(network.spec().layers[static_cast<std::size_t>(stage.layer)]);
        const std::vector<T> w = tensor_of(segment, network.parameters());
        double magnitudes = 0.0, squares = 0.0;
        for (auto row = w.begin(); row != w.end(); row += stage.n_in) {
          double of_unit = 0.0, squares_of_unit = 0.0;
          for (auto x = row; x != row + stage.n_in; ++x) {
            of_unit += std::fabs(static_cast<double>(*x));
            squares_of_unit += static_cast<double>(*x) * static_cast<double>(*x);
          }
          magnitudes += of_unit;
          squares += squares_of_unit;
        }
        if (spec.l1 + call.l1 > 0) expected += (spec.l1 + call.l1) * magnitudes;
        if (spec.l2 + call.l2 > 0) expected += (spec.l2 + call.l2) / 2 * squares;
      }
      CHECK(expected > 1.0);
      CHECK_EQUAL(*network.penalty(call), expected);
    }
    const Network<T> free(network_spec<T>(kFeatures, {dense(kOutputs)}));
    CHECK(!free.penalty({}) && free.penalty({0.0, 1.0}));
  });
}

TEST(penalty_is_added_to_gradients_of_weights_that_are_trained) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    const ParameterTable<T>& table = network.table();
    for (const Penalty& call : kCalls) {
      std::vector<T> gradient(static_cast<std::size_t>(table.size), T(0));
      add_penalty(table, kernels<T>(), call, network.parameters(), gradient.data());
      CHECK(padding_is_zero(table, gradient.data()));
      for (const Segment& segment : table.segments) {
        const auto& spec =
            std::get<DenseSpec>(network.spec().layers[static_cast<std::size_t>(segment.layer)]);
        const bool pays = segment.is_weight && spec.trainable;
        const double l1 = pays ? spec.l1 + call.l1 : 0.0, l2 = pays ? spec.l2 + call.l2 : 0.0;
        const std::vector<T> w = tensor_of(segment, network.parameters());
        const std::vector<T> found = tensor_of<T>(segment, gradient.data());
        for (std::size_t i = 0; i < w.size(); ++i)  // coefficients are powers of two or 0 and exact
          CHECK_EQUAL(found[i], static_cast<T>(l2) * w[i] + static_cast<T>(w[i] > 0   ? l1
                                                                           : w[i] < 0 ? -l1
                                                                                      : 0.0));
      }
    }
  });
}

// From the tiles, from a stored gradient, by parts and in a fit.
TEST(penalty_on_every_way) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const Examples<T> examples = data.examples();
    const FormulaSpec loss = to_spec(Mse{});
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(lively<Optimizer>());
      Network<T> free(example<T>());
      free.train_step(examples, loss, nullptr, &optimizer);
      for (const Penalty& call : kCalls) {
        Network<T> by_step(example<T>()), swept(example<T>()), by_parts(example<T>()),
            by_fit(example<T>());
        by_step.train_step(examples, loss, nullptr, &optimizer, {}, call);
        swept.train_step(examples, loss, nullptr, &optimizer, {1e9, 1e9}, call);
        const Gradients<T> gradients = by_parts.gradients(examples, loss, true);
        by_parts.apply(gradients.flat.data(), nullptr, &optimizer, {}, call);
        {
          TrainingRun<T> run(by_fit, examples, {kRows, false, false, &optimizer, &loss, {}, call});
          run.begin_epoch();
          run.run(0, kForever, Optimizer{}.learning_rate);
        }
        CHECK(same_state(by_step, swept));
        CHECK(same_state(by_step, by_parts));
        CHECK(same_state(by_step, by_fit));
        CHECK_EQUAL(same_state(by_step, free), !call.any());
        CHECK(padding_is_zero(by_step.table(), by_step.parameters()));
      }
    });
  });
}

// Coefficients that are too large for the type are the largest that it has: padding stays 0.
TEST(penalty_without_measure) {
  CHECK_EQUAL(rounded_coefficient<float>(1e300), std::numeric_limits<float>::max());
  CHECK_EQUAL(rounded_coefficient<double>(1e300), 1e300);
  const TestData<float> data(kRows, kFeatures, kOutputs);
  Network<float> network(example<float>());
  network.train_step(data.examples(), to_spec(Mse{}), nullptr, nullptr, {}, {1e300, 1e300});
  CHECK(padding_is_zero(network.table(), network.parameters()));
}

}  // namespace chainrule
