// Are the weights of a unit never longer than their layer allows?
#include "network/max_norm.hpp"

#include <cmath>

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 5, kOutputs = 19;

template <class T>
NetworkSpec example() {
  return network_spec<T>(kFeatures, {limited(0.75, dense(kOutputs, "tanh")), dense(kOutputs),
                                     frozen(limited(0.125, dense(kOutputs)))});
}

}  // namespace

// Rows of such layers alone, and only those that are too long; the rest keeps its bits.
TEST(max_norm_shortens_rows) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    std::vector<T> block = parameters_of(network);
    limit_norms(network.table(), block.data());
    CHECK(padding_is_zero(network.table(), block.data()));
    Index n_shortened = 0;
    for (const Segment& segment : network.table().segments) {
      const auto n = static_cast<std::size_t>(segment.n_parameters());
      std::vector<T> before(n), after(n), expected;
      read_tensor(segment, network.parameters(), before.data());
      read_tensor<T>(segment, block.data(), after.data());
      for (auto row = before.begin(); row != before.end(); row += segment.n_in) {
        double sum = 0.0;
        for (auto x = row; x != row + segment.n_in; ++x)
          sum += static_cast<double>(*x) * static_cast<double>(*x);
        const bool shortens = segment.is_weight && segment.layer == 0 && std::sqrt(sum) > 0.75;
        n_shortened += shortens ? 1 : 0;
        const T factor = shortens ? static_cast<T>(0.75 / std::sqrt(sum)) : T(1);
        for (auto x = row; x != row + segment.n_in; ++x) expected.push_back(*x * factor);
      }
      CHECK(same_bits(after, expected));
    }
    CHECK(n_shortened > 0 && n_shortened < kOutputs);
  });
}

// A step with and without a limit differs by just this.
TEST(max_norm_is_kept_after_updates) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(9, kFeatures, kOutputs);
    NetworkSpec free_spec = example<T>();
    std::get<DenseSpec>(free_spec.layers[0]).max_norm.reset();
    for (const Clipping& clipping : {Clipping{}, Clipping{0.1, 0.1}}) {
      Network<T> kept(example<T>()), free(free_spec);
      for (Network<T>* network : {&kept, &free})
        network->train_step(data.examples(), to_spec(Mse{}), nullptr, nullptr, clipping);
      CHECK(!same_bits(parameters_of(kept), parameters_of(free)));
      std::vector<T> expected = parameters_of(free);
      limit_norms(kept.table(), expected.data());
      CHECK(same_bits(parameters_of(kept), expected));
    }
  });
}

TEST(max_norm_of_large_numbers) {
  const Network<double> network(network_spec<double>(2, {limited(5.0, dense(1))}));
  std::vector<double> block(static_cast<std::size_t>(network.table().size));
  block[0] = 3e200;
  block[kLanes<double>] = -4e200;
  limit_norms(network.table(), block.data());
  CHECK(std::fabs(block[0] - 3) < 1e-14 && std::fabs(block[kLanes<double>] + 4) < 1e-14);
}

}  // namespace chainrule
