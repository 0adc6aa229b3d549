// What do the tests of networks share? Small networks, examples for them, and comparisons of bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "network/network.hpp"

namespace chainrule {

template <class F>
void for_each_dtype(F&& f) {
  f.template operator()<float>();
  f.template operator()<double>();
}

// Half the distance between 1 and the next number.
template <class T>
inline constexpr double kRoundoff = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;

// ---- Networks -----------------------------------------------------------------------------------

inline DenseSpec dense(Index units, std::string_view activation = "identity", bool bias = true) {
  DenseSpec spec;
  spec.units = units;
  spec.activation = default_spec(Activations{}, "activation", activation);
  spec.bias = bias;
  spec.bias_initializer = to_spec(Normal{0.1, 0.3});
  return spec;
}

inline DenseSpec frozen(DenseSpec spec) {
  spec.trainable = false;
  return spec;
}

inline DenseSpec penalised(double l1, double l2, DenseSpec spec) {
  spec.l1 = l1;
  spec.l2 = l2;
  return spec;
}

inline DenseSpec limited(double max_norm, DenseSpec spec) {
  spec.max_norm = max_norm;
  return spec;
}

inline DenseSpec with_rate(double factor, DenseSpec spec) {
  spec.learning_rate_multiplier = factor;
  return spec;
}

inline ActivationSpec activation(std::string_view name) {
  return {default_spec(Activations{}, "activation", name)};
}

template <class T>
NetworkSpec network_spec(Index n_features, std::vector<LayerSpec> layers, std::uint64_t seed = 7) {
  return {sizeof(T) == 4 ? "float32" : "float64", n_features, seed, std::move(layers),
          std::nullopt};
}

// Norms and scales in all places that they can have: in front of all, behind a Dense layer, an
// activation, noise and each other, and at the end.
inline std::vector<std::vector<LayerSpec>> norm_stacks(std::string_view hidden,
                                                       std::string_view output, Index m) {
  return {{dense(20), LayerNorm{}, activation(hidden), dense(m, output)},
          {dense(20), BatchNorm{}, activation(hidden), dense(m, output)},
          {LayerNorm{}, dense(5, hidden), LayerNorm{0.125}, Dropout{0.25}, dense(m, output)},
          {BatchNorm{}, dense(5, hidden), BatchNorm{0.5, 0.125}, BatchNorm{}, dense(m, output)},
          {Rescale{0.5, 0.25}, Scale{0.75}, dense(17, hidden), GaussianNoise{0.25}, Scale{},
           BatchNorm{}, dense(m), Rescale{2.0, 0.5}, LayerNorm{}, Scale{}, activation(output)}};
}

// Blocks in all places that they can have: in front of all, without a Dense layer or with several,
// in each other, behind each other, of noise alone, and at the end.
inline std::vector<std::vector<LayerSpec>> residual_stacks(std::string_view hidden,
                                                           std::string_view output, Index n,
                                                           Index m) {
  return {{dense(5), ResidualSpec{2}, dense(17, hidden), dense(5), dense(m, output)},
          {ResidualSpec{3}, dense(20), activation(hidden), dense(n), dense(5, hidden),
           ResidualSpec{2}, LayerNorm{}, activation(hidden), dense(m, output)},
          {dense(9, hidden), ResidualSpec{6}, activation(hidden), dense(9), ResidualSpec{2},
           GaussianNoise{0.25}, BatchNorm{}, Rescale{0.5, 0.25}, ResidualSpec{3}, ResidualSpec{2},
           dense(9, hidden), Dropout{0.25}, dense(m), ResidualSpec{1}, activation(output)},
          {dense(4, hidden), ResidualSpec{2}, ResidualSpec{1}, Dropout{0.5}, ResidualSpec{2},
           Scale{0.5}, Scale{0.75}, dense(m, output), ResidualSpec{1}, dense(m)}};
}

// Networks of n features and m outputs with `hidden` inside and `output` at the end, each in all
// places that an activation can have: in a Dense layer, behind one, in front of all, several in a
// row.
inline std::vector<std::vector<LayerSpec>> layer_stacks(std::string_view hidden,
                                                        std::string_view output, Index m) {
  return {{dense(m, output)},
          {dense(5, hidden), dense(m, output)},
          {dense(5), activation(hidden), dense(m, "identity", false), activation(output)},
          {activation("tanh"), activation(hidden), dense(9, hidden, false), activation("tanh"),
           activation("identity"), dense(20, "sigmoid"), activation(hidden), dense(m, hidden),
           activation(output)}};
}

// Calls f(hidden, output) for every activation inside with `other` at the end, and the other way
// round: each in every place of layer_stacks, where all pairs of them would be too many.
template <class F>
void for_each_pair(std::string_view other, F&& f) {
  for (const std::string& name : names(Activations{})) {
    f(std::string_view(name), other);
    f(other, std::string_view(name));
  }
}

// All parameters, and the statistics behind them.
template <class T>
std::vector<T> parameters_of(const Network<T>& network) {
  return {network.parameters(), network.parameters() + network.table().block_size};
}

template <class T>
std::vector<T> vector_of(const AlignedBuffer<T>& buffer) {
  return {buffer.data(), buffer.data() + buffer.size()};
}

// Whether everything between the tensors of the block is +0, to the bit.
template <class T>
bool padding_is_zero(const ParameterTable<T>& table, const T* block) {
  std::vector<T> same(static_cast<std::size_t>(table.size), T(0)), tensor;
  for (const Segment& segment : table.segments) {
    tensor.resize(static_cast<std::size_t>(segment.n_parameters()));
    read_tensor(segment, block, tensor.data());
    write_tensor(segment, tensor.data(), same.data());
  }
  return std::memcmp(same.data(), block, same.size() * sizeof(T)) == 0;
}

// Fields at which every term of the formula counts.
template <class F>
F lively() {
  F formula;
  if constexpr (requires { formula.weight_decay; }) formula.weight_decay = 0.25;
  if constexpr (requires { formula.momentum; }) formula.momentum = 0.5;
  return formula;
}

// ---- Examples -----------------------------------------------------------------------------------

inline std::vector<double> random_normals(Index n, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(n));
  RandomStream{seed, Purpose::kNoise, 0, 0}.fill_normal(0, values);
  return values;
}

// d examples whose targets suit every loss: probabilities, of which a row of several sums to 1.
template <class T>
struct TestData {
  TestData(Index n_rows, Index n_features, Index n_outputs, std::uint64_t seed = 3)
      : d(n_rows), n(n_features), m(n_outputs), y(static_cast<std::size_t>(n_rows * n_outputs)) {
    const std::vector<double> normals = random_normals(d * n, seed);
    x.assign(normals.begin(), normals.end());
    const RandomStream random{seed, Purpose::kDropout, 0, 0};
    for (Index i = 0; i < d; ++i) {
      double sum = m == 1 ? 1.0 : 0.0;
      for (Index j = 0; j < m && m > 1; ++j) sum += random.uniform(i, j);
      for (Index j = 0; j < m; ++j)
        y[static_cast<std::size_t>(i * m + j)] = static_cast<T>(random.uniform(i, j) / sum);
      classes.push_back(random.word(i, m) % static_cast<std::uint32_t>(m));
    }
  }

  MatrixView<const T> inputs() const { return {x.data(), d, n, n}; }
  MatrixView<const T> targets() const { return {y.data(), d, m, m}; }
  Examples<T> examples() const {
    Examples<T> all;
    all.x = inputs();
    all.y = targets();
    return all;
  }

  Index d, n, m;
  std::vector<T> x, y;
  std::vector<std::int64_t> classes;
};

// The rows of the data in the given order.
template <class T>
TestData<T> rows_of(const TestData<T>& data, std::span<const Index> order) {
  TestData<T> rows = data;
  rows.d = std::ssize(order);
  rows.x.clear();
  rows.y.clear();
  for (const Index i : order) {
    rows.x.insert(rows.x.end(), data.x.begin() + i * data.n, data.x.begin() + (i + 1) * data.n);
    rows.y.insert(rows.y.end(), data.y.begin() + i * data.m, data.y.begin() + (i + 1) * data.m);
  }
  return rows;
}

// Positive weights; `cols` of them for each row.
inline std::vector<double> random_weights(Index d, Index cols, std::uint64_t seed = 5) {
  std::vector<double> weights = random_normals(d * cols, seed);
  for (double& w : weights) w = std::abs(w) + 0.1;
  return weights;
}

template <class T>
Examples<T> weighted(Examples<T> examples, const std::vector<double>& weights) {
  const Index cols = std::ssize(weights) / examples.rows();
  examples.weights = {weights.data(), examples.rows(), cols, cols};
  return examples;
}

template <class T>
std::vector<T> predict(const Network<T>& network, MatrixView<const T> x) {
  const Index m = network.table().n_outputs();
  std::vector<T> y_hat(static_cast<std::size_t>(x.rows * m));
  network.predict(x, {y_hat.data(), x.rows, m, m});
  return y_hat;
}

// J over the examples.
template <class T>
double mean_loss(const Network<T>& network, const Examples<T>& examples, const FormulaSpec& loss) {
  const LossSums sums = network.evaluate(examples, loss, {});
  return sums.loss / sums.weight;
}

// Calls f.template operator()<Loss>() for each loss of networks with m outputs.
template <class Function>
void for_each_loss(Index m, Function&& f) {
  for_each_type(Losses{}, [&]<class Loss>() {
    Index each = 1;
    if constexpr (requires(Loss loss) { loss.outputs_per_target(); })
      each = Loss{}.outputs_per_target();
    if (m % each == 0) f.template operator()<Loss>();
  });
}

// Whether the loss can be taken of these predictions: well inside its range, where logarithms are
// not clamped.
template <class Loss, class T>
bool suits(const std::vector<T>& y_hat) {
  constexpr Interval range = Loss::predictions;
  return std::ranges::all_of(y_hat, [&](T p) {
    return range.contains(static_cast<double>(p) - 1e-3) &&
           range.contains(static_cast<double>(p) + 1e-3);
  });
}

// The activation that the loss matches, or one whose outputs every loss takes.
template <class Loss>
constexpr const char* output_of() {
  return std::is_same_v<typename Loss::Matching, NoActivation> ? Sigmoid::name
                                                               : Loss::Matching::name;
}

// ---- Threads ------------------------------------------------------------------------------------

// While one lives, all threads that are asked for take part.
struct AllWorkers {
  AllWorkers() { set_wait_for_all_workers(true); }
  ~AllWorkers() { set_wait_for_all_workers(false); }
};

// ---- Bytes --------------------------------------------------------------------------------------

// Vectors or buffers of the same type.
template <class A, class B>
bool same_bits(const A& a, const B& b) {
  static_assert(sizeof(*a.data()) == sizeof(*b.data()));
  const auto n = static_cast<std::size_t>(a.size());
  return n == static_cast<std::size_t>(b.size()) &&
         (n == 0 || std::memcmp(a.data(), b.data(), n * sizeof(*a.data())) == 0);
}

// Parameters, slots, powers and counters.
template <class T>
bool same_state(const Network<T>& a, const Network<T>& b) {
  const auto &p = a.optimizer_state(), &q = b.optimizer_state();
  bool same = same_bits(parameters_of(a), parameters_of(b)) && a.optimizer() == b.optimizer() &&
              a.training_forwards() == b.training_forwards() && a.epochs() == b.epochs();
  if (!p || !q) return same && !p && !q;
  for (std::size_t s = 0; same && s < p->slots.size(); ++s)
    same = same_bits(p->slots[s], q->slots[s]);
  return same && p->slots.size() == q->slots.size() && same_bits(p->powers, q->powers);
}

}  // namespace chainrule
