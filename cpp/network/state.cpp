#include "network/state.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "network/model_file.hpp"

namespace chainrule {

namespace {

template <class V>
std::vector<std::byte> bytes_of(const V* values, Index n) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(n) * sizeof(V));
  std::memcpy(bytes.data(), values, bytes.size());
  return bytes;
}

template <class T>
void add_tensors(const std::vector<Segment>& segments, const T* block,
                 std::vector<std::vector<std::byte>>& data) {
  std::vector<T> tensor;
  for (const Segment& segment : segments) {
    tensor.resize(static_cast<std::size_t>(segment.n_parameters()));
    read_tensor(segment, block, tensor.data());
    data.push_back(bytes_of(tensor.data(), segment.n_parameters()));
  }
}

// Takes as many tensors as there are segments from the front of the list.
template <class T>
void take_tensors(const std::vector<Segment>& segments, std::span<const void* const>& tensors,
                  T* block) {
  for (const Segment& segment : segments) {
    if (tensors.front() != nullptr)
      write_tensor(segment, static_cast<const T*>(tensors.front()), block);
    tensors = tensors.subspan(1);
  }
}

// Whether they are the same, frozen or not.
bool are_alike(std::vector<LayerSpec> a, const std::vector<LayerSpec>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto* own = std::get_if<DenseSpec>(&a[i]);
    const auto* other = std::get_if<DenseSpec>(&b[i]);
    if (own != nullptr && other != nullptr) own->trainable = other->trainable;
  }
  return a == b;
}

// The caller holds the lock.
template <class T>
ModelDescription describe_locked(const Network<T>& network, bool with_optimizer) {
  ModelDescription model;
  model.network = network.spec();
  if (with_optimizer && network.optimizer_state())
    model.optimizer = network.optimizer_state()->spec;
  model.training_forwards = network.training_forwards();
  model.epochs = network.epochs();
  return model;
}

}  // namespace

template <class T>
ModelDescription describe(const Network<T>& network, bool with_optimizer) {
  const std::shared_lock lock(network.mutex());
  return describe_locked(network, with_optimizer);
}

template <class T>
State state_of(const Network<T>& network, bool with_optimizer) {
  const std::shared_lock lock(network.mutex());
  std::vector<std::vector<std::byte>> data;
  const ParameterTable<T>& table = network.table();
  add_tensors(table.segments, network.parameters(), data);
  add_tensors(table.statistics, network.parameters(), data);
  const auto& optimizer = network.optimizer_state();
  if (with_optimizer && optimizer) {
    for (const AlignedBuffer<T>& slot : optimizer->slots)
      if (slot.size() > 0) add_tensors(table.segments, slot.data(), data);
    for (const double& power : optimizer->powers) data.push_back(bytes_of(&power, 1));
  }
  State state{describe_locked(network, with_optimizer), {}};
  std::vector<TensorShape> shapes = expected_tensors(state.description);
  for (std::size_t i = 0; i < shapes.size(); ++i)
    state.tensors.push_back({std::move(shapes[i]), std::move(data[i])});
  return state;
}

template <class T>
void set_parameters(Network<T>& network, std::span<const void* const> tensors) {
  const std::unique_lock lock(network.mutex());
  take_tensors(network.table().segments, tensors, network.parameters());
  network.parameters_changed();
}

template <class T>
void set_state(Network<T>& network, const ModelDescription& model,
               std::span<const void* const> tensors) {
  const NetworkSpec& own = network.spec();
  check(model.network.dtype == own.dtype && model.network.n_features == own.n_features &&
            are_alike(model.network.layers, own.layers),
        "state: expected that of a network with the same layers and dtype");
  std::optional<OptimizerState<T>> optimizer;
  if (model.optimizer) optimizer.emplace(model.optimizer->formula, network.table().size);
  std::optional<FormulaSpec> loss = model.network.loss;
  const std::unique_lock lock(network.mutex());  // nothing fails from here on
  const ParameterTable<T>& table = network.table();
  take_tensors(table.segments, tensors, network.parameters());
  take_tensors(table.statistics, tensors, network.parameters());
  if (optimizer) {
    optimizer->spec.updates = model.optimizer->updates;
    for (AlignedBuffer<T>& slot : optimizer->slots)
      if (slot.size() > 0) take_tensors(table.segments, tensors, slot.data());
    for (std::size_t p = 0; p < optimizer->powers.size(); ++p)
      optimizer->powers[p] = *static_cast<const double*>(tensors[p]);
  }
  network.optimizer_state() = std::move(optimizer);
  for (std::size_t i = 0; i < model.network.layers.size(); ++i)
    if (const auto* dense = std::get_if<DenseSpec>(&model.network.layers[i]))
      network.set_trainable(static_cast<Index>(i), dense->trainable);
  network.set_counters(model.training_forwards, model.epochs);
  network.set_loss(std::move(loss));
  network.set_seed(model.network.seed);
  network.parameters_changed();
}

template <class T>
std::vector<std::byte> to_bytes(const Network<T>& network, bool with_optimizer) {
  const State state = state_of(network, with_optimizer);
  std::vector<NamedTensor> named;
  for (const StateTensor& tensor : state.tensors) named.push_back({tensor.shape, tensor.bytes});
  return write_model(state.description, named);
}

AnyNetwork network_from_bytes(std::span<const std::byte> bytes) {
  const Model model = read_model(bytes);
  const auto build = [&]<class T>(T) -> AnyNetwork {
    auto network = std::make_unique<Network<T>>(model.description.network, Start::zero);
    std::vector<std::vector<std::byte>> aligned;  // tensors of a file may lie at any address
    std::vector<const void*> data;
    for (const NamedTensor& tensor : model.tensors) {
      aligned.emplace_back(tensor.data.begin(), tensor.data.end());
      data.push_back(aligned.back().data());
    }
    set_state(*network, model.description, data);
    return network;
  };
  return model.description.network.dtype == "float32" ? build(float{}) : build(double{});
}

#define CHAINRULE_INSTANTIATE(T)                                                               \
  template ModelDescription describe(const Network<T>&, bool);                                 \
  template State state_of(const Network<T>&, bool);                                            \
  template void set_parameters(Network<T>&, std::span<const void* const>);                     \
  template void set_state(Network<T>&, const ModelDescription&, std::span<const void* const>); \
  template std::vector<std::byte> to_bytes(const Network<T>&, bool);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
