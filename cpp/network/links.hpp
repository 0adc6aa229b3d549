// What stands between two Dense layers? Links, one after the other, and the vectors that they have:
// one element for each unit.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "network/spec.hpp"

namespace chainrule {

// An activation other than the identity.
struct ActivationUse {
  Index index;  // in Activations
  FormulaSpec spec;
  Index slopes = -1;  // segment of those that are learned, or -1

  bool operator==(const ActivationUse&) const = default;
};

struct NoiseUse {
  Index layer;  // position in NetworkSpec::layers
  Noise noise;

  bool operator==(const NoiseUse&) const = default;
};

// A normalisation, then a factor and an offset for each feature.
struct NormUse {
  Norm norm;
  Index weight = -1, bias = -1;    // segments
  Index mean = -1, variance = -1;  // positions in ParameterTable::statistics, or -1

  bool operator==(const NormUse&) const = default;
};

struct ScaleUse {
  Scale scale;
  Index weight = -1;  // segment

  bool operator==(const ScaleUse&) const = default;
};

// Where a block begins and ends: X is kept, and added to what the block has made of it.
struct Fork {
  bool operator==(const Fork&) const = default;
};
struct Sum {
  bool operator==(const Sum&) const = default;
};

using Link = std::variant<ActivationUse, NoiseUse, NormUse, ScaleUse, Rescale, Fork, Sum>;

// What a layer adds behind its Dense layer, if it does; the one at position `layer` in
// NetworkSpec::layers. The Sum at the end of a block is nobody's.
std::optional<Link> link_of(const LayerSpec& spec, Index layer);

// Those that do something: without noise, layers of noise are passed over.
std::vector<Link> links_in_use(std::vector<Link> links, bool with_noise);

// "relu", "dropout", "fork"
std::string name_of(const Link& link);

// f(name, initial value, whether it is learned, id) for each vector of a link, in the order of
// files; what is not learned follows the batches. The id is its position among those of its kind.
template <class F>
void for_each_vector(ActivationUse& use, F&& f) {
  if (const auto initial = initial_slope(use.spec)) f("slope", *initial, true, use.slopes);
}
template <class F>
void for_each_vector(NoiseUse&, F&&) {}
template <class F>
void for_each_vector(NormUse& use, F&& f) {
  f("weight", 1.0, true, use.weight);
  f("bias", 0.0, true, use.bias);
  if (!std::holds_alternative<BatchNorm>(use.norm)) return;
  f("running_mean", 0.0, false, use.mean);
  f("running_var", 1.0, false, use.variance);
}
template <class F>
void for_each_vector(ScaleUse& use, F&& f) {
  f("weight", use.scale.initial, true, use.weight);
}
template <class F>
void for_each_vector(Rescale&, F&&) {}
template <class F>
void for_each_vector(Fork&, F&&) {}
template <class F>
void for_each_vector(Sum&, F&&) {}
template <class F>
void for_each_vector(Link& link, F&& f) {
  std::visit([&](auto& use) { for_each_vector(use, f); }, link);
}

}  // namespace chainrule
