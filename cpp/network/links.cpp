#include "network/links.hpp"

#include <algorithm>
#include <concepts>

namespace chainrule {

namespace {

struct LinkOf {
  Index layer;

  std::optional<Link> operator()(const ActivationSpec& layer_spec) const {
    const FormulaSpec& spec = layer_spec.activation;
    if (spec.name == Identity::name) return std::nullopt;
    const Index index = find_by_name(Activations{}, spec.name);
    if (index < 0) throw_unknown("activation", spec.name, names(Activations{}));
    return ActivationUse{index, spec};
  }
  std::optional<Link> operator()(const DenseSpec& dense) const {
    return (*this)(ActivationSpec{dense.activation});
  }
  template <class N>
    requires std::constructible_from<Noise, N>
  std::optional<Link> operator()(const N& noise) const {
    return NoiseUse{layer, noise};
  }
  template <class N>
    requires std::constructible_from<Norm, N>
  std::optional<Link> operator()(const N& norm) const {
    return NormUse{norm};
  }
  std::optional<Link> operator()(const Scale& scale) const { return ScaleUse{scale}; }
  std::optional<Link> operator()(const Rescale& rescale) const { return rescale; }
  std::optional<Link> operator()(const ResidualSpec&) const { return Fork{}; }
};

struct NameOf {
  std::string operator()(const ActivationUse& use) const { return use.spec.name; }
  std::string operator()(const NoiseUse& use) const { return type_of(use.noise); }
  std::string operator()(const NormUse& use) const { return type_of(use.norm); }
  std::string operator()(const ScaleUse&) const { return Scale::type; }
  std::string operator()(const Rescale&) const { return Rescale::type; }
  std::string operator()(const Fork&) const { return "fork"; }
  std::string operator()(const Sum&) const { return "sum"; }

  template <class... Layers>
  static std::string type_of(const std::variant<Layers...>& layer) {
    return std::visit([](const auto& each) { return std::string(each.type); }, layer);
  }
};

}  // namespace

std::optional<Link> link_of(const LayerSpec& spec, Index layer) {
  return std::visit(LinkOf{layer}, spec);
}

std::vector<Link> links_in_use(std::vector<Link> links, bool with_noise) {
  if (!with_noise)
    std::erase_if(links, [](const Link& l) { return std::holds_alternative<NoiseUse>(l); });
  return links;
}

std::string name_of(const Link& link) { return std::visit(NameOf{}, link); }

}  // namespace chainrule
