// Where does each layer stand, and which blocks are refused?
#include "network/layer_walk.hpp"

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// "layers.0 3>4, ..." for each layer, ")" where a block ends.
std::string walked(std::vector<LayerSpec> layers) {
  std::string all;
  walk(
      network_spec<float>(3, std::move(layers)),
      [&](const LayerSpec& spec, const LayerPlace& place) {
        const bool is_dense = std::holds_alternative<DenseSpec>(spec);
        all += text(place.layer, ":", place.name(), is_dense ? "=" : " ", place.n_in, ">",
                    place.n_out, " ");
      },
      [&](const LayerPlace& residual) { all += text(")", residual.layer, " "); });
  return all;
}

// `depth` Residuals in each other around one Dense layer.
std::vector<LayerSpec> nested(Index depth) {
  std::vector<LayerSpec> layers;
  for (Index left = depth; left > 0; --left) layers.emplace_back(ResidualSpec{left});
  layers.emplace_back(dense(3));
  return layers;
}

}  // namespace

TEST(layer_walk_without_blocks) {
  CHECK_EQUAL(walked({dense(4), Dropout{}, dense(2)}),
              "0:layers.0=3>4 1:layers.1 4>4 2:layers.2=4>2 ");
}

TEST(layer_walk_goes_into_blocks_and_out_of_them) {
  CHECK_EQUAL(walked({ResidualSpec{2}, dense(4), dense(3), dense(2), ResidualSpec{4}, Scale{},
                      ResidualSpec{1}, Scale{}, activation("relu"), dense(1)}),
              "0:layers.0 3>3 1:layers.0.block.0=3>4 2:layers.0.block.1=4>3 )0 3:layers.1=3>2 "
              "4:layers.2 2>2 5:layers.2.block.0 2>2 6:layers.2.block.1 2>2 "
              "7:layers.2.block.1.block.0 2>2 )6 8:layers.2.block.2 2>2 )4 9:layers.3=2>1 ");
  CHECK(walked(nested(kMaxNesting)).ends_with(")4 )3 )2 )1 )0 "));
}

TEST(layer_walk_refuses_blocks_that_are_none) {
  CHECK_THROWS(walked({dense(4), ResidualSpec{0}, dense(4)}),
               "layers[1].block: expected at least one layer, got none");
  CHECK_THROWS(walked({dense(4), ResidualSpec{2}, dense(4)}),
               "layers[1].block: expected at most 1 layers, as there are left, got 2");
  CHECK_THROWS(walked({ResidualSpec{2}, ResidualSpec{2}, dense(3), dense(3)}),
               "layers[0].block[0].block: expected at most 1 layers, as there are left, got 2");
  CHECK_THROWS(walked(nested(kMaxNesting + 1)),
               "layers[0].block[0].block[0].block[0].block[0].block[0]: expected at most 5 "
               "Residuals in each other, got more");
}

TEST(layer_walk_refuses_blocks_of_other_outputs) {
  CHECK_THROWS(walked({dense(4), ResidualSpec{2}, dense(4), dense(5)}),
               "layers[1].block: expected as many outputs as inputs, 4, since they are added, got "
               "5; put a Dense(4) at its end");
  CHECK_THROWS(walked({ResidualSpec{3}, dense(4), ResidualSpec{1}, dense(3), dense(3)}),
               "layers[0].block[1].block: expected as many outputs as inputs, 4, since");
}

}  // namespace chainrule
