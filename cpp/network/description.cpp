#include "network/description.hpp"

#include "base/check.hpp"
#include "network/links.hpp"
#include "network/members.hpp"

namespace chainrule {

namespace {

using json::Value;

// ---- The keys, in the order of the text ---------------------------------------------------------

template <class S, class Spec>
concept Of = std::same_as<std::remove_const_t<S>, Spec>;

template <class IO, Of<DenseSpec> S>
void members(IO& io, S& dense) {
  io.number("units", dense.units, at_least(1));
  io.formula("activation", dense.activation, Family::activation);
  io.flag("bias", dense.bias);
  if (!io.is_null("initializer", dense.initializer))
    io.formula("initializer", *dense.initializer, Family::initializer);
  io.formula("bias_initializer", dense.bias_initializer, Family::initializer);
  io.number("l1", dense.l1, at_least(0));
  io.number("l2", dense.l2, at_least(0));
  if (!io.is_null("max_norm", dense.max_norm)) io.number("max_norm", *dense.max_norm, positive());
  io.flag("trainable", dense.trainable);
  io.number("learning_rate_multiplier", dense.learning_rate_multiplier, positive());
}

template <class IO, Of<ActivationSpec> S>
void members(IO& io, S& layer) {
  io.formula("activation", layer.activation, Family::activation);
}

// Noise, norms, scales: numbers alone.
template <class IO, class S>
  requires requires { S::fields; }
void members(IO& io, S& layer) {
  for_each_field(
      layer, [&](const auto& field) { io.number(field.name, layer.*(field.member), field.range); });
}

Value to_value(const LayerSpec& layer) {
  MemberWriter io;
  std::visit(
      [&](const auto& spec) {
        io.name("type", spec.type);
        members(io, spec);
      },
      layer);
  return std::move(io.object);
}

void layers(MemberWriter& io, const std::vector<LayerSpec>& layers) {
  json::Array array;
  for (const LayerSpec& layer : layers) array.push_back(to_value(layer));
  io.put("layers", std::move(array));
}

// They are already there when the members beside them are read.
void layers(MemberReader&, std::vector<LayerSpec>&) {}

template <class IO, Of<NetworkSpec> S>
void members(IO& io, S& network) {
  io.name("dtype", network.dtype);
  io.number("n_features", network.n_features, at_least(1));
  io.number("seed", network.seed);
  layers(io, network.layers);
  if (!io.is_null("loss", network.loss)) io.formula("loss", *network.loss, Family::loss);
}

template <class IO, Of<ModelDescription> S>
void members(IO& io, S& description) {
  members(io, description.network);
  if (!io.is_null("optimizer", description.optimizer))
    io.optimizer("optimizer", *description.optimizer);
  io.number("training_forwards", description.training_forwards, kCounts);
  io.number("epochs", description.epochs, kCounts);
  for (const char* key : {"labels", "preprocessor", "cursor"}) io.null(key);
}

// ---- Reading ------------------------------------------------------------------------------------

// An empty layer of the type that is called so.
template <class... Layers>
void set_type(std::variant<Layers...>& layer, std::string_view place, std::string_view type) {
  const bool found = ((type == Layers::type && (layer = Layers{}, true)) || ...);
  if (!found) throw_unknown(place, type, {Layers::type...});
}

LayerSpec layer_from(const Value& value, std::size_t i) {
  const std::string place = text("layers[", i, "]");
  MemberReader io(object_at(place, value), place);
  std::string type;
  io.name("type", type);
  LayerSpec layer;
  set_type(layer, place + ".type", type);
  std::visit([&](auto& spec) { members(io, spec); }, layer);
  io.finish();
  return layer;
}

// A description that is being read. Layers are converted one by one, so that a long list of them is
// never held as JSON.
struct Parts {
  json::Object members;
  std::optional<std::vector<LayerSpec>> layers;

  void add(const std::string& key, Value value) {
    constexpr std::size_t kMaxMembers = 32;
    check(members.size() < kMaxMembers, "description: more keys than there can be");
    check(std::ranges::find(members, key, &json::Member::key) == members.end(), "description: key ",
          json::quoted(key), " is there twice");
    members.push_back({key, std::move(value)});
  }
  void begin_layers() {
    check(!layers, "description: key 'layers' is there twice");
    layers.emplace();
  }
  void add_layer(const Value& value) {
    check(std::ssize(*layers) < kMaxLayers, "layers: expected at most ", kMaxLayers,
          " layers, got more");
    layers->push_back(layer_from(value, layers->size()));
  }
};

Parts take_apart(const Value& value) {
  Parts parts;
  for (const json::Member& member : object_at("description", value)) {
    if (member.key != "layers") {
      parts.add(member.key, member.value);
      continue;
    }
    const auto* array = member.value.get_if<json::Array>();
    check(array != nullptr, "layers: expected a list, got ", brief(member.value));
    parts.begin_layers();
    for (const Value& layer : *array) parts.add_layer(layer);
  }
  return parts;
}

Parts take_apart(json::Reader& reader) {
  Parts parts;
  std::string key;
  while (reader.next_key(key)) {
    if (key != "layers") {
      parts.add(key, reader.value());
      continue;
    }
    parts.begin_layers();
    reader.enter_array();
    while (reader.next_element()) parts.add_layer(reader.value());
  }
  return parts;
}

void check_sizes(const NetworkSpec& network) {
  check(network.n_features <= kMaxUnits, "n_features: expected at most ", kMaxUnits, ", got ",
        network.n_features);
  Index width = network.n_features, n_parameters = 0, n_dense = 0;
  const auto add_vectors = [&](std::size_t i) {
    std::optional<Link> link = link_of(network.layers[i], static_cast<Index>(i));
    if (!link) return;
    for_each_vector(*link, [&](const char* name, double, bool, Index&) {
      check(width <= kMaxParameters - n_parameters, "layers[", i, "].", name, ": ", width,
            " numbers make more than ", kMaxParameters, " parameters in all");
      n_parameters += width;
    });
  };
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto* dense = std::get_if<DenseSpec>(&network.layers[i]);
    if (dense == nullptr) {
      add_vectors(i);
      continue;
    }
    ++n_dense;
    check(dense->units <= kMaxUnits, "layers[", i, "].units: expected at most ", kMaxUnits,
          ", got ", dense->units);
    check(width + 1 <= (kMaxParameters - n_parameters) / dense->units, "layers[", i,
          "]: ", dense->units, " units with ", width, " inputs each make more than ",
          kMaxParameters, " parameters in all");
    n_parameters += dense->units * (width + 1);
    width = dense->units;
    add_vectors(i);
  }
  check(n_dense > 0, "layers: expected at least one Dense layer, got none");
}

void check_network(const NetworkSpec& network) {
  check(network.dtype == "float32" || network.dtype == "float64",
        "dtype: expected 'float32' or 'float64', got '", network.dtype, "'");
  check_sizes(network);
}

ModelDescription put_together(Parts parts) {
  check(parts.layers.has_value(), "layers: expected a value, got none");
  ModelDescription description;
  description.network.layers = std::move(*parts.layers);
  MemberReader io(parts.members, "");
  members(io, description);
  io.finish();
  check_network(description.network);
  return description;
}

}  // namespace

Value to_value(const ModelDescription& description) {
  MemberWriter io;
  members(io, description);
  return std::move(io.object);
}

ModelDescription description_from(const Value& value) { return put_together(take_apart(value)); }

ModelDescription read_description(json::Reader& reader) { return put_together(take_apart(reader)); }

}  // namespace chainrule
