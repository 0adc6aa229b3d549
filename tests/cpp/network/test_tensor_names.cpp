#include "network/tensor_names.hpp"

#include "test.hpp"

namespace chainrule {

namespace {

DenseSpec dense(Index units, bool bias) {
  DenseSpec spec;
  spec.units = units;
  spec.activation = to_spec(Identity{});
  spec.bias = bias;
  return spec;
}

ModelDescription example() {
  ModelDescription model;
  model.network.n_features = 3;
  model.network.layers = {dense(4, true), ActivationSpec{to_spec(Identity{})}, dense(2, false)};
  return model;
}

std::string names_of(const std::vector<TensorShape>& tensors) {
  std::string names;
  for (const TensorShape& tensor : tensors) names += tensor.name + " ";
  return names;
}

}  // namespace

TEST(tensor_names_count_every_layer) {
  const std::vector<TensorShape> tensors = parameter_tensors(example().network);
  CHECK_EQUAL(names_of(tensors), "layers.0.weight layers.0.bias layers.2.weight ");
  CHECK(tensors[0].shape == std::vector<Index>({4, 3}));
  CHECK(tensors[1].shape == std::vector<Index>({4}));
  CHECK(tensors[2].shape == std::vector<Index>({2, 4}));
}

TEST(tensor_names_of_slopes) {
  ModelDescription model = example();
  const FormulaSpec prelu = to_spec(Prelu{});
  std::get<DenseSpec>(model.network.layers[0]).activation = prelu;
  std::get<ActivationSpec>(model.network.layers[1]).activation = prelu;
  const std::vector<TensorShape> tensors = parameter_tensors(model.network);
  CHECK_EQUAL(names_of(tensors),
              "layers.0.weight layers.0.bias layers.0.slope layers.1.slope layers.2.weight ");
  for (const std::size_t i : {2u, 3u}) CHECK(tensors[i].shape == std::vector<Index>({4}));
}

// Learned vectors stand with the other parameters; statistics follow all of these.
TEST(tensor_names_of_norms) {
  ModelDescription model = example();
  model.network.layers = {BatchNorm{}, dense(4, true), LayerNorm{},
                          Scale{},     Rescale{},      BatchNorm{}};
  const std::string learned =
      "layers.0.weight layers.0.bias layers.1.weight layers.1.bias layers.2.weight layers.2.bias "
      "layers.3.weight layers.5.weight layers.5.bias ";
  const std::vector<TensorShape> tensors = expected_tensors(model);
  CHECK_EQUAL(names_of(parameter_tensors(model.network)), learned);
  CHECK_EQUAL(names_of(tensors), learned +
                                     "layers.0.running_mean layers.0.running_var "
                                     "layers.5.running_mean layers.5.running_var ");
  CHECK(tensors.front().shape == std::vector<Index>({3}));
  CHECK(tensors.back().shape == std::vector<Index>({4}));
  model.optimizer = OptimizerSpec{to_spec(Adam{}), 0};
  const std::string all = names_of(expected_tensors(model));
  CHECK(all.find("optimizer.exp_avg.layers.5.bias ") != std::string::npos);
  CHECK(all.find("optimizer.exp_avg.layers.5.running_mean") == std::string::npos);
}

TEST(tensor_names_in_blocks) {
  ModelDescription model = example();
  model.network.layers = {ResidualSpec{4}, dense(4, true),  ResidualSpec{1},
                          BatchNorm{},     dense(3, false), dense(2, true)};
  CHECK_EQUAL(names_of(expected_tensors(model)),
              "layers.0.block.0.weight layers.0.block.0.bias layers.0.block.1.block.0.weight "
              "layers.0.block.1.block.0.bias layers.0.block.2.weight layers.1.weight "
              "layers.1.bias layers.0.block.1.block.0.running_mean "
              "layers.0.block.1.block.0.running_var ");
  CHECK(expected_tensors(model).back().shape == std::vector<Index>({4}));
}

TEST(tensor_sizes) {
  for (const auto& [dtype, item] : {std::pair("float32", 4), std::pair("float64", 8)}) {
    NetworkSpec network = example().network;
    network.dtype = dtype;
    const std::vector<TensorShape> tensors = parameter_tensors(network);
    CHECK_EQUAL(tensors[0].size(), 12);
    CHECK_EQUAL(tensors[0].n_bytes(), 12 * item);
    CHECK(tensors[0].dtype == dtype_of(network));
  }
  CHECK_EQUAL((TensorShape{"a", {}, Dtype::f64}.n_bytes()), 8);
}

// Every optimiser of the list: all parameters again for each slot in use, then the powers.
TEST(tensor_names_of_optimizers) {
  ModelDescription model = example();
  const std::string parameters = names_of(expected_tensors(model));
  CHECK_EQUAL(parameters, names_of(parameter_tensors(model.network)));
  for_each_type(AllOptimizers{}, [&]<class F>() {
    model.optimizer = OptimizerSpec{to_spec(F{}), 0};
    std::string names = parameters;
    for (Index s = 0; s < count_slots(F{}); ++s)
      for (const TensorShape& tensor : parameter_tensors(model.network))
        if (uses_slot(F{}, s))
          names += text("optimizer.", name_of_slot<F>(s), ".", tensor.name, " ");
    for (Index p = 0; p < F::n_powers; ++p) names += text("optimizer.", F::powers[p], " ");
    const std::vector<TensorShape> tensors = expected_tensors(model);
    CHECK_EQUAL(names_of(tensors), names);
    if (F::n_powers > 0) CHECK(tensors.back().shape.empty() && tensors.back().dtype == Dtype::f64);
  });
}

TEST(tensor_names_of_pairs) {
  ModelDescription model = example();
  model.optimizer = OptimizerSpec{to_spec(Lbfgs{1.0, 2}), 0};
  std::string expected = names_of(parameter_tensors(model.network));
  for (const char* slot : {"old_stps.0", "old_dirs.0", "old_stps.1", "old_dirs.1"})
    for (const TensorShape& tensor : parameter_tensors(model.network))
      expected += text("optimizer.", slot, ".", tensor.name, " ");
  CHECK_EQUAL(names_of(expected_tensors(model)), expected);
}

}  // namespace chainrule
