// Where does each layer stand? A walk through all layers of a network, into blocks and out of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "network/spec.hpp"

namespace chainrule {

// As deep as a Residual may stand in others: a description nests by two for each of them.
inline constexpr Index kMaxNesting = 5;

struct LayerPlace {
  Index layer;              // position in NetworkSpec::layers
  std::vector<Index> path;  // positions in net.layers, in the block there, ...
  Index n_in;
  Index n_out;  // of a Residual, the same

  // "layers.3.block.0", as in the names of tensors
  std::string name() const;
  // "layers[3].block[0]", as in messages
  std::string text() const;
};

using LayerVisitor = std::function<void(const LayerSpec& spec, const LayerPlace& place)>;
using BlockVisitor = std::function<void(const LayerPlace& residual)>;

// visit(layer, place) for all layers in order, leave(place) where the block of a Residual ends.
// std::invalid_argument if a block is empty, too deep, or has other outputs than inputs.
void walk(const NetworkSpec& network, const LayerVisitor& visit, const BlockVisitor& leave = {});

}  // namespace chainrule
