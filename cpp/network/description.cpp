#include "network/description.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/check.hpp"
#include "network/layer_walk.hpp"
#include "network/links.hpp"
#include "network/members.hpp"

namespace chainrule {

namespace {

using json::Value;

// A layer is the third level of a description, its formulas are the fourth, lists in them the
// fifth.
static_assert(5 + 2 * kMaxNesting <= kDescriptionLimits.depth);

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

// A block is written and read beside.
template <class IO, Of<ResidualSpec> S>
void members(IO&, S&) {}

json::Array to_array(std::span<const LayerSpec> layers);

// A layer, and what is inside of it.
Value to_value(const LayerSpec& layer, std::span<const LayerSpec> inside) {
  MemberWriter io;
  std::visit(
      [&](const auto& spec) {
        io.name("type", spec.type);
        members(io, spec);
      },
      layer);
  if (std::holds_alternative<ResidualSpec>(layer)) io.put("block", to_array(inside));
  return std::move(io.object);
}

json::Array to_array(std::span<const LayerSpec> layers) {
  json::Array array;
  while (!layers.empty()) {
    const auto* residual = std::get_if<ResidualSpec>(&layers.front());
    const auto n_inside = std::min(
        static_cast<std::size_t>(residual == nullptr ? 0 : residual->n_inside), layers.size() - 1);
    array.push_back(to_value(layers.front(), layers.subspan(1, n_inside)));
    layers = layers.subspan(1 + n_inside);
  }
  return array;
}

void layers(MemberWriter& io, const std::vector<LayerSpec>& layers) {
  io.put("layers", to_array(layers));
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

LayerSpec layer_from(const json::Object& members_of_layer, const std::string& place) {
  MemberReader io(members_of_layer, place);
  std::string type;
  io.name("type", type);
  LayerSpec layer;
  set_type(layer, place + ".type", type);
  std::visit([&](auto& spec) { members(io, spec); }, layer);
  io.finish();
  if (const auto* dense = std::get_if<DenseSpec>(&layer)) {
    check(!is_scaled_by_data(dense->bias_initializer), place,
          ".bias_initializer: expected an initializer of biases, got '",
          dense->bias_initializer.name, "', which scales weights by data; take 'zeros'");
    check(dense->bias || !is_array(dense->bias_initializer), place,
          ".bias_initializer: expected no array in a layer without bias");
  }
  return layer;
}

// A description comes as a value, or as text: from both in the same steps. f(key, source of the
// value) for each member, f(source of the value) for each element.
template <class F>
void for_each_member(const std::string& place, const Value& value, F&& f) {
  for (const json::Member& member : object_at(place, value)) f(member.key, member.value);
}
template <class F>
void for_each_member_left(json::Reader& reader, F&& f) {
  std::string key;
  while (reader.next_key(key)) f(key, reader);
}
template <class F>
void for_each_member(const std::string&, json::Reader& reader, F&& f) {
  reader.enter_object();
  for_each_member_left(reader, f);
}
template <class F>
void for_each_element(const std::string& place, const Value& value, F&& f) {
  const auto* array = value.get_if<json::Array>();
  check(array != nullptr, place, ": expected a list, got ", brief(value));
  for (const Value& element : *array) f(element);
}
template <class F>
void for_each_element(const std::string&, json::Reader& reader, F&& f) {
  reader.enter_array();
  while (reader.next_element()) f(reader);
}
const Value& taken(const Value& value) { return value; }
Value taken(json::Reader& reader) { return reader.value(); }

// Members of an object but for its layers. Layers are converted one by one, so that a long list of
// them is never held as JSON.
struct Members {
  json::Object object;
  bool has_layers = false;

  void add(const std::string& place, const std::string& key, Value value) {
    constexpr std::size_t kMaxMembers = 32;
    check(object.size() < kMaxMembers, place, ": more keys than there can be");
    check(std::ranges::find(object, key, &json::Member::key) == object.end(), place, ": key ",
          json::quoted(key), " is there twice");
    object.push_back({key, std::move(value)});
  }
  void begin_layers(const std::string& place, const char* key) {
    check(!has_layers, place, ": key '", key, "' is there twice");
    has_layers = true;
  }
};

// A description that is being read.
struct Parts {
  Members members;
  std::vector<LayerSpec> layers;

  void add(const std::string& key, auto& source) {
    if (key != "layers") return members.add("description", key, taken(source));
    members.begin_layers("description", "layers");
    add_layers("layers", source);
  }

 private:
  void add_layers(const std::string& place, auto& source) {
    Index i = 0;
    for_each_element(place, source, [&](auto& element) {
      add_layer(text(place, "[", i, "]"), element);
      ++i;
    });
  }
  // A Residual stands in front of what is inside of it.
  void add_layer(const std::string& place, auto& source) {
    check(std::ssize(layers) < kMaxLayers, "layers: expected at most ", kMaxLayers,
          " layers, got more");
    const Index position = std::ssize(layers);
    layers.emplace_back();
    Members own;
    for_each_member(place, source, [&](const std::string& key, auto& value) {
      if (key != "block") return own.add(place, key, taken(value));
      own.begin_layers(place, "block");
      add_layers(place + ".block", value);
    });
    LayerSpec& layer = layers[static_cast<std::size_t>(position)];
    layer = layer_from(own.object, place);
    auto* residual = std::get_if<ResidualSpec>(&layer);
    check(residual == nullptr || own.has_layers, place, ".block: expected a value, got none");
    check(residual != nullptr || !own.has_layers, place, ": unknown key 'block'");
    if (residual != nullptr) residual->n_inside = std::ssize(layers) - position - 1;
  }
};

void check_sizes(const NetworkSpec& network) {
  check(network.n_features <= kMaxUnits, "n_features: expected at most ", kMaxUnits, ", got ",
        network.n_features);
  Index n_parameters = 0, n_dense = 0;
  const auto add_dense = [&](const DenseSpec& dense, const LayerPlace& place) {
    ++n_dense;
    check(dense.units <= kMaxUnits, place.text(), ".units: expected at most ", kMaxUnits, ", got ",
          dense.units);
    check(place.n_in + 1 <= (kMaxParameters - n_parameters) / dense.units, place.text(), ": ",
          dense.units, " units with ", place.n_in, " inputs each make more than ", kMaxParameters,
          " parameters in all");
    n_parameters += dense.units * (place.n_in + 1);
  };
  walk(network, [&](const LayerSpec& spec, const LayerPlace& place) {
    if (const auto* dense = std::get_if<DenseSpec>(&spec)) add_dense(*dense, place);
    std::optional<Link> link = link_of(spec, place.layer);
    if (!link) return;
    for_each_vector(*link, [&](const char* name, double, bool, Index&) {
      check(place.n_out <= kMaxParameters - n_parameters, place.text(), ".", name, ": ",
            place.n_out, " numbers make more than ", kMaxParameters, " parameters in all");
      n_parameters += place.n_out;
    });
  });
  check(n_dense > 0, "layers: expected at least one Dense layer, got none");
}

// A field of noise, norms and scales that would become infinite with the dtype.
void check_fields(const NetworkSpec& network) {
  if (network.dtype != "float32") return;
  walk(network, [](const LayerSpec& spec, const LayerPlace& place) {
    std::visit(
        [&]<class S>(const S& layer) {
          if constexpr (requires { S::fields; })
            for_each_field(layer, [&](const auto& field) {
              const double x = layer.*(field.member);
              check(std::abs(x) <= double{std::numeric_limits<float>::max()}, place.text(), ".",
                    field.name, ": ", shortest(x), " is too large for float32");
            });
        },
        spec);
  });
}

void check_network(const NetworkSpec& network) {
  check(network.dtype == "float32" || network.dtype == "float64",
        "dtype: expected 'float32' or 'float64', got '", network.dtype, "'");
  check_sizes(network);
  check_fields(network);
}

ModelDescription put_together(Parts parts) {
  check(parts.members.has_layers, "layers: expected a value, got none");
  ModelDescription description;
  description.network.layers = std::move(parts.layers);
  MemberReader io(parts.members.object, "");
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

ModelDescription description_from(const Value& value) {
  Parts parts;
  for_each_member("description", value,
                  [&](const std::string& key, const Value& member) { parts.add(key, member); });
  return put_together(std::move(parts));
}

ModelDescription read_description(json::Reader& reader) {
  Parts parts;
  for_each_member_left(reader, [&](const std::string& key, json::Reader& r) { parts.add(key, r); });
  return put_together(std::move(parts));
}

}  // namespace chainrule
