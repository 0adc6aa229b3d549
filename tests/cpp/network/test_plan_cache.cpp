#include "network/plan_cache.hpp"

#include <atomic>
#include <memory>
#include <thread>

#include "allocations.hpp"
#include "network/fixtures.hpp"
#include "network/network.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

NetworkSpec example() {
  return network_spec<double>(kFeatures, {dense(6, "tanh"), dense(kOutputs)});
}

FormulaSpec huber(int i) {
  Huber loss;
  loss.delta = 1.0 + 0.01 * i;
  return to_spec(loss);
}

// A loss with other fields for more plans than are kept.
template <class F>
void for_many_losses(F&& f) {
  for (int i = 1; i <= static_cast<int>(PlanCache<double>::kMostPlans); ++i) f(huber(i));
}

}  // namespace

TEST(plan_cache_builds_each_plan_once) {
  const Network<double> network(example());
  const FormulaSpec mse = to_spec(Mse{}), entropy = to_spec(CrossEntropy{}), again = mse;
  const SharedPlan<double> plan = network.plan({PlanPurpose::train, 64, &mse});
  CHECK_EQUAL(plan, network.plan({PlanPurpose::train, 64, &again}));
  for (const PlanOptions& other :
       {PlanOptions{PlanPurpose::train, 128, &mse}, PlanOptions{PlanPurpose::evaluate, 64, &mse},
        PlanOptions{PlanPurpose::train, 64, &entropy}, PlanOptions{PlanPurpose::train, 64},
        PlanOptions{PlanPurpose::train, 64, &mse, true}})
    CHECK(plan != network.plan(other));
  CHECK_EQUAL(plan, network.plan({PlanPurpose::train, 64, &mse}));
}

// Plans that nobody asks for any more go; those in use, and those that somebody holds, stay.
TEST(plan_cache_forgets_what_was_asked_for_longest_ago) {
  const Network<double> network(example());
  const FormulaSpec first = huber(0), mse = to_spec(Mse{});
  const auto plan = [&](const FormulaSpec& loss) {
    return network.plan({PlanPurpose::train, 64, &loss});
  };
  const std::weak_ptr<const Plan<double>> used = plan(mse), unused = plan(first);
  const SharedPlan<double> held = plan(huber(-1));
  for_many_losses([&](const FormulaSpec& loss) {
    plan(loss);
    const long before = test::n_allocations();
    const bool is_there = plan(mse) == used.lock();
    CHECK_EQUAL(test::n_allocations() - before, 0);
    CHECK(is_there);
  });
  CHECK(unused.expired());
  CHECK_EQUAL(held.use_count(), 1);
  CHECK(plan(huber(-1)) != held);
}

// What waits for its second half has a plan of its own by then.
TEST(plan_cache_outlived_by_gradients_and_passes) {
  Network<double> network(example());
  const TestData<double> data(5, kFeatures, kOutputs);
  const auto see_other_plans = [&] {
    for_many_losses([&](const FormulaSpec& loss) { network.evaluate(data.examples(), loss, {}); });
  };
  const auto dx_of = [&](Gradients<double>& gradients) {
    std::vector<double> dx(5 * kFeatures);
    network.input_gradients(gradients, {dx.data(), 5, kFeatures, kFeatures});
    return dx;
  };
  std::vector<double> y_hat(5 * kOutputs);
  const MatrixView<double> outputs{y_hat.data(), 5, kOutputs, kOutputs};
  std::vector<double> expected_dx, expected_flat;
  for (const bool crowded : {false, true}) {
    Gradients<double> g = network.gradients(data.examples(), huber(0), false);
    if (crowded) see_other_plans();
    const std::vector<double> dx = dx_of(g);
    network.forward(data.inputs(), outputs);
    if (crowded) see_other_plans();
    const Gradients<double> back = network.backward(outputs);
    const std::vector<double> flat(back.flat.data(), back.flat.data() + back.flat.size());
    if (crowded) {
      CHECK(same_bits(dx, expected_dx));
      CHECK(same_bits(flat, expected_flat));
    }
    expected_dx = dx;
    expected_flat = flat;
  }
}

// A plan that others push out of the cache is there until the call that works by it has ended.
TEST(plan_cache_serves_several_threads) {
  const Network<double> network(example());
  const TestData<double> data(5, kFeatures, kOutputs);
  const auto mean_with = [&](int i) { return mean_loss(network, data.examples(), huber(i)); };
  std::vector<double> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(mean_with(i));
  std::atomic<int> n_same = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const int loss = (i + 33 * t) % 100;
        n_same += mean_with(loss) == expected[static_cast<std::size_t>(loss)] ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(n_same, 900);
}

}  // namespace chainrule
