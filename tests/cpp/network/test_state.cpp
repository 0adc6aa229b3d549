#include "network/state.hpp"

#include <atomic>
#include <thread>

#include "network/fixtures.hpp"
#include "network/model_file.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

template <class T>
NetworkSpec example(std::uint64_t seed = 7) {
  NetworkSpec spec = network_spec<T>(
      kFeatures, {activation("tanh"), dense(17, "relu"), dense(9, "identity", false), BatchNorm{},
                  activation("relu"), ResidualSpec{2}, LayerNorm{}, dense(9), Scale{0.5},
                  dense(kOutputs, "softmax")});
  spec.seed = seed;
  return spec;
}

// Trained for a while, so that no slot and no counter is where it began.
template <class T>
void train(Network<T>& network, const FormulaSpec& optimizer) {
  const TestData<T> data(20, kFeatures, kOutputs);
  network.set_optimizer(optimizer);
  for (int i = 0; i < 3; ++i) network.train_step(data.examples(), to_spec(CrossEntropy{}), nullptr);
  network.gradients(data.examples(), to_spec(CrossEntropy{}), true);
  network.end_epoch();
}

std::vector<const void*> data_of(const std::vector<StateTensor>& tensors) {
  std::vector<const void*> data;
  for (const StateTensor& tensor : tensors) data.push_back(tensor.bytes.data());
  return data;
}

// Calls f.template operator()<T>(network) for both dtypes and every optimiser, and without one.
template <class F>
void for_each_network(F&& f) {
  for_each_dtype([&]<class T>() {
    const Network<T> fresh(example<T>());
    f.template operator()<T>(fresh);
    for_each_type(AllOptimizers{}, [&]<class Optimizer>() {
      Optimizer optimizer;
      if constexpr (requires { optimizer.momentum; }) optimizer.momentum = 0.5;
      Network<T> network(example<T>());
      network.set_loss(to_spec(CrossEntropy{}));
      train(network, to_spec(optimizer));
      f.template operator()<T>(network);
    });
  });
}

}  // namespace

TEST(state_of_a_network) {
  for_each_network([]<class T>(const Network<T>& network) {
    const ModelDescription model = describe(network, true);
    CHECK(model.network == network.spec());
    CHECK(model.optimizer == network.optimizer());
    CHECK(!describe(network, false).optimizer);
    CHECK_EQUAL(model.training_forwards, network.training_forwards());
    CHECK_EQUAL(model.epochs, network.epochs());
    for (const bool with_optimizer : {false, true}) {
      const std::vector<TensorShape> shapes = expected_tensors(describe(network, with_optimizer));
      const std::vector<StateTensor> tensors = state_of(network, with_optimizer).tensors;
      CHECK_EQUAL(tensors.size(), shapes.size());
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        CHECK(tensors[i].shape == shapes[i]);
        CHECK_EQUAL(std::ssize(tensors[i].bytes), shapes[i].n_bytes());
      }
    }
  });
}

// Tensors are the logical ones: parameters, statistics, then slot by slot, then powers.
TEST(state_tensors_are_those_of_the_blocks) {
  for_each_network([]<class T>(const Network<T>& network) {
    const std::vector<StateTensor> tensors = state_of(network, true).tensors;
    std::size_t i = 0;
    const auto check_tensors = [&](const std::vector<Segment>& segments, const T* block) {
      for (const Segment& segment : segments) {
        std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
        read_tensor(segment, block, tensor.data());
        CHECK(tensors[i].shape.name.ends_with(segment.name));
        CHECK(std::memcmp(tensors[i].bytes.data(), tensor.data(), tensors[i].bytes.size()) == 0);
        ++i;
      }
    };
    const ParameterTable<T>& table = network.table();
    check_tensors(table.segments, network.parameters());
    check_tensors(table.statistics, network.parameters());
    if (network.optimizer_state())
      for (const AlignedBuffer<T>& slot : network.optimizer_state()->slots)
        if (slot.size() > 0) check_tensors(table.segments, slot.data());
    if (network.optimizer_state())
      for (const double& power : network.optimizer_state()->powers)
        CHECK(std::memcmp(tensors[i++].bytes.data(), &power, sizeof power) == 0);
    CHECK_EQUAL(i, tensors.size());
  });
}

// Whatever the other network was before.
TEST(state_goes_into_another_network) {
  for_each_network([]<class T>(const Network<T>& network) {
    Network<T> other(example<T>(99));
    train(other, to_spec(Adam{}));
    const std::int64_t version = other.version();
    set_state(other, describe(network, true), data_of(state_of(network, true).tensors));
    CHECK(same_state(network, other));
    CHECK(network.spec() == other.spec());
    CHECK(other.version() > version);
    CHECK(padding_is_zero(other.table(), other.parameters()));
    CHECK(same_bits(to_bytes(network, true), to_bytes(other, true)));
    set_state(other, describe(network, false), data_of(state_of(network, false).tensors));
    CHECK(!other.optimizer());
    CHECK(same_bits(parameters_of(network), parameters_of(other)));
  });
}

TEST(state_of_another_network_is_refused) {
  const Network<float> network(example<float>());
  const std::vector<StateTensor> tensors = state_of(network, false).tensors;
  NetworkSpec wider = example<float>(), more_inputs = example<float>(),
              more_layers = example<float>();
  std::get<DenseSpec>(wider.layers[1]).units = 18;
  more_inputs.n_features = 5;
  more_layers.layers.push_back(activation("tanh"));
  for (const NetworkSpec& spec : {wider, more_inputs, more_layers}) {
    Network<float> other(spec);
    const std::vector<float> before = parameters_of(other);
    CHECK_THROWS((set_state(other, describe(network, false), data_of(tensors)), 0),
                 "same layers and dtype");
    CHECK(same_bits(parameters_of(other), before));
  }
  Network<double> other(example<double>());
  CHECK_THROWS((set_state(other, describe(network, false), data_of(tensors)), 0),
               "same layers and dtype");
}

// A wrong optimiser is refused before anything is written.
TEST(state_with_a_wrong_optimizer_is_refused) {
  Network<float> network(example<float>(1)), other(example<float>(2));
  train(network, to_spec(Adam{}));
  const std::vector<float> before = parameters_of(other);
  ModelDescription model = describe(network, true);
  model.optimizer->formula.values[0] = -1.0;
  CHECK_THROWS((set_state(other, model, data_of(state_of(network, true).tensors)), 0),
               "learning_rate");
  CHECK(same_bits(parameters_of(other), before));
}

TEST(state_sets_parameters_alone) {
  for_each_dtype([]<class T>() {
    Network<T> network(example<T>(1)), other(example<T>(2));
    train(network, to_spec(Adam{}));
    train(other, to_spec(Sgd{}));
    const auto optimizer = other.optimizer();
    const std::int64_t version = other.version();
    std::vector<T> expected = parameters_of(other);  // whose statistics stay
    std::copy_n(network.parameters(), network.table().size, expected.begin());
    set_parameters(other, data_of(state_of(network, false).tensors));
    CHECK(same_bits(parameters_of(other), expected));
    CHECK(other.optimizer() == optimizer);
    CHECK_EQUAL(other.spec().seed, 2u);
    CHECK(other.version() > version);
    // Those that are not given stay.
    std::vector<const void*> tensors = data_of(state_of(network, false).tensors);
    tensors.assign(tensors.size(), nullptr);
    set_parameters(other, tensors);
    CHECK(same_bits(parameters_of(other), expected));
  });
}

TEST(state_goes_through_bytes) {
  for_each_network([]<class T>(const Network<T>& network) {
    for (const bool with_optimizer : {false, true}) {
      const std::vector<std::byte> bytes = to_bytes(network, with_optimizer);
      const AnyNetwork any = network_from_bytes(bytes);
      const auto* loaded = std::get_if<std::unique_ptr<Network<T>>>(&any);
      CHECK(loaded != nullptr);
      if (loaded == nullptr) continue;
      CHECK((*loaded)->spec() == network.spec());
      CHECK(same_bits(parameters_of(**loaded), parameters_of(network)));
      CHECK_EQUAL(same_state(**loaded, network), with_optimizer || !network.optimizer());
      CHECK(same_bits(to_bytes(**loaded, with_optimizer), bytes));
    }
  });
}

// A network that was loaded trains on as the one that was saved.
TEST(state_is_all_that_training_needs) {
  for_each_network([]<class T>(const Network<T>& network) {
    const FormulaSpec optimizer =
        network.optimizer() ? network.optimizer()->formula : to_spec(Adam{});
    Network<T> saved(network.spec());
    saved.restore(network.snapshot());
    const AnyNetwork any = network_from_bytes(to_bytes(network, true));
    Network<T>& loaded = *std::get<std::unique_ptr<Network<T>>>(any);
    train(saved, optimizer);
    train(loaded, optimizer);
    CHECK(same_state(saved, loaded));
  });
}

TEST(state_of_bytes_that_are_no_model) {
  std::vector<std::byte> bytes = to_bytes(Network<float>(example<float>()), false);
  const auto refused = [](std::span<const std::byte> file) {
    try {
      network_from_bytes(file);
    } catch (const ModelFileError&) {
      return true;
    }
    return false;
  };
  CHECK(!refused(bytes));
  CHECK(refused({}));
  CHECK(refused(std::span(bytes).first(bytes.size() - 1)));
  bytes[bytes.size() - 1] ^= std::byte{1};
  CHECK(refused(bytes));
}

// A file that is written while another thread trains is of one moment: powers belong to the
// updates.
TEST(state_is_of_one_moment) {
  Network<double> network(example<double>());
  const Adam adam;
  train(network, to_spec(adam));
  std::atomic<bool> done = false;
  std::thread trainer([&] {
    const TestData<double> data(4, kFeatures, kOutputs);
    while (!done) network.train_step(data.examples(), to_spec(CrossEntropy{}), nullptr);
  });
  for (int i = 0; i < 200; ++i) {
    const std::vector<std::byte> bytes = to_bytes(network, true);
    const Model model = read_model(bytes);
    double power = 1.0, written;
    for (std::int64_t t = 0; t < model.description.optimizer->updates; ++t) power *= adam.beta_2;
    std::memcpy(&written, model.tensors.back().data.data(), sizeof written);
    CHECK_EQUAL(written, power);
  }
  done = true;
  trainer.join();
}

}  // namespace chainrule
