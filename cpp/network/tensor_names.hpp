// Which tensors does a model have, in which order, and what are they called? The one place that
// says so, for files, the parameter table and Python.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "network/layer_walk.hpp"

namespace chainrule {

enum class Dtype { f32, f64 };

struct TensorShape {
  std::string name;
  std::vector<Index> shape;  // row-major; {} is a single number
  Dtype dtype = Dtype::f32;

  Index size() const;
  Index n_bytes() const;

  bool operator==(const TensorShape&) const = default;
};

Dtype dtype_of(const NetworkSpec& network);

// "layers.0.weight", "layers.3.block.0.bias"
std::string parameter_name(const LayerPlace& place, std::string_view parameter);
// "optimizer.exp_avg.layers.0.weight"
std::string slot_name(std::string_view slot, std::string_view parameter);
// "optimizer.beta_1_power"
std::string power_name(std::string_view power);

// Weights (n_out, n_in), and biases, slopes and factors (n_out) of the layers in order.
std::vector<TensorShape> parameter_tensors(const NetworkSpec& network);

// All tensors of a model file: parameters, then the statistics that follow the batches, then for
// each slot that the optimiser uses one for each parameter, then its powers, each a float64 number.
std::vector<TensorShape> expected_tensors(const ModelDescription& model);

// The same one by one, for whom the list of them is too long before they are known to be there.
using TensorVisitor = std::function<void(TensorShape)>;
void visit_tensors(const ModelDescription& model, const TensorVisitor& visit);

}  // namespace chainrule
