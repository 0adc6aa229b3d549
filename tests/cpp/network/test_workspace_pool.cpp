#include "network/workspace_pool.hpp"

#include <atomic>
#include <limits>
#include <thread>

#include "allocations.hpp"
#include "base/thread_pool.hpp"
#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// A batch is enough for two threads; the last one is short.
constexpr Index kFeatures = 64, kHidden = 256, kOutputs = 3, kRows = 80, kBatch = 64;
constexpr double kForever = std::numeric_limits<double>::infinity();

template <class T>
NetworkSpec example(bool with_norms = false) {
  const DenseSpec output = limited(0.5, with_rate(0.5, dense(kOutputs, "sigmoid")));
  std::vector<LayerSpec> layers = {dense(kHidden, "relu"), output};
  if (with_norms)
    layers = {BatchNorm{},     Rescale{0.5, 0.25}, dense(kHidden, "relu"),
              ResidualSpec{2}, LayerNorm{},        Scale{},
              output};
  NetworkSpec spec = network_spec<T>(kFeatures, layers);
  spec.loss = to_spec(Mse{});
  return spec;
}

// How often f asks for memory.
template <class F>
long n_requests(F&& f) {
  const long before = test::n_allocations();
  f();
  return test::n_allocations() - before;
}

}  // namespace

// Two loans at a time are two workspaces; one that came back is lent again, if it is large enough.
TEST(workspace_pool_lends) {
  WorkspacePool<float> pool;
  const float* first = nullptr;
  {
    const WorkspacePool<float>::Loan a(pool, 64), b(pool, 64);
    CHECK(a.data() != b.data());
    first = a.data();
  }
  const long before = test::n_allocations();
  {
    const WorkspacePool<float>::Loan again(pool, 32);
    const long asked = test::n_allocations() - before;
    CHECK_EQUAL(asked, 0);
    CHECK_EQUAL(again.data(), first);  // a was the last to come back
  }
  const float* largest = nullptr;
  {
    const WorkspacePool<float>::Loan larger(pool, 1000), small(pool, 64);
    std::fill_n(larger.data(), 1000, 1.0f);
    largest = larger.data();
  }
  // Each finds the one that it needs, in whatever order they came back.
  const long later = test::n_allocations();
  bool found = true;
  for (const bool large_first : {true, false}) {
    const WorkspacePool<float>::Loan one(pool, large_first ? 900 : 60),
        other(pool, large_first ? 60 : 900);
    found = found && (large_first ? one : other).data() == largest;
  }
  const long asked = test::n_allocations() - later;
  CHECK(found);
  CHECK_EQUAL(asked, 0);
}

// Calls that only read run side by side with others and with training; each forward is counted
// once.
TEST(workspace_pool_serves_several_threads) {
  Network<float> network(example<float>());
  network.set_optimizer(to_spec(Sgd{}));
  const TestData<float> data(20, kFeatures, kOutputs);
  const FormulaSpec loss = to_spec(Mse{});
  const std::vector<float> before = predict(network, data.inputs());
  std::vector<std::thread> threads;
  std::atomic<int> n_same = 0;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        network.gradients(data.examples(), loss, true);
        n_same += same_bits(predict(network, data.inputs()), before);
        network.set_optimizer(to_spec(Sgd{}));
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(n_same, 300);
  CHECK_EQUAL(network.training_forwards(), 300);
}

// Once it has begun, nothing asks for memory: plans, workspaces, batches and threads are there.
TEST(workspace_pool_spares_allocations) {
  const AllWorkers all_workers;
  const SpinScope pool_is_there;  // whichever test is the first to need it
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kRows, 1);
    const Examples<T> plain = data.examples(), examples = weighted(plain, weights);
    const FormulaSpec loss = to_spec(Mse{});
    std::vector<T> y_hat(kRows * kOutputs);
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      for (const auto& [n_threads, with_norms] :
           {std::pair<Index, bool>{1, false}, std::pair<Index, bool>{1, true},
            std::pair<Index, bool>{2, false}, std::pair<Index, bool>{2, true}}) {
        Network<T> network(example<T>(with_norms));
        network.set_optimizer(to_spec(Optimizer{}));
        network.set_n_threads(n_threads);
        const auto steps = [&](int n) {
          for (int step = 0; step < n; ++step)
            for (const Index first : {Index{0}, kBatch})
              for (const Clipping& clipping : {Clipping{}, Clipping{0.1, 0.1}})
                network.train_step(plain.part(first, std::min(kBatch, kRows - first)), loss,
                                   nullptr, nullptr, clipping, {0.01, 0.1});
        };
        const auto look = [&] {
          network.predict(data.inputs(), {y_hat.data(), kRows, kOutputs, kOutputs});
          network.evaluate(examples, loss, {});
        };
        steps(1);
        TrainingOptions options{kBatch, true, true, nullptr, nullptr, {}, {0.01, 0.1}};
        for (const Index accumulate : {1, 2}) {
          options.accumulate = accumulate;
          options.ema = accumulate > 1 ? 0.9 : 0.0;
          std::optional<TrainingRun<T>> run(std::in_place, network, examples, options);
          look();  // beside the workspace of the run
          const auto fit = [&] {
            for (int epoch = 0; epoch < 2; ++epoch) {
              run->begin_epoch();
              run->run(0, kForever, 0.01);
              run->show_averages();
              run->end_epoch();
              look();
            }
            run.reset();
          };
          CHECK_EQUAL(n_requests(fit), 0);
        }
        reset_path_counters();
        CHECK_EQUAL(n_requests([&] { steps(100); }), 0);
        CHECK_EQUAL(path_counters().most_threads, n_threads > 1 ? n_threads : 0);
        CHECK(n_requests([&] { network.gradients(plain, loss, false); }) >= 2);  // its results
      }
    });
  });
}

}  // namespace chainrule
