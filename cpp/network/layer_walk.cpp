#include "network/layer_walk.hpp"

#include "base/check.hpp"

namespace chainrule {

namespace {

std::string joined(const std::vector<Index>& path, const char* before, const char* behind) {
  std::string all;
  for (const Index position : path)
    all += chainrule::text(all.empty() ? "layers" : ".block", before, position, behind);
  return all;
}

class Walk {
 public:
  Walk(const NetworkSpec& network, const LayerVisitor& visit, const BlockVisitor& leave)
      : layers_(network.layers), visit_(visit), leave_(leave) {}

  // Layers [first, last), all in the block of `place`, with so many inputs; returns their outputs.
  Index through(Index first, Index last, LayerPlace place, Index width) {
    place.path.push_back(0);
    for (place.layer = first; place.layer < last; ++place.path.back()) {
      const LayerSpec& spec = layers_[static_cast<std::size_t>(place.layer)];
      const auto* dense = std::get_if<DenseSpec>(&spec);
      place.n_in = width;
      place.n_out = width = dense == nullptr ? width : dense->units;
      visit_(spec, place);
      const auto* residual = std::get_if<ResidualSpec>(&spec);
      if (residual != nullptr) through_block(*residual, last, place);
      place.layer += 1 + (residual == nullptr ? 0 : residual->n_inside);
    }
    return width;
  }

 private:
  void through_block(const ResidualSpec& residual, Index last, const LayerPlace& place) {
    const Index first = place.layer + 1, width = place.n_in;
    check(residual.n_inside > 0, place.text(), ".block: expected at least one layer, got none");
    check(residual.n_inside <= last - first, place.text(), ".block: expected at most ",
          last - first, " layers, as there are left, got ", residual.n_inside);
    check(std::ssize(place.path) <= kMaxNesting, place.text(), ": expected at most ", kMaxNesting,
          " Residuals in each other, got more");
    const Index n_out = through(first, first + residual.n_inside, place, width);
    check(n_out == width, place.text(), ".block: expected as many outputs as inputs, ", width,
          ", since they are added, got ", n_out, "; put a Dense(", width, ") at its end");
    if (leave_) leave_(place);
  }

  const std::vector<LayerSpec>& layers_;
  const LayerVisitor& visit_;
  const BlockVisitor& leave_;
};

}  // namespace

std::string LayerPlace::name() const { return joined(path, ".", ""); }

std::string LayerPlace::text() const { return joined(path, "[", "]"); }

void walk(const NetworkSpec& network, const LayerVisitor& visit, const BlockVisitor& leave) {
  Walk(network, visit, leave).through(0, std::ssize(network.layers), {}, network.n_features);
}

}  // namespace chainrule
