#include "fuzz/promises.hpp"

#include <algorithm>
#include <optional>

#include "memory_peak.hpp"
#include "base/check.hpp"
#include "network/file_parts.hpp"
#include "network/fixtures.hpp"
#include "network/json_reader.hpp"
#include "network/model_file.hpp"
#include "network/state.hpp"

namespace chainrule::fuzz {

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw BrokenPromise(what);
}

template <class Read>
auto read_or_refuse(Read&& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const ModelFileError&) {
    return std::nullopt;
  }
}

// ---- What a file says ---------------------------------------------------------------------------

constexpr json::Limits kWide{16, 1 << 20};

json::Value without(const json::Value& value, std::string_view key) {
  json::Object object = *value.get_if<json::Object>();
  std::erase_if(object, [&](const json::Member& member) { return member.key == key; });
  return object;
}

const json::Value& at(const json::Value& value, std::string_view key) {
  return std::ranges::find(*value.get_if<json::Object>(), key, &json::Member::key)->value;
}

// 1 and 1.0 are the same here, and so are members in another order.
json::Value normal(const json::Value& value) {
  if (const auto* i = value.get_if<std::int64_t>()) return static_cast<double>(*i);
  if (const auto* u = value.get_if<std::uint64_t>()) return static_cast<double>(*u);
  if (const auto* array = value.get_if<json::Array>()) {
    json::Array all;
    for (const json::Value& element : *array) all.push_back(normal(element));
    return all;
  }
  if (const auto* object = value.get_if<json::Object>()) {
    json::Object all;
    for (const json::Member& member : *object) all.push_back({member.key, normal(member.value)});
    std::ranges::sort(all, {}, &json::Member::key);
    return all;
  }
  return value;
}

// The fields that a file from before they were there lacks, at their defaults.
template <class List>
void add_later_fields(json::Value& formula, List list) {
  auto* members = std::get_if<json::Object>(&formula.data);
  if (members == nullptr) return;
  const auto has = [&](std::string_view key) {
    return std::ranges::find(*members, key, &json::Member::key) != members->end();
  };
  for_each_type(list, [&]<class F>() {
    if (at(formula, "name") != json::Value(F::name)) return;
    for_each_field(F{}, [&](const auto& field) {
      using Value = typename std::decay_t<decltype(field)>::Value;
      if constexpr (std::is_arithmetic_v<Value>)
        if (field.added_later && !has(field.name))
          members->push_back({field.name, F{}.*(field.member)});
    });
  });
}

json::Value complete(json::Value description) {
  for (json::Member& member : std::get<json::Object>(description.data)) {
    if (member.key == "loss") add_later_fields(member.value, Losses{});
    if (member.key == "optimizer") add_later_fields(member.value, AllOptimizers{});
  }
  return description;
}

// Header and description without checksum and library version, which another file has of its own.
// Nothing here leans on the reader of model files, only on that of JSON.
struct Content {
  explicit Content(const Bytes& file) : data(data_of(file)) {
    const json::Value header = json::parse("header", header_of(file), kWide);
    const json::Value& metadata = at(header, "__metadata__");
    format = without(without(metadata, "crc32c"), "chainrule");
    tensors = without(header, "__metadata__");
    const std::string& text = *at(metadata, "chainrule").get_if<std::string>();
    description =
        normal(complete(without(json::parse("description", text, kWide), "library_version")));
  }
  bool operator==(const Content&) const = default;

  json::Value format, tensors, description;
  std::string_view data;
};

// ---- Networks -----------------------------------------------------------------------------------

template <class T>
std::vector<T> some_predictions(const Network<T>& network) {
  constexpr Index kRows = 3;
  const Index n = network.spec().n_features;
  std::vector<T> x(static_cast<std::size_t>(kRows * n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i % 7) - T(3);
  return predict<T>(network, {x.data(), kRows, n, n});
}

template <class T>
void check_round_trip(const Network<T>& network) {
  const std::vector<T> y_hat = some_predictions(network);
  const Bytes file = to_bytes(network, true);
  const AnyNetwork again = network_from_bytes(file);
  const auto* twin = std::get_if<std::unique_ptr<Network<T>>>(&again);
  require(twin != nullptr, "a network comes back with its dtype");
  require(to_bytes(**twin, true) == file, "a network comes back with the same bytes");
  require(same_bits(some_predictions(**twin), y_hat),
          "a network that comes back predicts the same");
}

}  // namespace

bool check_reading(std::span<const std::byte> file) {
  const test::MemoryPeak peak;
  const auto model = read_or_refuse([&] { return read_model(file); });
  const long taken = peak.bytes();
  if (taken > 2 * std::ssize(file) + (1 << 20))
    throw BrokenPromise(text("reading ", file.size(), " bytes took ", taken, " of memory"));
  if (!model) return false;
  const Bytes again = write_model(model->description, model->tensors);
  require(Content(again) == Content(Bytes(file.begin(), file.end())),
          "a model says what its file said");
  const Model twin = read_model(again);
  require(write_model(twin.description, twin.tensors) == again,
          "a model comes back with the same bytes");
  return true;
}

bool check_network(std::span<const std::byte> file) {
  const auto any = read_or_refuse([&] { return network_from_bytes(file); });
  if (any) std::visit([](const auto& network) { check_round_trip(*network); }, *any);
  return any.has_value();
}

}  // namespace chainrule::fuzz
