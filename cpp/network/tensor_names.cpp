#include "network/tensor_names.hpp"

#include <numeric>

#include "network/links.hpp"

namespace chainrule {

namespace {

// The vectors of a layer with `width` outputs beside weights and biases: those that are learned, or
// those that follow the batches.
void visit_vectors(const LayerSpec& spec, Index layer, Dtype dtype, Index width, bool learned,
                   const TensorVisitor& visit) {
  std::optional<Link> link = link_of(spec, layer);
  if (!link) return;
  for_each_vector(*link, [&](const char* name, double, bool is_learned, Index&) {
    if (is_learned == learned) visit({parameter_name(layer, name), {width}, dtype});
  });
}

void visit_parameters(const NetworkSpec& network, const TensorVisitor& visit) {
  const Dtype dtype = dtype_of(network);
  Index width = network.n_features;
  for (Index i = 0; i < std::ssize(network.layers); ++i) {
    const LayerSpec& spec = network.layers[static_cast<std::size_t>(i)];
    if (const auto* dense = std::get_if<DenseSpec>(&spec)) {
      visit({parameter_name(i, "weight"), {dense->units, width}, dtype});
      if (dense->bias) visit({parameter_name(i, "bias"), {dense->units}, dtype});
      width = dense->units;
    }
    visit_vectors(spec, i, dtype, width, true, visit);
  }
}

void visit_statistics(const NetworkSpec& network, const TensorVisitor& visit) {
  Index width = network.n_features;
  for (Index i = 0; i < std::ssize(network.layers); ++i) {
    const LayerSpec& spec = network.layers[static_cast<std::size_t>(i)];
    if (const auto* dense = std::get_if<DenseSpec>(&spec)) width = dense->units;
    visit_vectors(spec, i, dtype_of(network), width, false, visit);
  }
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
  visit_statistics(model.network, visit);
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
