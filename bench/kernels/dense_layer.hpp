// What is measured of a dense layer? Its products as `fit` runs them: one operation of a plan, cut
// into blocks, with all packing, transposing and what follows from the product (bias and relu,
// slope of the layer below, update) inside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "network/execution.hpp"
#include "network/optimizer_state.hpp"

namespace chainrule::bench {

enum class Product { forward, input_gradient, weight_gradient, update };

inline constexpr Product kProducts[] = {Product::forward, Product::input_gradient,
                                        Product::weight_gradient, Product::update};
inline constexpr const char* kProductNames[] = {"forward", "input gradient", "weight gradient",
                                                "dW + Adam"};

struct Shape {
  Index batch, n_in, n_out;

  // The same for each of the products.
  double flops() const {
    return 2.0 * static_cast<double>(batch) * static_cast<double>(n_in) *
           static_cast<double>(n_out);
  }
};

// X (batch, n_in), dZ (batch, n_out) and parameters of eighths: sums of their products are exact in
// any order, so that every result can be compared with the reference bit by bit.
template <class T>
class DenseLayer {
 public:
  DenseLayer(std::string_view tier, const Shape& shape, Index n_threads);

  void run(Product product);
  // The first element that is not what the reference says; empty if there is none. Changes the
  // weights.
  std::string find_error();

 private:
  struct Case {
    Plan<T> plan;
    Index operation;
    AlignedBuffer<T> workspace;
  };
  Case make_case(std::string_view tier, Product product) const;
  void fill(Case& prepared, Product product) const;
  Run<T> start(Product product);
  std::string compare_forward();
  std::string compare_input_gradient();
  std::string compare_weight_gradient();
  std::string compare_update();

  Shape shape_;
  Index n_threads_;
  ParameterTable<T> table_;
  AlignedBuffer<T> x_, dz_, w_, b_;  // logical, without padding; x holds what relu lets through
  AlignedBuffer<T> parameters_, gradient_;
  OptimizerState<T> adam_;
  Update<T> update_;
  std::vector<Case> cases_;
};

extern template class DenseLayer<float>;
extern template class DenseLayer<double>;

}  // namespace chainrule::bench
