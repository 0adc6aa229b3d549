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
  return {index, spec, -1};
}

bool is_identity(const FormulaSpec& spec) { return spec.name == Identity::name; }

// What a layer adds between two Dense layers, if it does.
struct LinkOf {
  Index layer;

  std::optional<Link> operator()(const ActivationSpec& spec) const {
    if (is_identity(spec.activation)) return std::nullopt;
    return use_of(spec.activation);
  }
  std::optional<Link> operator()(const DenseSpec& dense) const {
    return (*this)(ActivationSpec{dense.activation});
  }
  template <class N>
  std::optional<Link> operator()(const N& noise) const {
    return NoiseUse{layer, noise};
  }
};

// The activation behind Dense layer `layer`: its own, or the next one before another Dense.
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

std::vector<Link> links_in_use(std::vector<Link> links, bool with_noise) {
  if (!with_noise)
    std::erase_if(links, [](const Link& l) { return std::holds_alternative<NoiseUse>(l); });
  return links;
}

Index slopes_of(const Link& link) {
  const auto* use = std::get_if<ActivationUse>(&link);
  return use == nullptr ? -1 : use->slopes;
}

std::string name_of(const Link& link) {
  if (const auto* use = std::get_if<ActivationUse>(&link)) return use->spec.name;
  return std::visit([](const auto& noise) { return std::string(noise.type); },
                    std::get<NoiseUse>(link).noise);
}

template <class T>
ParameterTable<T>::ParameterTable(const NetworkSpec& spec) {
  Index width = spec.n_features;
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const auto layer = static_cast<Index>(i);
    if (const auto* dense = std::get_if<DenseSpec>(&spec.layers[i])) {
      Stage stage{layer, width, dense->units, -1, -1, {}};
      stage.weight = add_segment(layer, "weight", dense->units, width, true);
      if (dense->bias) stage.bias = add_segment(layer, "bias", dense->units, 1, false);
      width = dense->units;
      stages.push_back(std::move(stage));
      frozen.push_back(dense->trainable ? 0 : 1);
    }
    auto link = std::visit(LinkOf{layer}, spec.layers[i]);
    if (!link) continue;
    auto* use = std::get_if<ActivationUse>(&*link);
    if (use != nullptr && initial_slope(use->spec))
      use->slopes = add_segment(layer, "slope", width, 1, false);
    (stages.empty() ? input_links : stages.back().links).push_back(std::move(*link));
  }
  check(!stages.empty(), "layers: expected at least one Dense layer, got none");
  for (Segment& segment : segments)
    if (const auto* dense =
            std::get_if<DenseSpec>(&spec.layers[static_cast<std::size_t>(segment.layer)]))
      set_up(segment, *dense);
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
Index ParameterTable<T>::add_segment(Index layer, const char* tensor, Index n_out, Index n_in,
                                     bool is_weight) {
  const Index padded = is_weight ? panels_size<T>(n_out, n_in) : round_up(n_out, kLanes<T>);
  segments.push_back({parameter_name(layer, tensor), layer, is_weight, n_out, n_in, size, padded});
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
bool ParameterTable<T>::has_noise() const {
  const auto in = [](const std::vector<Link>& links) {
    return std::ranges::any_of(
        links, [](const Link& link) { return std::holds_alternative<NoiseUse>(link); });
  };
  return in(input_links) ||
         std::ranges::any_of(stages, [&](const Stage& stage) { return in(stage.links); });
}

template <class T>
const ActivationUse* ParameterTable<T>::output_activation() const {
  const std::vector<Link>& links = stages.back().links;
  for (auto link = links.rbegin(); link != links.rend(); ++link)
    if (const auto* use = std::get_if<ActivationUse>(&*link)) return use;
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
                T* block) {
  std::vector<double> units;
  std::vector<T> tensor;
  const auto fill = [&](const FormulaSpec& initializer, const Segment& segment,
                        const Stage& stage) {
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
  const auto fill_slopes = [&](const std::vector<Link>& links) {
    for (const Link& link : links) {
      if (slopes_of(link) < 0) continue;
      const Segment& segment = table.segments[static_cast<std::size_t>(slopes_of(link))];
      const double slope = *initial_slope(std::get<ActivationUse>(link).spec);
      tensor.assign(static_cast<std::size_t>(segment.n_out), static_cast<T>(slope));
      write_tensor(segment, tensor.data(), block);
    }
  };
  fill_slopes(table.input_links);
  for (const Stage& stage : table.stages) {
    fill_slopes(stage.links);
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
  const auto are_finite = [&](const std::vector<Link>& links) {
    return std::ranges::all_of(links, is_finite, slopes_of);
  };
  if (!are_finite(table.input_links)) return 1;
  for (std::size_t s = 0; s < table.stages.size(); ++s) {
    const Stage& stage = table.stages[s];
    if (!is_finite(stage.weight) || !is_finite(stage.bias) || !are_finite(stage.links))
      return static_cast<Index>(s) + 1;
  }
  return 0;
}

namespace {

// The sum of (scale x)^2. The units of a panel go side by side; those of a vector are its elements.
template <class T>
double sum_of_squares(const ParameterTable<T>& table, const T* block, double scale) {
  double total = 0.0;
  for (const Segment& segment : table.segments) {
    if (!segment.settings.trainable) continue;
    const T* x = block + segment.offset;
    for (Index o = 0; o < segment.n_out; o += kLanes<T>) {
      double unit[kLanes<T>] = {};
      for (Index i = 0; i < segment.n_in; ++i, x += kLanes<T>)
        for (Index lane = 0; lane < kLanes<T>; ++lane) {
          const double scaled = scale * static_cast<double>(x[lane]);
          unit[lane] += scaled * scaled;
        }
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
  const double total = sum_of_squares(table, block, 1.0);
  // Squares of large float64 numbers have no place in float64; an exact scale gives them one.
  if (total == kInfinity) return std::sqrt(sum_of_squares(table, block, 0x1p-600)) * 0x1p600;
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
