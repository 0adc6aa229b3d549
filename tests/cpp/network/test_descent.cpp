// Does L-BFGS go where its equations say, whatever is to be made small?
#include "network/descent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "network/pairs.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// sum c_i (x_i - 1)^2 / 2 over the parameters; the c_i lie between 1 and `spread`.
template <class T>
class Bowl final : public Cost<T> {
 public:
  Bowl(const ParameterTable<T>& table, double spread) : table_(table), spread_(spread) {}

  double at(T* block, T* gradient) override {
    ++asked;
    double value = 0.0;
    std::vector<T> x, g;
    for (const Segment& segment : table_.segments) {
      x.resize(static_cast<std::size_t>(segment.n_parameters()));
      g.resize(x.size());
      read_tensor(segment, block, x.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double c = 1.0 + (spread_ - 1.0) * static_cast<double>(i) / 7.0;
        const double off = static_cast<double>(x[i]) - 1.0;
        value += c * off * off / 2;
        g[i] = static_cast<T>(c * off);
      }
      write_tensor(segment, g.data(), gradient);
    }
    return value;
  }
  int asked = 0;

 private:
  const ParameterTable<T>& table_;
  double spread_;
};

template <class T>
NetworkSpec small() {
  return network_spec<T>(2, {dense(3, "tanh"), dense(1)});
}

}  // namespace

// On a parabola of one curvature the second step is Newton's.
TEST(descent_to_the_bottom_of_a_bowl) {
  for_each_dtype([]<class T>() {
    for (const double spread : {1.0, 30.0}) {
      Network<T> network(small<T>());
      const ParameterTable<T>& table = network.table();
      OptimizerState<T> state(lbfgs(), table.size);
      Bowl<T> bowl(table, spread);
      Descent<T> descent(table);
      const AlignedBuffer<T> spare(table.size);
      T* x = network.parameters();
      double value = bowl.at(x, descent.gradient()), last = value;
      const int most = spread == 1.0 ? 3 : 25;
      for (int step = 0; step < most; ++step) {
        const std::vector<T> before = parameters_of(network);
        const std::vector<T> g(descent.gradient(), descent.gradient() + table.size);
        if (!descent.step(state, bowl, value, 1.0, x, 1)) break;
        CHECK_EQUAL(state.spec.updates, step + 1);
        const std::vector<T> g_after(descent.gradient(), descent.gradient() + table.size);
        CHECK(same_bits(vector_of(state.slots[0]), difference(parameters_of(network), before)));
        CHECK(same_bits(vector_of(state.slots[1]), difference(g_after, g)));
        CHECK(padding_is_zero(table, x));
        value = bowl.at(x, spare.data());
        CHECK(value < last);
        last = value;
      }
      CHECK(value < (sizeof(T) == 4 ? 1e-9 : 1e-18));
    }
  });
}

TEST(descent_keeps_as_many_pairs_as_its_history) {
  Network<double> network(small<double>());
  const ParameterTable<double>& table = network.table();
  for (const Index history : {Index{1}, Index{3}}) {
    network.initialize(3);
    OptimizerState<double> state(lbfgs(1.0, history), table.size);
    Bowl<double> bowl(table, 100.0);
    Descent<double> descent(table);
    double value = bowl.at(network.parameters(), descent.gradient());
    std::vector<double> newest, before;
    for (Index step = 0; step < 5; ++step) {
      CHECK(descent.step(state, bowl, value, 1.0, network.parameters(), 1));
      CHECK_EQUAL(n_pairs(table, state.slots), std::min(history, step + 1));
      if (history > 1) CHECK(step == 0 || same_bits(vector_of(state.slots[2]), newest));
      newest = vector_of(state.slots[0]);
      value = bowl.at(network.parameters(), descent.gradient());
    }
    // Newest pairs stay when the history changes.
    state.change(lbfgs(1.0, 2), table.size);
    CHECK_EQUAL(std::ssize(state.slots), 4);
    CHECK(same_bits(vector_of(state.slots[0]), newest));
    CHECK_EQUAL(n_pairs(table, state.slots), std::min(history, Index{2}));
    state.change(lbfgs(1.0, 5), table.size);
    CHECK_EQUAL(std::ssize(state.slots), 10);
    CHECK_EQUAL(n_pairs(table, state.slots), std::min(history, Index{2}));
    CHECK_EQUAL(state.spec.updates, 5);
  }
}

// The first trial is the rate, and less while there are no pairs.
TEST(descent_begins_with_the_rate) {
  struct FirstStep final : Cost<double> {
    double at(double* block, double* /*gradient*/) override {
      if (first == 0.0) first = block[0];
      return kInfinity;
    }
    double first = 0.0;
  };
  Network<double> network(network_spec<double>(1, {dense(1, "identity", false)}));
  for (const double g : {0.25, 4.0})
    for (const double rate : {1.0, 0.5}) {
      OptimizerState<double> state(lbfgs(), network.table().size);
      Descent<double> descent(network.table());
      const double w = network.parameters()[0];
      descent.gradient()[0] = g;
      FirstStep cost;
      CHECK(!descent.step(state, cost, 1.0, rate, network.parameters(), 1));
      CHECK_EQUAL(cost.first, w - rate * std::min(1.0, 1.0 / g) * g);
      CHECK_EQUAL(network.parameters()[0], w);
      state.slots[0].data()[0] = 0.5;  // of curvature 2
      state.slots[1].data()[0] = 1.0;
      cost.first = 0.0;
      CHECK(!descent.step(state, cost, 1.0, rate, network.parameters(), 1));
      CHECK(std::fabs(cost.first - (w - rate * g / 2)) < 1e-15);
      CHECK_EQUAL(n_pairs(network.table(), state.slots), 0);  // dropped
    }
}

// Down to a cliff, so that no step is flat, and the best is not the last.
TEST(descent_takes_the_best_where_no_step_is_flat) {
  struct Cliff final : Cost<double> {
    double at(double* block, double* gradient) override {
      gradient[0] = block[0] < 1.0 ? -1.0 : -2.0;
      const double value = block[0] < 1.0 ? -block[0] : 5.0;
      best = std::min(best, value);
      ++asked;
      return value;
    }
    double best = 5.0;
    int asked = 0;
  };
  Network<double> network(network_spec<double>(1, {dense(1, "identity", false)}));
  double* w = network.parameters();
  int n_best_before_last = 0;
  for (const double rate : {0.3, 1.3, 1.4, 1.6, 1.7, 2.1, 2.7, 3.3, 5.0}) {
    w[0] = 0.0;
    OptimizerState<double> state(lbfgs(), network.table().size);
    state.slots[0].data()[0] = state.slots[1].data()[0] = 1.0;
    Descent<double> descent(network.table());
    Cliff cost;
    const double value = cost.at(w, descent.gradient());
    CHECK(descent.step(state, cost, value, rate, w, 1));
    CHECK(w[0] > 0.9 && w[0] < 1.0);
    CHECK_EQUAL(-w[0], cost.best);
    CHECK_EQUAL(descent.gradient()[0], -1.0);
    CHECK_EQUAL(n_pairs(network.table(), state.slots), 0);
    n_best_before_last += cost.asked > kMostTrials + 1 ? 1 : 0;
  }
  CHECK(n_best_before_last > 0);
}

TEST(descent_stays_where_nothing_leads_down) {
  for_each_dtype([]<class T>() {
    Network<T> network(small<T>());
    const ParameterTable<T>& table = network.table();
    Bowl<T> bowl(table, 3.0);
    for (const bool at_rest : {true, false}) {
      OptimizerState<T> state(lbfgs(), table.size);
      Descent<T> descent(table);
      const double value = bowl.at(network.parameters(), descent.gradient());
      if (at_rest) std::fill_n(descent.gradient(), table.size, T(0));
      for (Slots<T>* slots = &state.slots; T& s : slots->front().span()) s = T(1);
      const std::vector<T> before = parameters_of(network);
      bowl.asked = 0;
      CHECK(!descent.step(state, bowl, value, at_rest ? 1.0 : 0.0, network.parameters(), 1));
      CHECK_EQUAL(bowl.asked, 0);
      CHECK(same_bits(parameters_of(network), before));
      CHECK_EQUAL(state.spec.updates, 1);
      // A rate of 0 says nothing about the pairs.
      CHECK_EQUAL(state.slots[0].data()[0], at_rest ? T(0) : T(1));
    }
  });
}

// Pairs that would lead up are dropped at once.
TEST(descent_survives_any_pairs) {
  for_each_dtype([]<class T>() {
    for (const double filling : {-1.0, 1e30, 1e-30, kInfinity, std::nan("")}) {
      Network<T> network(small<T>());
      const ParameterTable<T>& table = network.table();
      Bowl<T> bowl(table, 3.0);
      OptimizerState<T> state(lbfgs(), table.size);
      Descent<T> descent(table);
      for (std::size_t s = 0; s < state.slots.size(); ++s)
        for (const Segment& segment : table.segments)
          std::fill_n(state.slots[s].data() + segment.offset, segment.n_out,
                      static_cast<T>(s % 3 == 0 ? filling : 1.0));
      double value = bowl.at(network.parameters(), descent.gradient());
      for (int step = 0; step < 30; ++step) {
        descent.step(state, bowl, value, 1.0, network.parameters(), 1);
        value = bowl.at(network.parameters(), descent.gradient());
      }
      CHECK(value < 1e-6);
    }
  });
}

}  // namespace chainrule
