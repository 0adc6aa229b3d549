#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3, kRows = 7;

// The network of the worked example: two sigmoid units, then one.
Network<double>& with_parameters(Network<double>& network,
                                 const std::vector<std::vector<double>>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    write_tensor(network.table().segments[i], tensors[i].data(), network.parameters());
  return network;
}

void check_close(const std::vector<double>& got, const std::vector<double>& expected, int line) {
  test::report(got.size() == expected.size(), __FILE__, line, "as many numbers");
  for (std::size_t i = 0; i < std::min(got.size(), expected.size()); ++i)
    test::report(std::abs(got[i] - expected[i]) <= 1e-9, __FILE__, line,
                 text(got[i], " is not ", expected[i]));
}
#define CHECK_CLOSE(got, ...) check_close(got, __VA_ARGS__, __LINE__)

// Calls f.template operator()<T, Loss>(network, data) for activations inside and outside that suit
// the loss.
template <class T, class F>
void for_each_network(F&& f) {
  const TestData<T> data(kRows, kFeatures, kOutputs);
  for_each_loss(kOutputs, [&]<class Loss>() {
    Index n_networks = 0;
    for_each_pair(output_of<Loss>(), [&](std::string_view hidden, std::string_view output) {
      for (const std::vector<LayerSpec>& layers : layer_stacks(hidden, output, kOutputs)) {
        Network<T> network(network_spec<T>(kFeatures, layers));
        if (!suits<Loss>(predict(network, data.inputs()))) continue;
        f.template operator()<Loss>(network, data);
        ++n_networks;
      }
    });
    CHECK(n_networks >= 4 * Activations::size);
  });
}

// The tensor of a segment, or nothing where there is none.
template <class T>
std::vector<T> tensor_of(const ParameterTable<T>& table, Index id, const T* block) {
  if (id < 0) return {};
  const Segment& segment = table.segments[static_cast<std::size_t>(id)];
  std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
  read_tensor(segment, block, tensor.data());
  return tensor;
}

}  // namespace

// The network of README.md, every number of which was worked out on paper.
TEST(trace_of_the_worked_example) {
  Network<double> network(network_spec<double>(2, {dense(2, "sigmoid"), dense(1, "sigmoid")}));
  with_parameters(network, {{0.1, 0.4, 0.8, 0.6}, {0.3, 0.9}, {0.3, 0.7}, {0.5}});
  const std::vector<double> x = {0.5, 0.2}, y = {1.0};
  Examples<double> examples;
  examples.x = {x.data(), 1, 2, 2};
  examples.y = {y.data(), 1, 1, 1};
  const Trace<double> trace = network.trace(examples, to_spec(BinaryCrossEntropy{}), 0.1);
  const TracedLayer<double>&first = trace.layers[0], &second = trace.layers[1];
  CHECK_CLOSE(first.z, {0.43, 1.42});
  CHECK_CLOSE(first.a, {0.6058736684, 0.8053384164});
  CHECK_CLOSE(second.z, {1.245498992});
  CHECK_CLOSE(second.a, {0.7765197428});
  CHECK_CLOSE(trace.y_hat, {0.7765197428});
  CHECK_CLOSE({trace.loss}, {0.2529332114});
  CHECK_CLOSE(trace.losses, {0.2529332114});
  CHECK_CLOSE(second.da, {-1.2877972638});
  CHECK_CLOSE(second.dz, {-0.2234802572});
  CHECK_CLOSE(second.db, {-0.2234802572});
  CHECK_CLOSE(second.dw, {-0.1354008033, -0.1799772365});
  CHECK_CLOSE(first.da, {-0.0670440772, -0.1564361801});
  CHECK_CLOSE(first.slope, {0.2387907663, 0.1567684515});
  CHECK_CLOSE(first.dz, {-0.0160095066, -0.0245242577});
  CHECK_CLOSE(first.db, {-0.0160095066, -0.0245242577});
  CHECK_CLOSE(first.dw, {-0.0080047533, -0.0032019013, -0.0122621289, -0.0049048515});
  CHECK_CLOSE(trace.dx, {-0.0212203568, -0.0211183572});
  CHECK_CLOSE(first.new_w, {0.1008004753, 0.4003201901, 0.8012262129, 0.6004904852});
  CHECK_CLOSE(first.new_b, {0.3016009507, 0.9024524258});
  CHECK_CLOSE(second.new_w, {0.3135400803, 0.7179977236});
  CHECK_CLOSE(second.new_b, {0.5223480257});
  CHECK_CLOSE({trace.new_loss}, {0.2429308619});
}

// The step that is shown is the one that train_step makes, to the bit.
TEST(trace_is_what_train_step_does) {
  for_each_dtype([]<class T>() {
    for_each_network<T>([]<class Loss>(Network<T>& network, const TestData<T>& data) {
      const FormulaSpec loss = to_spec(Loss{});
      const double rate = 0.125;
      const std::vector<T> before = parameters_of(network);
      const Trace<T> trace = network.trace(data.examples(), loss, rate);
      CHECK(same_bits(parameters_of(network), before));
      CHECK_EQUAL(network.training_forwards(), 0);
      const auto check_parameters = [&](auto weight, auto bias) {
        for (std::size_t s = 0; s < trace.layers.size(); ++s) {
          const Stage& stage = network.table().stages[s];
          CHECK(same_bits(trace.layers[s].*weight,
                          tensor_of(network.table(), stage.weight, network.parameters())));
          CHECK(same_bits(trace.layers[s].*bias,
                          tensor_of(network.table(), stage.bias, network.parameters())));
        }
      };
      check_parameters(&TracedLayer<T>::w, &TracedLayer<T>::b);
      network.set_optimizer(to_spec(Sgd{}));
      CHECK_EQUAL(network.train_step(data.examples(), loss, &rate), trace.loss);
      check_parameters(&TracedLayer<T>::new_w, &TracedLayer<T>::new_b);
      if (suits<Loss>(predict(network, data.inputs())))
        CHECK_EQUAL(mean_loss(network, data.examples(), loss), trace.new_loss);
    });
  });
}

TEST(trace_has_what_the_other_calls_give) {
  for_each_dtype([]<class T>() {
    for_each_network<T>([]<class Loss>(Network<T>& network, const TestData<T>& data) {
      const FormulaSpec loss = to_spec(Loss{});
      const Trace<T> trace = network.trace(data.examples(), loss, 0.1);
      Gradients<T> gradients = network.gradients(data.examples(), loss, false);
      for (std::size_t s = 0; s < trace.layers.size(); ++s) {
        const Stage& stage = network.table().stages[s];
        CHECK(same_bits(trace.layers[s].dw,
                        tensor_of(network.table(), stage.weight, gradients.flat.data())));
        CHECK(same_bits(trace.layers[s].db,
                        tensor_of(network.table(), stage.bias, gradients.flat.data())));
      }
      std::vector<T> dx(kRows * kFeatures), losses(kRows);
      network.input_gradients(gradients, {dx.data(), kRows, kFeatures, kFeatures});
      network.example_losses(data.examples(), loss, losses.data());
      CHECK(same_bits(trace.dx, dx));
      CHECK(same_bits(trace.losses, losses));
      CHECK(same_bits(trace.y_hat, predict(network, data.inputs())));
      CHECK(same_bits(trace.layers.back().a, trace.y_hat));
    });
  });
}

// dZ = dA * f'(Z) below the loss, and the slope is there exactly where one elementwise activation
// stands.
TEST(trace_slopes) {
  for_each_dtype([]<class T>() {
    for_each_network<T>([]<class Loss>(Network<T>& network, const TestData<T>& data) {
      const Trace<T> trace = network.trace(data.examples(), to_spec(Loss{}), 0.1);
      for (std::size_t s = 0; s < trace.layers.size(); ++s) {
        const std::vector<Link>& links = network.table().stages[s].links;
        bool elementwise = links.size() <= 1;
        for (const Link& link : links)
          with_member(Activations{}, "activation", name_of(link),
                      [&]<class F>() { elementwise = elementwise && !F::row_wise; });
        const TracedLayer<T>& layer = trace.layers[s];
        CHECK_EQUAL(layer.slope.size(), elementwise ? layer.z.size() : 0);
        if (!elementwise) continue;
        for (std::size_t i = 0; i < layer.z.size(); ++i) {
          const T product = layer.da[i] * layer.slope[i];
          if (s + 1 < trace.layers.size())
            CHECK_EQUAL(layer.dz[i], product);
          else  // the fused form: equal to some roundings of numbers below 1
            CHECK(std::abs(static_cast<double>(layer.dz[i] - product)) <= 32 * kRoundoff<T>);
        }
      }
    });
  });
}

// Z = W A_prev + b and dA_prev = W^T dZ hold between the numbers shown.
TEST(trace_products) {
  for_each_network<double>([]<class Loss>(Network<double>& network, const TestData<double>& data) {
    const Trace<double> trace = network.trace(data.examples(), to_spec(Loss{}), 0.1);
    for (std::size_t s = 1; s < trace.layers.size(); ++s) {
      const TracedLayer<double>&below = trace.layers[s - 1], &layer = trace.layers[s];
      const std::size_t n_in = below.a.size() / kRows, n_out = layer.z.size() / kRows;
      const double unit = 40 * kRoundoff<double>;  // chains of at most 20
      for (std::size_t e = 0; e < kRows; ++e) {
        for (std::size_t o = 0; o < n_out; ++o) {
          double z = layer.b.empty() ? 0.0 : layer.b[o], size = std::abs(z);
          for (std::size_t i = 0; i < n_in; ++i) {
            const double term = layer.w[o * n_in + i] * below.a[e * n_in + i];
            z += term;
            size += std::abs(term);
          }
          CHECK(std::abs(z - layer.z[e * n_out + o]) <= unit * size);
        }
        for (std::size_t i = 0; i < n_in; ++i) {
          double da = 0.0, size = 0.0;
          for (std::size_t o = 0; o < n_out; ++o) {
            const double term = layer.w[o * n_in + i] * layer.dz[e * n_out + o];
            da += term;
            size += std::abs(term);
          }
          CHECK(std::abs(da - below.da[e * n_in + i]) <= unit * size);
        }
      }
    }
  });
}

// A step can lead to predictions that are no probabilities: then there is no new loss.
TEST(trace_of_a_step_too_far) {
  for_each_loss(kOutputs, []<class Loss>() {
    Network<double> network(network_spec<double>(1, {dense(1, "identity", false)}));
    with_parameters(network, {{0.5}});
    const std::vector<double> x = {1.0}, y = {1.0};
    Examples<double> examples;
    examples.x = {x.data(), 1, 1, 1};
    examples.y = {y.data(), 1, 1, 1};
    CHECK(std::isfinite(network.trace(examples, to_spec(Loss{}), 0.01).new_loss));
    const Trace<double> trace = network.trace(examples, to_spec(Loss{}), 100.0);
    CHECK_EQUAL(std::isnan(trace.new_loss), Loss::predictions.high == 1);
    CHECK(std::isfinite(trace.loss));
    // One output has the direction of its target from the start.
    if (!std::is_same_v<Loss, Cosine>) CHECK(trace.layers[0].new_w[0] > 1.0);
  });
}

}  // namespace chainrule
