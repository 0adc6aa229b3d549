#include "network/tensor_names.hpp"

#include <numeric>

#include "network/links.hpp"

namespace chainrule {

namespace {

// The vectors of a layer beside weights and biases: those that are learned, or those that follow
// the batches.
void visit_vectors(const LayerSpec& spec, const LayerPlace& place, Dtype dtype, bool learned,
                   const TensorVisitor& visit) {
  std::optional<Link> link = link_of(spec, place.layer);
  if (!link) return;
  for_each_vector(*link, [&](const char* name, double, bool is_learned, Index&) {
    if (is_learned == learned) visit({parameter_name(place, name), {place.n_out}, dtype});
  });
}

void visit_parameters(const NetworkSpec& network, const TensorVisitor& visit) {
  const Dtype dtype = dtype_of(network);
  walk(network, [&](const LayerSpec& spec, const LayerPlace& place) {
    if (const auto* dense = std::get_if<DenseSpec>(&spec)) {
      visit({parameter_name(place, "weight"), {place.n_out, place.n_in}, dtype});
      if (dense->bias) visit({parameter_name(place, "bias"), {place.n_out}, dtype});
    }
    visit_vectors(spec, place, dtype, true, visit);
  });
}

void visit_statistics(const NetworkSpec& network, const TensorVisitor& visit) {
  walk(network, [&](const LayerSpec& spec, const LayerPlace& place) {
    visit_vectors(spec, place, dtype_of(network), false, visit);
  });
}

}  // namespace

Index TensorShape::size() const {
  return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>());
}

Index TensorShape::n_bytes() const { return size() * (dtype == Dtype::f32 ? 4 : 8); }

Dtype dtype_of(const NetworkSpec& network) {
  return network.dtype == "float32" ? Dtype::f32 : Dtype::f64;
}

std::string parameter_name(const LayerPlace& place, std::string_view parameter) {
  return text(place.name(), ".", parameter);
}

std::string slot_name(std::string_view slot, std::string_view parameter) {
  return text("optimizer.", slot, ".", parameter);
}

std::string power_name(std::string_view power) { return text("optimizer.", power); }

void visit_tensors(const ModelDescription& model, const TensorVisitor& visit) {
  visit_parameters(model.network, visit);
  visit_statistics(model.network, visit);
  if (!model.optimizer) return;
  with_member(AllOptimizers{}, "optimizer", model.optimizer->formula.name, [&]<class F>() {
    const F formula = from_spec<F>(model.optimizer->formula);
    for (Index s = 0; s < count_slots(formula); ++s) {
      if (!uses_slot(formula, s)) continue;
      visit_parameters(model.network, [&](TensorShape tensor) {
        tensor.name = slot_name(name_of_slot<F>(s), tensor.name);
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
