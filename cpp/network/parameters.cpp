#include "network/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "base/float_environment.hpp"
#include "base/random.hpp"
#include "kernels/panels.hpp"
#include "network/tensor_names.hpp"

namespace chainrule {

namespace {

ActivationUse use_of(const FormulaSpec& spec) {
  const Index index = find_by_name(Activations{}, spec.name);
  if (index < 0) throw_unknown("activation", spec.name, names(Activations{}));
  return {index, spec};
}

bool is_identity(const FormulaSpec& spec) { return spec.name == Identity::name; }

// The activation behind Dense layer `layer`: its own, or the next one before another Dense.
std::string activation_behind(const NetworkSpec& spec, std::size_t layer) {
  const auto& dense = std::get<DenseSpec>(spec.layers[layer]);
  if (!is_identity(dense.activation)) return dense.activation.name;
  for (std::size_t i = layer + 1; i < spec.layers.size(); ++i) {
    const auto* activation = std::get_if<ActivationSpec>(&spec.layers[i]);
    if (activation == nullptr) break;
    if (!is_identity(activation->activation)) return activation->activation.name;
  }
  return Identity::name;
}

FormulaSpec default_initializer(const NetworkSpec& spec, std::size_t layer) {
  FormulaSpec initializer;
  with_member(Activations{}, "activation", activation_behind(spec, layer), [&]<class F>() {
    initializer = default_spec(Initializers{}, "initializer", F::initializer);
  });
  return initializer;
}

}  // namespace

template <class T>
ParameterTable<T>::ParameterTable(const NetworkSpec& spec) {
  Index width = spec.n_features;
  const auto add_segment = [&](const std::string& name, bool is_weight, Index n_out, Index n_in) {
    const Index padded = is_weight ? panels_size<T>(n_out, n_in) : round_up(n_out, kLanes<T>);
    segments.push_back({name, is_weight, n_out, n_in, size, padded});
    size += padded;
    n_parameters += n_out * n_in;
    return static_cast<Index>(segments.size()) - 1;
  };
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const auto layer = static_cast<Index>(i);
    if (const auto* dense = std::get_if<DenseSpec>(&spec.layers[i])) {
      Stage stage{layer, width, dense->units, -1, -1, {}};
      stage.weight = add_segment(parameter_name(layer, "weight"), true, dense->units, width);
      if (dense->bias)
        stage.bias = add_segment(parameter_name(layer, "bias"), false, dense->units, 1);
      if (!is_identity(dense->activation)) stage.activations.push_back(use_of(dense->activation));
      width = dense->units;
      stages.push_back(std::move(stage));
    } else {
      const FormulaSpec& activation = std::get<ActivationSpec>(spec.layers[i]).activation;
      auto& uses = stages.empty() ? input_activations : stages.back().activations;
      if (!is_identity(activation)) uses.push_back(use_of(activation));
    }
  }
  check(!stages.empty(), "layers: expected at least one Dense layer, got none");
}

template <class T>
void read_tensor(const Segment& segment, const T* block, T* tensor) {
  const T* data = block + segment.offset;
  if (segment.is_weight)
    unpack<T>(data, {tensor, segment.n_out, segment.n_in, segment.n_in});
  else
    std::copy_n(data, segment.n_out, tensor);
}

template <class T>
void write_tensor(const Segment& segment, const T* tensor, T* block) {
  T* data = block + segment.offset;
  if (segment.is_weight)
    pack<T>({tensor, segment.n_out, segment.n_in, segment.n_in}, data);
  else
    std::copy_n(tensor, segment.n_out, data);
}

template <class T>
void initialize(const NetworkSpec& spec, const ParameterTable<T>& table, std::uint64_t seed,
                T* block) {
  std::vector<double> unit;
  std::vector<T> tensor;
  const auto fill = [&](const FormulaSpec& initializer, const Segment& segment,
                        const Stage& stage) {
    const Purpose purpose = segment.is_weight ? Purpose::kWeights : Purpose::kBiases;
    unit.resize(static_cast<std::size_t>(segment.n_in));
    tensor.resize(static_cast<std::size_t>(segment.n_parameters()));
    with_member(Initializers{}, "initializer", initializer.name, [&]<class F>() {
      const F formula = from_spec<F>(initializer);
      for (Index o = 0; o < segment.n_out; ++o) {
        formula.fill({static_cast<double>(stage.n_in),
                      static_cast<double>(stage.n_out),
                      {seed, purpose, stage.layer, 0},
                      o},
                     unit);
        std::transform(unit.begin(), unit.end(), tensor.begin() + o * segment.n_in,
                       [](double x) { return static_cast<T>(x); });
      }
    });
    write_tensor(segment, tensor.data(), block);
  };
  for (const Stage& stage : table.stages) {
    const auto layer = static_cast<std::size_t>(stage.layer);
    const auto& dense = std::get<DenseSpec>(spec.layers[layer]);
    fill(dense.initializer ? *dense.initializer : default_initializer(spec, layer),
         table.segments[static_cast<std::size_t>(stage.weight)], stage);
    if (stage.bias >= 0)
      fill(dense.bias_initializer, table.segments[static_cast<std::size_t>(stage.bias)], stage);
  }
}

template <class T>
Index first_nonfinite_stage(const ParameterTable<T>& table, const T* block) {
  const auto is_finite = [&](Index id) {
    if (id < 0) return true;
    const Segment& segment = table.segments[static_cast<std::size_t>(id)];
    return all_finite(MatrixView<const T>{block + segment.offset, 1, segment.size, segment.size});
  };
  for (std::size_t s = 0; s < table.stages.size(); ++s)
    if (!is_finite(table.stages[s].weight) || !is_finite(table.stages[s].bias))
      return static_cast<Index>(s) + 1;
  return 0;
}

template <class T>
double norm(const ParameterTable<T>& table, const T* block) {
  const FloatEnvironment environment;
  double total = 0.0;
  for (const Segment& segment : table.segments) {
    const T* data = block + segment.offset;
    for (Index o = 0; o < segment.n_out; ++o) {
      double unit = 0.0;
      for (Index i = 0; i < segment.n_in; ++i) {
        const auto x = static_cast<double>(
            segment.is_weight ? data[panel_offset<T>(segment.n_in, o, i)] : data[o]);
        unit += x * x;
      }
      total += unit;
    }
  }
  return std::sqrt(total);
}

#define CHAINRULE_INSTANTIATE(T)                                                             \
  template struct ParameterTable<T>;                                                         \
  template void read_tensor(const Segment&, const T*, T*);                                   \
  template void write_tensor(const Segment&, const T*, T*);                                  \
  template void initialize(const NetworkSpec&, const ParameterTable<T>&, std::uint64_t, T*); \
  template Index first_nonfinite_stage(const ParameterTable<T>&, const T*);                  \
  template double norm(const ParameterTable<T>&, const T*);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
