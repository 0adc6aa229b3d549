// Is a gradient clipped by value, then by the norm of all of it, on every way to an update?
#include "network/clipping.hpp"

#include <cmath>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kRows = 20, kFeatures = 5, kOutputs = 3;

template <class T>
NetworkSpec example() {
  return network_spec<T>(kFeatures, {dense(19, "tanh"), dense(kOutputs, "identity")});
}

// Numbers in every place of a block that is no padding.
template <class T>
std::vector<T> numbers(const ParameterTable<T>& table, std::uint64_t seed) {
  std::vector<T> block(static_cast<std::size_t>(table.size), T(0));
  for (const Segment& segment : table.segments) {
    const std::vector<double> drawn = random_normals(segment.n_parameters(), seed++);
    const std::vector<T> tensor(drawn.begin(), drawn.end());
    write_tensor(segment, tensor.data(), block.data());
  }
  return block;
}

// The norm once more: the elements of each unit in order, then the units.
template <class T>
double norm_by_hand(const ParameterTable<T>& table, const std::vector<T>& block) {
  double total = 0;
  for (const Segment& segment : table.segments) {
    std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
    read_tensor(segment, block.data(), tensor.data());
    for (Index o = 0; o < segment.n_out; ++o) {
      double unit = 0;
      for (Index i = 0; i < segment.n_in; ++i) {
        const auto x = static_cast<double>(tensor[static_cast<std::size_t>(o * segment.n_in + i)]);
        unit += x * x;
      }
      total += unit;
    }
  }
  return std::sqrt(total);
}

}  // namespace

TEST(clipping_by_value_then_by_norm) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    const ParameterTable<T>& table = network.table();
    const std::vector<T> start = numbers(table, 3);
    CHECK_EQUAL(norm(table, start.data()), norm_by_hand(table, start));
    for (const Clipping& clipping : {Clipping{}, Clipping{0.5}, Clipping{kInfinity, 2.0},
                                     Clipping{0.5, 2.0}, Clipping{0.5, 1e9}, Clipping{1e9}}) {
      std::vector<T> found = start, expected = start;
      clip(table, clipping, found.data());
      for (T& g : expected)
        g = std::clamp(g, static_cast<T>(-clipping.value), static_cast<T>(clipping.value));
      const double norm = norm_by_hand(table, expected);
      const T factor = static_cast<T>(norm > clipping.norm ? clipping.norm / norm : 1.0);
      for (T& g : expected) g *= factor;
      CHECK(same_bits(found, expected));
      CHECK(padding_is_zero(table, found.data()));
    }
  });
}

// Numbers whose squares are too large for float64 have a norm, and NaN stays.
TEST(clipping_of_extreme_numbers) {
  const Network<double> network(example<double>());
  const ParameterTable<double>& table = network.table();
  std::vector<double> block(static_cast<std::size_t>(table.size));
  block[0] = 3e200;
  block[1] = -4e200;
  CHECK(std::fabs(norm(table, block.data()) / 5e200 - 1) < 1e-15);
  clip(table, {kInfinity, 1.0}, block.data());
  CHECK(std::fabs(block[0] - 0.6) < 1e-15 && std::fabs(block[1] + 0.8) < 1e-15);
  block[1] = std::nan("");
  clip(table, {0.5, 0.5}, block.data());
  CHECK_EQUAL(block[0], 0.5);
  CHECK(std::isnan(block[1]));
}

// A step, its parts and a fit of one batch make the same update; clipping that does not reach
// anything, that of the fused path.
TEST(clipping_on_every_way) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kRows, kFeatures, kOutputs);
    const Examples<T> examples = data.examples();
    const FormulaSpec loss = to_spec(Mse{});
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(lively<Optimizer>());
      for (const Clipping& clipping :
           {Clipping{0.01}, Clipping{kInfinity, 0.1}, Clipping{0.01, 0.05}, Clipping{1e9, 1e9}}) {
        Network<T> by_step(example<T>()), by_parts(example<T>()), by_fit(example<T>());
        Network<T> fused(example<T>());
        by_step.train_step(examples, loss, nullptr, &optimizer, clipping);
        fused.train_step(examples, loss, nullptr, &optimizer);
        const Gradients<T> gradients = by_parts.gradients(examples, loss, true);
        by_parts.apply(gradients.flat.data(), nullptr, &optimizer, clipping);
        CHECK(same_state(by_step, by_parts));
        {
          TrainingRun<T> run(by_fit, examples, {kRows, false, false, &optimizer, &loss, clipping});
          run.begin_epoch();
          run.run(0, 3600.0, Optimizer{}.learning_rate);
        }
        CHECK(same_state(by_step, by_fit));
        CHECK_EQUAL(same_state(by_step, fused), clipping.value == 1e9);
      }
    });
  });
}

}  // namespace chainrule
