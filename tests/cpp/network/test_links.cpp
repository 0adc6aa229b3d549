// What do layers put between two Dense layers, and which vectors come with it?
#include "network/links.hpp"

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// "relu", or "layer_norm: weight=1 bias=0", with "~" in front of what follows the batches.
std::string described(const LayerSpec& spec) {
  std::optional<Link> link = link_of(spec, 3);
  if (!link) return "nothing";
  std::string vectors;
  for_each_vector(*link, [&](const char* name, double initial, bool is_learned, Index& id) {
    CHECK_EQUAL(id, -1);
    vectors += text(" ", is_learned ? "" : "~", name, "=", initial);
  });
  return name_of(*link) + (vectors.empty() ? "" : ":" + vectors);
}

}  // namespace

TEST(links_of_layers) {
  CHECK_EQUAL(described(dense(4)), "nothing");
  CHECK_EQUAL(described(activation("identity")), "nothing");
  CHECK_EQUAL(described(dense(4, "relu")), "relu");
  CHECK_EQUAL(described(activation("prelu")), "prelu: slope=0.25");
  CHECK_EQUAL(described(Dropout{}), "dropout");
  CHECK_EQUAL(described(LayerNorm{}), "layer_norm: weight=1 bias=0");
  CHECK_EQUAL(described(BatchNorm{}), "batch_norm: weight=1 bias=0 ~running_mean=0 ~running_var=1");
  CHECK_EQUAL(described(Scale{0.5}), "scale: weight=0.5");
  CHECK_EQUAL(described(Rescale{}), "rescale");
  CHECK_EQUAL(described(ResidualSpec{1}), "fork");
  CHECK_EQUAL(name_of(Sum{}), "sum");
  CHECK_THROWS(link_of(ActivationSpec{{"rely", {}}}, 0), "activation: unknown name 'rely'");
}

TEST(links_know_the_place_of_noise) {
  CHECK_EQUAL(std::get<NoiseUse>(*link_of(Dropout{}, 3)).layer, 3);
}

TEST(links_of_noise_are_in_use_in_training_only) {
  std::vector<Link> links;
  for (const LayerSpec& spec : std::vector<LayerSpec>{Dropout{}, LayerNorm{}, GaussianNoise{},
                                                      Rescale{}, activation("tanh")})
    links.push_back(*link_of(spec, 0));
  CHECK_EQUAL(links_in_use(links, true).size(), 5u);
  const std::vector<Link> without = links_in_use(links, false);
  CHECK_EQUAL(without.size(), 3u);
  CHECK_EQUAL(name_of(without[0]), LayerNorm::type);
}

}  // namespace chainrule
