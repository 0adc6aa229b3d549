#include "network/description.hpp"

#include <limits>

#include "network/layer_walk.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr json::Limits kLimits{16, 100000};

// A network with every kind of member, as a description begins.
constexpr std::string_view kNetwork =
    R"({"dtype":"float64","n_features":3,"seed":18446744073709551615,"layers":[)"
    R"({"type":"dense","units":4,"activation":{"name":"relu"},"bias":true,)"
    R"("initializer":{"name":"normal","mean":0,"stddev":0.1},"bias_initializer":{"name":"zeros"},"l1":0,"l2":0.001,)"
    R"("max_norm":2.5,"trainable":false,"learning_rate_multiplier":0.5},)"
    R"({"type":"dense","units":2,"activation":{"name":"identity"},"bias":false,)"
    R"("initializer":null,"bias_initializer":{"name":"zeros"},"l1":0,"l2":0,)"
    R"("max_norm":null,"trainable":true,"learning_rate_multiplier":1},)"
    R"({"type":"activation","activation":{"name":"softmax"}}],)"
    R"("loss":{"name":"cross_entropy","label_smoothing":0}})";

std::string whole_text(std::string text = std::string(kNetwork)) {
  text.pop_back();
  return text +
         R"(,"optimizer":{"name":"adam","learning_rate":0.001,"beta_1":0.9,"beta_2":0.999,)"
         R"("epsilon":1e-08,"weight_decay":0,"decay_biases":true,"amsgrad":false,"updates":12},)"
         R"("training_forwards":13,"epochs":2,"labels":null,"preprocessor":null,"cursor":null})";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  CHECK(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

// The network of a description that begins so.
NetworkSpec network(std::string_view text) {
  return description_from(json::parse("text", whole_text(std::string(text)), kLimits)).network;
}

// Read as a dict and piece by piece; both must say the same.
ModelDescription description(std::string_view text) {
  std::string from_value;
  try {
    (void)description_from(json::parse("text", text, kLimits));
  } catch (const std::invalid_argument& error) {
    from_value = error.what();
  }
  json::Reader reader("description", text, kDescriptionLimits);
  reader.enter_object();
  try {
    ModelDescription read = read_description(reader);
    reader.finish();
    CHECK_EQUAL(from_value, "");
    return read;
  } catch (const std::invalid_argument& error) {
    CHECK_EQUAL(from_value, error.what());
    throw;
  }
}

ModelDescription with(std::string_view from, std::string_view to) {
  return description(replaced(whole_text(), from, to));
}

}  // namespace

TEST(description_of_a_network) {
  const NetworkSpec spec = network(kNetwork);
  CHECK_EQUAL(spec.dtype, "float64");
  CHECK_EQUAL(spec.n_features, 3);
  CHECK_EQUAL(spec.seed, std::numeric_limits<std::uint64_t>::max());
  CHECK_EQUAL(spec.layers.size(), 3u);
  CHECK(spec.loss && spec.loss->name == "cross_entropy");
  const auto& first = std::get<DenseSpec>(spec.layers[0]);
  CHECK_EQUAL(first.units, 4);
  CHECK(first.initializer && *first.initializer == (FormulaSpec{"normal", {0, 0.1}}));
  CHECK(first.bias && !first.trainable && first.l2 == 0.001 && *first.max_norm == 2.5);
  CHECK_EQUAL(first.learning_rate_multiplier, 0.5);
  const auto& second = std::get<DenseSpec>(spec.layers[1]);
  CHECK(!second.bias && !second.initializer && !second.max_norm && second.trainable);
  CHECK(std::get<ActivationSpec>(spec.layers[2]).activation.name == "softmax");
}

TEST(description_goes_out_and_comes_back) {
  const ModelDescription read = description(whole_text());
  CHECK_EQUAL(json::write(to_value(read)), whole_text());
  CHECK(read.network == network(kNetwork));
  // As files have it that are older than the field.
  const ModelDescription old = description(replaced(whole_text(), R"(,"amsgrad":false)", ""));
  CHECK_EQUAL(json::write(to_value(old)), whole_text());
  CHECK(read.optimizer && read.optimizer->updates == 12 && read.optimizer->formula.name == "adam");
  CHECK_EQUAL(read.training_forwards, 13);
  CHECK_EQUAL(read.epochs, 2);

  ModelDescription bare = read;
  bare.optimizer.reset();
  bare.network.loss.reset();
  const std::string text = json::write(to_value(bare));
  CHECK_EQUAL(json::write(to_value(description(text))), text);
}

TEST(description_takes_keys_in_any_order) {
  const std::string text =
      replaced(replaced(std::string(kNetwork), R"("seed":18446744073709551615,)", ""),
               R"("label_smoothing":0}})", R"("label_smoothing":0},"seed":18446744073709551615})");
  CHECK(network(text) == network(kNetwork));
  CHECK(network(replaced(std::string(kNetwork), R"("type":"dense","units":4,)",
                         R"("units":4,"type":"dense",)")) == network(kNetwork));
}

TEST(description_says_where) {
  CHECK_THROWS(with(R"("units":2)", R"("units":-3)"),
               "layers[1].units: expected a positive integer, got -3");
  CHECK_THROWS(with(R"("units":2)", R"("units":2.0)"),
               "layers[1].units: expected a positive integer, got 2");
  CHECK_THROWS(with(R"("units":2)", R"("unit":2)"), "layers[1].units: expected a value, got none");
  CHECK_THROWS(with(R"("units":2)", R"("units":2,"unit":2)"), "layers[1]: unknown key 'unit'");
  CHECK_THROWS(with(R"("name":"softmax")", R"("name":"softmix")"),
               "layers[2].activation: unknown name 'softmix'; did you mean");
  CHECK_THROWS(with(R"("stddev":0.1)", R"("stddev":-0.1)"),
               "layers[0].initializer.stddev: expected a number in");
  CHECK_THROWS(with(R"("bias":false)", R"("bias":0)"),
               "layers[1].bias: expected true or false, got 0");
  CHECK_THROWS(with(R"("max_norm":2.5)", R"("max_norm":0)"),
               "layers[0].max_norm: expected a positive number, got 0");
  CHECK_THROWS(with(R"("learning_rate_multiplier":0.5)", R"("learning_rate_multiplier":0)"),
               "layers[0].learning_rate_multiplier: expected a positive number, got 0");
  CHECK_THROWS(with(R"("l2":0.001)", R"("l2":-1)"),
               "layers[0].l2: expected a number in [0, inf), got -1");
  CHECK_THROWS(with(R"("type":"dense")", R"("type":"dens")"),
               "layers[0].type: unknown name 'dens'; did you mean");
  CHECK_THROWS(with(R"("type":"activation")", R"("type":7)"),
               "layers[2].type: expected a name, got 7");
  CHECK_THROWS(with(R"("updates":12)", R"("updates":-1)"),
               "optimizer.updates: expected an integer in [0, ");
  CHECK_THROWS(with(R"("beta_1":0.9)", R"("beta_1":1)"),
               "optimizer.beta_1: expected a number in [0, 1), got 1");
  CHECK_THROWS(with(R"("epochs":2)", R"("epochs":1099511627776)"),
               "epochs: expected an integer in [0, ");
}

TEST(description_of_the_whole) {
  CHECK_THROWS(with(R"("dtype":"float64")", R"("dtype":"float16")"),
               "dtype: expected 'float32' or 'float64', got 'float16'");
  CHECK_THROWS(with(R"("n_features":3)", R"("n_features":0)"),
               "n_features: expected a positive integer, got 0");
  CHECK_THROWS(with(R"("seed":18446744073709551615)", R"("seed":18446744073709551616)"),
               "seed: expected an integer");
  CHECK_THROWS(with(R"("seed":)", R"("sed":)"), "seed: expected a value, got none");
  CHECK_THROWS(with(R"("seed":)", R"("sed":1,"seed":)"), "description: unknown key 'sed'");
  CHECK_THROWS(with(R"("labels":null)", R"("labels":["a"])"),
               "labels: expected null, which is all");
  CHECK_THROWS(with(R"("cursor":null)", R"("cursor":{})"), "cursor: expected null, which is all");
  CHECK_THROWS(description(kNetwork), "optimizer: expected a value, got none");
  CHECK_THROWS(description_from(json::Array{}), "description: expected an object, got a list");
}

TEST(description_of_wrong_layers) {
  CHECK_THROWS(network(R"({"layers":{}})"), "layers: expected a list, got an object");
  CHECK_THROWS(network(R"({"layers":[7]})"), "layers[0]: expected an object, got 7");
  CHECK_THROWS(network(R"({"dtype":"float32","n_features":1,"seed":0,"layers":[],"loss":null})"),
               "layers: expected at least one Dense layer, got none");
  CHECK_THROWS(network(R"({"dtype":"float32","n_features":1,"seed":0,"loss":null})"),
               "layers: expected a value, got none");
}

TEST(description_keys_are_there_once) {
  const auto read = [](std::string_view text) {
    json::Reader reader("description", text, kDescriptionLimits);
    reader.enter_object();
    return read_description(reader);
  };
  CHECK_THROWS(read(R"({"seed":1,"seed":1})"), "key 'seed' is there twice");
  CHECK_THROWS(read(R"({"layers":[],"layers":[]})"), "key 'layers' is there twice");
  CHECK_THROWS(read(R"({"loss":{"name":"mse","name":"mse"}})"),
               "description: key 'name' is there twice");
  std::string many = R"({"a0":0)";
  for (int i = 1; i < 1000; ++i) many += text(R"(,"a)", i, R"(":0)");
  CHECK_THROWS(read(many + "}"), "more keys than there can be");
}

TEST(description_of_sizes_that_overflow) {
  for (const char* n : {"4294967297", "9007199254740992", "9223372036854775807",
                        "9223372036854775808", "18446744073709551616", "1e30"}) {
    CHECK_THROWS(with(R"("units":4)", text(R"("units":)", n)), "layers[0].units: expected ");
    CHECK_THROWS(with(R"("n_features":3)", text(R"("n_features":)", n)), "n_features: expected ");
  }
  CHECK_THROWS(description(replaced(replaced(whole_text(), R"("units":4)", R"("units":4294967296)"),
                                    R"("n_features":3)", R"("n_features":4294967296)")),
               "layers[0]: 4294967296 units with 4294967296 inputs each make more than");
  // The largest that is allowed; its product by 64 bytes and more is far from 2^63.
  const ModelDescription large =
      description(replaced(replaced(whole_text(), R"("units":4)", R"("units":65536)"),
                           R"("n_features":3)", R"("n_features":4294836223)"));
  CHECK_EQUAL(large.network.n_features, 4294836223);
}

namespace {

// A Residual with these layers, in front of the others.
std::string block(const std::string& layers) {
  return R"("layers":[{"type":"residual","block":[)" + layers + "]},";
}
const std::string kDropout = R"({"type":"dropout","p":0.5})";

}  // namespace

TEST(description_of_numbers_that_float32_does_not_hold) {
  const std::string text = replaced(whole_text(), R"("layers":[)",
                                    R"("layers":[{"type":"rescale","factor":1,"offset":-1e+39},)");
  const LayerSpec first = description(text).network.layers.front();
  CHECK_EQUAL(std::get<Rescale>(first).offset, -1e39);
  CHECK_THROWS(description(replaced(text, "float64", "float32")),
               "layers[0].offset: -1e+39 is too large for float32");
}

TEST(description_of_blocks) {
  const std::string inside = R"({"type":"residual","block":[)" + kDropout + "]}";
  const std::string written = block(kDropout + "," + inside + "," + kDropout);
  const ModelDescription read = with(R"("layers":[)", written);
  const std::vector<LayerSpec>& layers = read.network.layers;
  CHECK_EQUAL(layers.size(), 8u);
  CHECK(layers[0] == LayerSpec(ResidualSpec{4}) && layers[2] == LayerSpec(ResidualSpec{1}));
  CHECK(std::holds_alternative<DenseSpec>(layers[5]));
  CHECK_EQUAL(json::write(to_value(read)), replaced(whole_text(), R"("layers":[)", written));
  // The type may come last.
  const std::string other_order = R"("layers":[{"block":[)" + kDropout + R"(],"type":"residual"},)";
  CHECK(with(R"("layers":[)", other_order).network ==
        with(R"("layers":[)", block(kDropout)).network);
}

TEST(description_of_wrong_blocks) {
  const auto refused = [](const std::string& layers) { return with(R"("layers":[)", layers); };
  CHECK_THROWS(refused(block("")), "layers[0].block: expected at least one layer, got none");
  CHECK_THROWS(refused(R"("layers":[{"type":"residual"},)"),
               "layers[0].block: expected a value, got none");
  CHECK_THROWS(refused(R"("layers":[{"type":"dropout","p":0.5,"block":[]},)"),
               "layers[0]: unknown key 'block'");
  CHECK_THROWS(refused(R"("layers":[{"type":"residual","block":[)" + kDropout + R"(],"p":0.5},)"),
               "layers[0]: unknown key 'p'");
  CHECK_THROWS(refused(block(kDropout + R"(,{"type":"dropout","p":1})")),
               "layers[0].block[1].p: expected a number in");
  CHECK_THROWS(refused(block(kDropout + R"(,{"type":"drop","p":1})")),
               "layers[0].block[1].type: unknown name 'drop'");
  CHECK_THROWS(with(R"({"type":"activation","activation":{"name":"softmax"}}])",
                    R"({"type":"residual","block":[{"type":"dense","units":3,"activation":)"
                    R"({"name":"identity"},"bias":false,"initializer":null,"bias_initializer":)"
                    R"({"name":"zeros"},"l1":0,"l2":0,"max_norm":null,"trainable":true,)"
                    R"("learning_rate_multiplier":1}]}])"),
               "layers[2].block: expected as many outputs as inputs, 2, since they are added, got "
               "3; put a Dense(2) at its end");
  std::string deep = kDropout;
  for (Index depth = 0; depth <= kMaxNesting; ++depth) {
    const std::string layers = R"("layers":[)" + deep + ",";
    if (depth <= kMaxNesting) refused(layers);
    deep = R"({"type":"residual","block":[)" + deep + "]}";
  }
  CHECK_THROWS(refused(R"("layers":[)" + deep + ","),
               "layers[0].block[0].block[0].block[0].block[0].block[0]: expected at most 5");
}

// As the text of a file, whose layers are read one by one.
TEST(description_of_a_block_has_each_key_once) {
  const auto read = [](std::string_view text) {
    json::Reader reader("description", text, kDescriptionLimits);
    reader.enter_object();
    return read_description(reader);
  };
  CHECK_THROWS(read(R"({"layers":[{"type":"residual","block":[],"block":[]}]})"),
               "layers[0]: key 'block' is there twice");
  CHECK_THROWS(read(R"({"layers":[{"type":"dropout","p":0.5,"p":0.5}]})"),
               "layers[0]: key 'p' is there twice");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += R"({"type":"residual","block":[)";
  CHECK_THROWS(read(R"({"layers":[)" + deep), "description: byte");
}

TEST(description_of_very_many_layers) {
  const std::string layer = R"({"type":"activation","activation":{"name":"relu"}},)";
  const auto layers = [&](Index n) {
    std::string all = R"("layers":[)";
    for (Index i = 0; i < n - 3; ++i) all += layer;
    return all;
  };
  CHECK_EQUAL(std::ssize(with(R"("layers":[)", layers(kMaxLayers)).network.layers), kMaxLayers);
  CHECK_THROWS(with(R"("layers":[)", layers(kMaxLayers + 1)),
               "layers: expected at most 2048 layers, got more");
  // Those in blocks are counted.
  std::string inside;
  for (Index i = 0; i < kMaxLayers - 4; ++i) inside += (i > 0 ? "," : "") + kDropout;
  CHECK_EQUAL(std::ssize(with(R"("layers":[)", block(inside)).network.layers), kMaxLayers);
  CHECK_THROWS(with(R"("layers":[)", block(inside + "," + kDropout)),
               "layers: expected at most 2048 layers, got more");
}

}  // namespace chainrule
