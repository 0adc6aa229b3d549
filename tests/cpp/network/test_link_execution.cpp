// Do norms leave what they read, and write only where an update goes?
#include "network/link_execution.hpp"

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 300, kFeatures = 4;

// One forward pass of a network that begins with a norm of batches; statistics go to `updated`.
template <class T>
struct Forward {
  explicit Forward(bool training)
      : network(network_spec<T>(kFeatures, {BatchNorm{0.25, 0.5}, dense(3)})),
        data(kRows, kFeatures, 3),
        plan(make_plan(network.table(), {PlanPurpose::gradients, 512, nullptr, false, training})),
        workspace(plan.workspace_size),
        updated(network.table().block_size) {
    Run<T> run{plan, network.table(), network.parameters(), workspace.data(), data.inputs()};
    run.updated_parameters = updated.data();
    execute(run, 0, plan.n_forward);
    const MatrixView<const T> found = run.input(plan.first_input);
    for (Index i = 0; i < kRows; ++i) a.insert(a.end(), found.row(i), found.row(i) + kFeatures);
  }
  const Segment& mean() const { return network.table().statistics[0]; }
  const Segment& variance() const { return network.table().statistics[1]; }

  Network<T> network;
  TestData<T> data;
  Plan<T> plan;
  AlignedBuffer<T> workspace, updated;
  std::vector<T> a;  // what the Dense layer receives
};

}  // namespace

TEST(link_execution_moves_statistics_to_where_an_update_goes) {
  for_each_dtype([]<class T>() {
    const Forward<T> forward(true);
    for (Index j = 0; j < kFeatures; ++j) {
      double mean = 0, squares = 0;
      for (Index i = 0; i < kRows; ++i)
        mean += static_cast<double>(forward.data.inputs()(i, j)) / kRows;
      for (Index i = 0; i < kRows; ++i)
        squares += std::pow(static_cast<double>(forward.data.inputs()(i, j)) - mean, 2);
      // From 0 and 1; sums of 300 rounded terms below 16.
      const double tolerance = 16 * kRows * kRoundoff<T>;
      const T* updated = forward.updated.data();
      const double of_mean = static_cast<double>(updated[forward.mean().offset + j]);
      const double of_variance = static_cast<double>(updated[forward.variance().offset + j]);
      CHECK(std::abs(of_mean - 0.25 * mean) < tolerance);
      CHECK(std::abs(of_variance - (0.75 + 0.25 * squares / (kRows - 1))) < tolerance);
      CHECK_EQUAL(forward.network.parameters()[forward.mean().offset + j], T(0));
      CHECK_EQUAL(forward.network.parameters()[forward.variance().offset + j], T(1));
    }
  });
}

TEST(link_execution_predicts_with_running_statistics) {
  for_each_dtype([]<class T>() {
    const Forward<T> forward(false);
    const T factor = T(1) / std::sqrt(T(1) + T(0.5));
    for (Index i = 0; i < kRows; ++i)
      for (Index j = 0; j < kFeatures; ++j)
        CHECK_EQUAL(forward.a[static_cast<std::size_t>(i * kFeatures + j)],
                    forward.data.inputs()(i, j) * factor);
    CHECK(std::all_of(forward.updated.data(), forward.updated.data() + forward.updated.size(),
                      [](T x) { return x == 0; }));
  });
}

}  // namespace chainrule
