#include "network/predictor.hpp"

#include <stdexcept>
#include <thread>

#include "allocations.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

template <class T>
std::vector<T> predict(const Predictor<T>& predictor, MatrixView<const T> x) {
  const Index m = predictor.table().n_outputs();
  std::vector<T> y_hat(static_cast<std::size_t>(x.rows * m));
  predictor.predict(x, {y_hat.data(), x.rows, m, m});
  return y_hat;
}

template <class T>
NetworkSpec example(std::uint64_t seed = 7) {
  return network_spec<T>(kFeatures, {dense(6, "relu"), dense(kOutputs, "softmax")}, seed);
}

TEST(predictor_has_the_bits_of_its_network) {
  for_each_dtype([]<class T>() {
    for_each_type(Activations{}, [&]<class F>() {
      for (const auto& layers : layer_stacks(F::name, "softmax", kOutputs)) {
        const Network<T> network(network_spec<T>(kFeatures, layers));
        const Predictor<T> predictor(network);
        for (const Index d : {0, 1, 2, 3, 5, 64, 513, 1100}) {
          const TestData<T> data(d, kFeatures, kOutputs);
          CHECK(same_bits(predict(predictor, data.inputs()), predict(network, data.inputs())));
        }
      }
    });
  });
}

TEST(predictor_stays_as_it_is_until_its_update) {
  for_each_dtype([]<class T>() {
    Network<T> network(example<T>());
    Predictor<T> predictor(network);
    const TestData<T> data(9, kFeatures, kOutputs);
    const auto before = predict(network, data.inputs());
    network.train_step(data.examples(), to_spec(CrossEntropy{}), nullptr);
    CHECK(same_bits(predict(predictor, data.inputs()), before));
    predictor.update(network);
    CHECK(same_bits(predict(predictor, data.inputs()), predict(network, data.inputs())));
    CHECK(!same_bits(predict(predictor, data.inputs()), before));
  });
}

TEST(predictor_takes_no_parameters_of_other_layers) {
  const Network<float> network(example<float>());
  Predictor<float> predictor(network);
  const TestData<float> data(2, kFeatures, kOutputs);
  for (const std::vector<LayerSpec>& layers :
       {std::vector<LayerSpec>{dense(6, "tanh"), dense(kOutputs, "softmax")},
        {dense(7, "relu"), dense(kOutputs, "softmax")},
        {dense(6, "relu", false), dense(kOutputs, "softmax")},
        {activation("relu"), dense(6, "relu"), dense(kOutputs, "softmax")}}) {
    const Network<float> other(network_spec<float>(kFeatures, layers));
    CHECK_THROWS(predictor.update(other), "network: expected one with the layers");
  }
  CHECK(same_bits(predict(predictor, data.inputs()), predict(network, data.inputs())));
}

TEST(predictor_requests_no_memory_once_its_thread_has_worked) {
  for_each_dtype([]<class T>() {
    Network<T> network(example<T>());
    Predictor<T> predictor(network);
    const TestData<T> data(700, kFeatures, kOutputs);
    std::vector<T> y_hat(700 * kOutputs);
    const auto work = [&](Index d) {
      predictor.predict(data.inputs().rows_from(0, d), {y_hat.data(), d, kOutputs, kOutputs});
    };
    work(700);
    const long before = test::n_allocations();
    for (const Index d : {1, 2, 700, 64}) work(d);
    predictor.update(network);
    CHECK_EQUAL(test::n_allocations() - before, 0);
  });
}

// Two networks take turns; whoever predicts meets one of them.
TEST(predictor_is_updated_beside_threads_that_predict) {
  const Network<float> first(example<float>(1)), second(example<float>(2));
  const TestData<float> data(33, kFeatures, kOutputs);
  const auto one = predict(first, data.inputs()), other = predict(second, data.inputs());
  Predictor<float> predictor(first);
  std::atomic<bool> done = false;
  std::atomic<int> n_wrong = 0, n_first = 0, n_second = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!done) {
        const auto found = predict(predictor, data.inputs());
        ++(same_bits(found, one) ? n_first : same_bits(found, other) ? n_second : n_wrong);
      }
    });
  for (int i = 0; i < 500 || n_first < 50 || n_second < 50; ++i)
    predictor.update(i % 2 == 0 ? second : first);
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(n_wrong.load(), 0);
}

}  // namespace

}  // namespace chainrule
