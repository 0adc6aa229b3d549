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

bool is_identity(const FormulaSpec& spec) { return spec.name == Identity::name; }

// The activation behind Dense layer `layer`: its own, or the next one before another Dense, whether
// a block begins or ends between them or not.
std::string activation_behind(const NetworkSpec& spec, std::size_t layer) {
  const auto& dense = std::get<DenseSpec>(spec.layers[layer]);
  if (!is_identity(dense.activation)) return dense.activation.name;
  for (std::size_t i = layer + 1; i < spec.layers.size(); ++i) {
    if (std::holds_alternative<DenseSpec>(spec.layers[i])) break;
    const auto* activation = std::get_if<ActivationSpec>(&spec.layers[i]);
    if (activation != nullptr && !is_identity(activation->activation))
      return activation->activation.name;
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
  walk(
      spec,
      [&](const LayerSpec& layer, const LayerPlace& place) {
        if (const auto* dense = std::get_if<DenseSpec>(&layer)) add_dense(*dense, place);
        if (auto link = link_of(layer, place.layer)) add_link(std::move(*link), place);
      },
      [&](const LayerPlace& residual) { add_link(Sum{}, residual); });
  check(!stages.empty(), "layers: expected at least one Dense layer, got none");
  for (Segment& segment : segments)
    if (const auto* dense =
            std::get_if<DenseSpec>(&spec.layers[static_cast<std::size_t>(segment.layer)]))
      set_up(segment, *dense);
  block_size = size;
  for (Segment& segment : statistics) {
    segment.offset = block_size;
    block_size += segment.size;
  }
}

template <class T>
void ParameterTable<T>::add_dense(const DenseSpec& dense, const LayerPlace& place) {
  Stage stage{place.layer, place.n_in, place.n_out, -1, -1, {}};
  stage.weight = add_segment(place, "weight", place.n_in, true);
  if (dense.bias) stage.bias = add_segment(place, "bias", 1, false);
  stages.push_back(std::move(stage));
  frozen.push_back(dense.trainable ? 0 : 1);
  scaled_by_data.push_back(dense.initializer && is_scaled_by_data(*dense.initializer) ? 1 : 0);
}

template <class T>
void ParameterTable<T>::add_link(Link link, const LayerPlace& place) {
  for_each_vector(link, [&](const char* name, double initial, bool is_learned, Index& id) {
    if (is_learned) {
      id = add_segment(place, name, 1, false);
      segments.back().initial = initial;
    } else {
      id = std::ssize(statistics);
      statistics.push_back({parameter_name(place, name), place.layer, false, place.n_out, 1, 0,
                            round_up(place.n_out, kLanes<T>), initial});
    }
  });
  const auto* norm = std::get_if<NormUse>(&link);
  has_batch_norm |= norm != nullptr && std::holds_alternative<BatchNorm>(norm->norm);
  changes_in_training |= has_batch_norm || std::holds_alternative<NoiseUse>(link);
  (stages.empty() ? input_links : stages.back().links).push_back(std::move(link));
}

template <class T>
void ParameterTable<T>::set_up(Segment& segment, const DenseSpec& dense) {
  segment.settings.trainable = dense.trainable;
  segment.settings.rate = rate_of(dense.learning_rate_multiplier);
  if (!segment.is_weight) return;
  segment.settings.penalty = {dense.l1, dense.l2};
  segment.settings.max_norm = dense.max_norm.value_or(kInfinity);
  has_penalty |= segment.settings.penalty.any();
  has_max_norm |= dense.max_norm.has_value();
}

template <class T>
Index ParameterTable<T>::add_segment(const LayerPlace& place, const char* tensor, Index n_in,
                                     bool is_weight) {
  const Index n_out = place.n_out;
  const Index padded = is_weight ? panels_size<T>(n_out, n_in) : round_up(n_out, kLanes<T>);
  segments.push_back(
      {parameter_name(place, tensor), place.layer, is_weight, n_out, n_in, size, padded});
  size += padded;
  n_parameters += n_out * n_in;
  return std::ssize(segments) - 1;
}

template <class T>
Index ParameterTable<T>::rate_of(double factor) {
  const auto found = std::ranges::find(rate_factors, factor);
  if (found != rate_factors.end()) return found - rate_factors.begin();
  rate_factors.push_back(factor);
  return std::ssize(rate_factors) - 1;
}

template <class T>
void ParameterTable<T>::set_trainable(Index layer, bool trainable) {
  for (Segment& segment : segments)
    if (segment.layer == layer) segment.settings.trainable = trainable;
  for (std::size_t s = 0; s < stages.size(); ++s)
    if (stages[s].layer == layer) frozen[s] = trainable ? 0 : 1;
}

template <class T>
const ActivationUse* ParameterTable<T>::output_activation() const {
  const std::vector<Link>& links = stages.back().links;
  for (auto link = links.rbegin(); link != links.rend(); ++link) {
    if (const auto* use = std::get_if<ActivationUse>(&*link)) return use;
    if (!std::holds_alternative<NoiseUse>(*link)) break;
  }
  return nullptr;
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
                T* block, std::span<const void* const> given) {
  std::vector<double> units;
  std::vector<T> tensor;
  const auto fill = [&](const FormulaSpec& initializer, Index id, const Stage& stage) {
    const Segment& segment = table.segments[static_cast<std::size_t>(id)];
    if (is_array(initializer)) {
      const void* values = given.empty() ? nullptr : given[static_cast<std::size_t>(id)];
      check(values != nullptr, "initializer: ", segment.name,
            " began with an array, which no file holds: build the network anew with it, or call "
            "set_weights");
      return write_tensor(segment, static_cast<const T*>(values), block);
    }
    const Purpose purpose = segment.is_weight ? Purpose::kWeights : Purpose::kBiases;
    tensor.resize(static_cast<std::size_t>(segment.n_parameters()));
    with_member(Initializers{}, "initializer", initializer.name, [&]<class F>() {
      const F formula = from_spec<F>(initializer);
      const Index n_units = fills_tensors<F> ? segment.n_out : 1;
      units.resize(static_cast<std::size_t>(n_units * segment.n_in));
      for (Index o = 0; o < segment.n_out; o += n_units) {
        formula.fill({static_cast<double>(stage.n_in),
                      static_cast<double>(stage.n_out),
                      {seed, purpose, stage.layer, 0},
                      o},
                     units);
        std::transform(units.begin(), units.end(), tensor.begin() + o * segment.n_in,
                       [](double x) { return static_cast<T>(x); });
      }
    });
    write_tensor(segment, tensor.data(), block);
  };
  for (const std::vector<Segment>* segments : {&table.segments, &table.statistics})
    for (const Segment& segment : *segments)
      if (!segment.is_weight)
        std::fill_n(block + segment.offset, segment.n_out, static_cast<T>(segment.initial));
  for (const Stage& stage : table.stages) {
    const auto layer = static_cast<std::size_t>(stage.layer);
    const auto& dense = std::get<DenseSpec>(spec.layers[layer]);
    fill(dense.initializer ? *dense.initializer : default_initializer(spec, layer), stage.weight,
         stage);
    if (stage.bias >= 0) fill(dense.bias_initializer, stage.bias, stage);
  }
}

template <class T>
void check_rows_of_training(const ParameterTable<T>& table, Index rows) {
  check(!table.has_batch_norm || rows > 1,
        "x: expected at least 2 rows, since BatchNorm in training takes mean and variance over the "
        "rows of the batch, got ",
        rows, "; give more rows, or take LayerNorm");
}

template <class T>
Index first_nonfinite_stage(const ParameterTable<T>& table, const T* block) {
  Index first = 0;
  for (const std::vector<Segment>* segments : {&table.segments, &table.statistics})
    for (const Segment& segment : *segments) {
      const T* values = block + segment.offset;
      if (all_finite(MatrixView<const T>{values, 1, segment.size, segment.size})) continue;
      // What stands in front of the first Dense layer belongs to it.
      const Index stage =
          std::max<Index>(1, std::ranges::count_if(table.stages, [&](const Stage& candidate) {
                            return candidate.layer <= segment.layer;
                          }));
      first = first == 0 ? stage : std::min(first, stage);
      break;
    }
  return first;
}

namespace {

// The sum of term(i) over the elements i that are trained. The units of a panel go side by side;
// those of a vector are its elements.
template <class T, class Term>
double sum_of_terms(const ParameterTable<T>& table, Term term) {
  double total = 0.0;
  for (const Segment& segment : table.segments) {
    if (!segment.settings.trainable) continue;
    Index at = segment.offset;
    for (Index o = 0; o < segment.n_out; o += kLanes<T>) {
      double unit[kLanes<T>] = {};
      for (Index i = 0; i < segment.n_in; ++i, at += kLanes<T>)
        for (Index lane = 0; lane < kLanes<T>; ++lane) unit[lane] += term(at + lane);
      for (Index lane = 0; lane < kLanes<T> && o + lane < segment.n_out; ++lane)
        total += unit[lane];
    }
  }
  return total;
}

}  // namespace

template <class T>
double norm(const ParameterTable<T>& table, const T* block) {
  const FloatEnvironment environment;
  const auto sum_of_squares = [&](double scale) {
    return sum_of_terms(table, [&](Index i) {
      const double scaled = scale * static_cast<double>(block[i]);
      return scaled * scaled;
    });
  };
  const double total = sum_of_squares(1.0);
  // Squares of large float64 numbers have no place in float64; an exact scale gives them one.
  if (total == kInfinity) return std::sqrt(sum_of_squares(0x1p-600)) * 0x1p600;
  return std::sqrt(total);
}

template <class T>
double dot(const ParameterTable<T>& table, const T* a, const T* b) {
  return sum_of_terms(
      table, [&](Index i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

template <class T>
double sum_of_magnitudes(const ParameterTable<T>& table, const T* block) {
  return sum_of_terms(table, [&](Index i) { return std::fabs(static_cast<double>(block[i])); });
}

#define CHAINRULE_INSTANTIATE(T)                                                            \
  template struct ParameterTable<T>;                                                        \
  template void read_tensor(const Segment&, const T*, T*);                                  \
  template void write_tensor(const Segment&, const T*, T*);                                 \
  template void initialize(const NetworkSpec&, const ParameterTable<T>&, std::uint64_t, T*, \
                           std::span<const void* const>);                                   \
  template void check_rows_of_training(const ParameterTable<T>&, Index);                    \
  template Index first_nonfinite_stage(const ParameterTable<T>&, const T*);                 \
  template double norm(const ParameterTable<T>&, const T*);                                 \
  template double dot(const ParameterTable<T>&, const T*, const T*);                        \
  template double sum_of_magnitudes(const ParameterTable<T>&, const T*);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
