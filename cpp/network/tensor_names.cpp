#include "network/tensor_names.hpp"

#include <functional>
#include <numeric>

namespace chainrule {

namespace {

// What a layer adds, for `width` inputs; afterwards `width` is the number of its outputs.
void add_tensors(const DenseSpec& dense, Index layer, Dtype dtype, Index& width,
                 std::vector<TensorShape>& tensors) {
  tensors.push_back({parameter_name(layer, "weight"), {dense.units, width}, dtype});
  if (dense.bias) tensors.push_back({parameter_name(layer, "bias"), {dense.units}, dtype});
  width = dense.units;
}

void add_tensors(const ActivationSpec&, Index, Dtype, Index&, std::vector<TensorShape>&) {}

}  // namespace

Index TensorShape::size() const {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>());
}

Index TensorShape::n_bytes() const { return size() * (dtype == Dtype::f32 ? 4 : 8); }

Dtype dtype_of(const NetworkSpec& network) {
  return network.dtype == "float32" ? Dtype::f32 : Dtype::f64;
}

std::string parameter_name(Index layer, std::string_view parameter) {
  return text("layers.", layer, ".", parameter);
}

std::string slot_name(std::string_view slot, std::string_view parameter) {
  return text("optimizer.", slot, ".", parameter);
}

std::string power_name(std::string_view power) { return text("optimizer.", power); }

std::vector<TensorShape> parameter_tensors(const NetworkSpec& network) {
  std::vector<TensorShape> tensors;
  Index width = network.n_features;
  for (Index i = 0; i < std::ssize(network.layers); ++i)
    std::visit([&](const auto& layer) { add_tensors(layer, i, dtype_of(network), width, tensors); },
               network.layers[static_cast<std::size_t>(i)]);
  return tensors;
}

std::vector<TensorShape> expected_tensors(const ModelDescription& model) {
  const std::vector<TensorShape> parameters = parameter_tensors(model.network);
  std::vector<TensorShape> tensors = parameters;
  if (!model.optimizer) return tensors;
  with_member(Optimizers{}, "optimizer", model.optimizer->formula.name, [&]<class F>() {
    for (Index s = 0; s < F::n_slots; ++s)
      for (const TensorShape& parameter : parameters)
        tensors.push_back(
            {slot_name(F::slots[s], parameter.name), parameter.shape, parameter.dtype});
    for (Index p = 0; p < F::n_powers; ++p)
      tensors.push_back({power_name(F::powers[p]), {}, Dtype::f64});
  });
  return tensors;
}

}  // namespace chainrule
