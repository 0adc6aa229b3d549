#include "network/tensor_names.hpp"

#include <numeric>

namespace chainrule {

namespace {

void visit_slopes(const FormulaSpec& activation, Index layer, Dtype dtype, Index width,
                  const TensorVisitor& visit) {
  if (initial_slope(activation)) visit({parameter_name(layer, "slope"), {width}, dtype});
}

// Those of a layer with `width` inputs; afterwards `width` is the number of its outputs.
void visit_tensors(const DenseSpec& dense, Index layer, Dtype dtype, Index& width,
                   const TensorVisitor& visit) {
  visit({parameter_name(layer, "weight"), {dense.units, width}, dtype});
  if (dense.bias) visit({parameter_name(layer, "bias"), {dense.units}, dtype});
  width = dense.units;
  visit_slopes(dense.activation, layer, dtype, width, visit);
}

void visit_tensors(const ActivationSpec& spec, Index layer, Dtype dtype, Index& width,
                   const TensorVisitor& visit) {
  visit_slopes(spec.activation, layer, dtype, width, visit);
}

// Other layers have none.
template <class Layer>
void visit_tensors(const Layer&, Index, Dtype, Index&, const TensorVisitor&) {}

void visit_parameters(const NetworkSpec& network, const TensorVisitor& visit) {
  Index width = network.n_features;
  for (Index i = 0; i < std::ssize(network.layers); ++i)
    std::visit([&](const auto& layer) { visit_tensors(layer, i, dtype_of(network), width, visit); },
               network.layers[static_cast<std::size_t>(i)]);
}

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

void visit_tensors(const ModelDescription& model, const TensorVisitor& visit) {
  visit_parameters(model.network, visit);
  if (!model.optimizer) return;
  with_member(Optimizers{}, "optimizer", model.optimizer->formula.name, [&]<class F>() {
    const F formula = from_spec<F>(model.optimizer->formula);
    for (Index s = 0; s < F::n_slots; ++s) {
      if (!uses_slot(formula, s)) continue;
      visit_parameters(model.network, [&](TensorShape tensor) {
        tensor.name = slot_name(F::slots[s], tensor.name);
        visit(std::move(tensor));
      });
    }
    for (Index p = 0; p < F::n_powers; ++p) visit({power_name(F::powers[p]), {}, Dtype::f64});
  });
}

std::vector<TensorShape> parameter_tensors(const NetworkSpec& network) {
  std::vector<TensorShape> tensors;
  visit_parameters(network, [&](TensorShape tensor) { tensors.push_back(std::move(tensor)); });
  return tensors;
}

std::vector<TensorShape> expected_tensors(const ModelDescription& model) {
  std::vector<TensorShape> tensors;
  visit_tensors(model, [&](TensorShape tensor) { tensors.push_back(std::move(tensor)); });
  return tensors;
}

}  // namespace chainrule
