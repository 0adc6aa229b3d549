#include "fuzz/model_files.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <deque>

#include "formulas/settings.hpp"
#include "fuzz/json_change.hpp"
#include "network/json_reader.hpp"
#include "network/model_file.hpp"

namespace chainrule::fuzz {

namespace {

// ---- Whole files --------------------------------------------------------------------------------

template <class List>
FormulaSpec drawn_formula(List list, Random& random) {
  const std::vector<std::string> all = names(list);
  FormulaSpec spec;
  with_member(list, "formula", all[random() % all.size()], [&]<class F>() {
    const std::vector<F> settings = test::settings<F>();
    spec = to_spec(settings[random() % settings.size()]);
  });
  return spec;
}

LayerSpec drawn_noise(Random& random) {
  switch (random() % 3) {
    case 0:
      return Dropout{0.25};
    case 1:
      return AlphaDropout{0.125};
    default:
      return GaussianNoise{2.0};
  }
}

LayerSpec drawn_norm(Random& random) {
  switch (random() % 4) {
    case 0:
      return LayerNorm{0.125};
    case 1:
      return BatchNorm{0.25, 1e-3};
    case 2:
      return Scale{0.5};
    default:
      return Rescale{2.0, -1.0};
  }
}

DenseSpec drawn_dense(Random& random, Index units) {
  DenseSpec dense;
  dense.units = units;
  dense.activation = drawn_formula(Activations{}, random);
  dense.bias = random() % 4 != 0;
  if (random() % 2 == 0) dense.initializer = drawn_formula(Initializers{}, random);
  dense.bias_initializer = drawn_formula(Initializers{}, random);
  if (dense.bias_initializer.name == Lsuv::name) dense.bias_initializer = to_spec(Zeros{});
  return dense;
}

void draw_block(Random& random, Index width, Index depth, std::vector<LayerSpec>& layers);

// Appends a layer with all that is inside of it; `width` is that in front of it, then behind it.
void draw_layer(Random& random, Index& width, Index depth, std::vector<LayerSpec>& layers) {
  switch (random() % 10) {
    case 0:
    case 1:
      layers.emplace_back(ActivationSpec{drawn_formula(Activations{}, random)});
      return;
    case 2:
      layers.push_back(drawn_noise(random));
      return;
    case 3:
      layers.push_back(drawn_norm(random));
      return;
    case 4:
      if (depth < kMaxNesting) return draw_block(random, width, depth + 1, layers);
  }
  width = static_cast<Index>(1 + random() % 5);
  layers.emplace_back(drawn_dense(random, width));
}

void draw_block(Random& random, Index width, Index depth, std::vector<LayerSpec>& layers) {
  const std::size_t position = layers.size();
  layers.emplace_back(ResidualSpec{});
  Index outputs = width;
  for (std::size_t i = 1 + random() % 2; i > 0; --i) draw_layer(random, outputs, depth, layers);
  if (outputs != width) layers.emplace_back(drawn_dense(random, width));
  layers[position] = ResidualSpec{static_cast<Index>(layers.size() - position) - 1};
}

ModelDescription drawn_description(Random& random) {
  ModelDescription model;
  model.network.dtype = random() % 2 == 0 ? "float32" : "float64";
  model.network.n_features = static_cast<Index>(1 + random() % 5);
  model.network.seed = random();
  Index width = model.network.n_features;
  for (std::size_t i = random() % 4; i > 0; --i) draw_layer(random, width, 0, model.network.layers);
  DenseSpec last;
  last.units = 2;
  last.activation = drawn_formula(Activations{}, random);
  last.bias_initializer = to_spec(Zeros{});
  model.network.layers.emplace_back(last);
  if (random() % 2 == 0) model.network.loss = drawn_formula(Losses{}, random);
  if (random() % 4 != 0)
    model.optimizer = OptimizerSpec{drawn_formula(AllOptimizers{}, random),
                                    static_cast<std::int64_t>(random() % 1000)};
  model.training_forwards = static_cast<std::int64_t>(random() % 1000);
  model.epochs = static_cast<std::int64_t>(random() % 10);
  return model;
}

// A number in [-1, 1], or in [0, 1] of a variance.
void append_number(const TensorShape& tensor, Random& random, Bytes& bytes) {
  double number = static_cast<double>(random() % 2001) / 1000 - 1;
  if (tensor.name.ends_with(".running_var")) number = std::abs(number);
  const auto single = static_cast<float>(number);
  const auto item = tensor.dtype == Dtype::f32 ? std::as_bytes(std::span(&single, 1))
                                               : std::as_bytes(std::span(&number, 1));
  bytes.insert(bytes.end(), item.begin(), item.end());
}

// ---- Changes ------------------------------------------------------------------------------------

struct Parts {
  std::string header, data;
};

// Applies `change` to the description inside of the header; false if there is none.
template <class F>
bool change_description(std::string& header, F&& change) {
  constexpr std::string_view kKey = "\"chainrule\":";
  const std::size_t begin = header.find(kKey) + kKey.size();
  if (begin < kKey.size()) return false;
  try {
    const std::string rest = header.substr(begin);
    json::Reader reader("header", rest, {4, 16});
    std::string description = reader.string();
    const std::size_t size = reader.position();
    change(description);
    header.replace(begin, size, json::write(description));
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

void change_data(std::string& data, Random& random) {
  const std::size_t at = data.empty() ? 0 : random() % data.size();
  switch (random() % 4) {
    case 0:
      data.resize(at);
      break;
    case 1:
      data.append(1 + random() % 64, static_cast<char>(random() % 256));
      break;
    case 2:
      for (std::size_t i = at; i < std::min(at + 8, data.size()); ++i)
        data[i] = static_cast<char>(random() % 256);
      break;
    default:  // part of an infinity or a NaN, at any address
      data.replace(at, std::min<std::size_t>(4, data.size() - at), "\x00\x00\x80\x7f", 4);
  }
}

void change_length(Bytes& file, Random& random) {
  constexpr std::array<std::uint64_t, 7> kSteps = {1, 8, 64, 128, 1 << 20, 1ull << 32, 1ull << 63};
  const std::uint64_t size = header_size(file), step = kSteps[random() % kSteps.size()];
  const std::uint64_t changed = random() % 2 == 0 ? size + step : size - step;
  std::memcpy(file.data(), &changed, sizeof changed);
}

void change(Parts& parts, Random& random) {
  const std::uint64_t kind = random() % 16;
  if (kind == 0) return change_data(parts.data, random);
  const auto json = [&](std::string& text) { change_json(text, random); };
  if (kind < 6 || !change_description(parts.header, json)) json(parts.header);
}

bool has_header(const Bytes& file) {
  return file.size() > 8 && header_size(file) <= file.size() - 8;
}

}  // namespace

Bytes drawn_file(std::uint64_t seed) {
  Random random(seed);
  const ModelDescription model = drawn_description(random);
  std::deque<Bytes> numbers;  // which tensors refer to
  std::vector<NamedTensor> tensors;
  for (const TensorShape& shape : expected_tensors(model)) {
    Bytes& bytes = numbers.emplace_back();
    for (Index i = 0; i < shape.size(); ++i) append_number(shape, random, bytes);
    tensors.push_back({shape, bytes});
  }
  return write_model(model, tensors);
}

Bytes changed_file(const Bytes& file, std::uint64_t seed) {
  if (!has_header(file)) return drawn_file(seed);
  Random random(seed);
  Parts parts{header_of(file), std::string(data_of(file))};
  parts.header.erase(parts.header.find_last_not_of(' ') + 1);
  for (std::size_t n = 1 + random() % 4 * (random() % 2); n > 0; --n) change(parts, random);
  Bytes changed = assembled(parts.header, parts.data);
  if (random() % 32 == 0) change_length(changed, random);
  return sealed(std::move(changed));
}

}  // namespace chainrule::fuzz
