// How does everything that a network knows get out and in again? As tensors under the names of
// files, with a description.
#pragma once

#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "network/network.hpp"
#include "network/tensor_names.hpp"

namespace chainrule {

// A tensor by itself, row-major.
struct StateTensor {
  TensorShape shape;
  std::vector<std::byte> bytes;
};

template <class T>
ModelDescription describe(const Network<T>& network, bool with_optimizer);

// Everything at one moment; the tensors in the order of expected_tensors(description).
struct State {
  ModelDescription description;
  std::vector<StateTensor> tensors;
};
template <class T>
State state_of(const Network<T>& network, bool with_optimizer);

// The data of each parameter tensor in the order of parameter_tensors(), null for those that stay
// as they are; all or nothing.
template <class T>
void set_parameters(Network<T>& network, std::span<const void* const> tensors);

// Parameters, optimiser and counters, in the order of expected_tensors(model).
// std::invalid_argument if the description is of another network.
template <class T>
void set_state(Network<T>& network, const ModelDescription& model,
               std::span<const void* const> tensors);

using AnyNetwork = std::variant<std::unique_ptr<Network<float>>, std::unique_ptr<Network<double>>>;

// The bytes of a model file, and the network in them; ModelFileError if they are not one.
template <class T>
std::vector<std::byte> to_bytes(const Network<T>& network, bool with_optimizer);
AnyNetwork network_from_bytes(std::span<const std::byte> bytes);

}  // namespace chainrule
