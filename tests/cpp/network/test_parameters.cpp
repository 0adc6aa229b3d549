#include "network/parameters.hpp"

#include <limits>
#include <numeric>

#include "base/aligned_buffer.hpp"
#include "kernels/panels.hpp"
#include "network/fixtures.hpp"
#include "network/tensor_names.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

template <class T>
NetworkSpec example() {
  return network_spec<T>(
      3, {activation("tanh"), dense(17, "relu"), activation("identity"), activation("softmax"),
          dense(8, "identity", false), dense(1, "sigmoid")});
}

template <class T>
std::vector<T> tensor_of(const Segment& segment, const T* block) {
  std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
  read_tensor(segment, block, tensor.data());
  return tensor;
}

// What an initialiser gives for a tensor by its definition: row o from the numbers of unit o, or
// all rows together.
template <class F, class T>
std::vector<T> drawn(const F& initializer, const Stage& stage, Purpose purpose,
                     std::uint64_t seed) {
  const Index n_in = purpose == Purpose::kBiases ? 1 : stage.n_in;
  std::vector<T> tensor;
  const Index n_units = fills_tensors<F> ? stage.n_out : 1;
  std::vector<double> units(static_cast<std::size_t>(n_units * n_in));
  for (Index o = 0; o < stage.n_out; o += n_units) {
    initializer.fill({static_cast<double>(stage.n_in),
                      static_cast<double>(stage.n_out),
                      {seed, purpose, stage.layer, 0},
                      o},
                     units);
    for (const double w : units) tensor.push_back(static_cast<T>(w));
  }
  return tensor;
}

}  // namespace

TEST(parameters_lie_one_after_the_other) {
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = example<T>();
    const ParameterTable<T> table(spec);
    const std::vector<TensorShape> tensors = parameter_tensors(spec);
    CHECK_EQUAL(table.segments.size(), tensors.size());
    Index offset = 0, n_parameters = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Segment& segment = table.segments[i];
      CHECK_EQUAL(segment.name, tensors[i].name);
      CHECK_EQUAL(segment.is_weight, tensors[i].shape.size() == 2);
      CHECK_EQUAL(segment.n_out, tensors[i].shape[0]);
      CHECK_EQUAL(segment.n_in, segment.is_weight ? tensors[i].shape[1] : 1);
      CHECK_EQUAL(segment.offset, offset);
      CHECK_EQUAL(segment.size, round_up(segment.n_out, kLanes<T>) * segment.n_in);
      offset += segment.size;
      n_parameters += tensors[i].size();
    }
    CHECK_EQUAL(table.size, offset);
    CHECK_EQUAL(table.n_parameters, n_parameters);
    CHECK_EQUAL(table.n_features(), 3);
    CHECK_EQUAL(table.n_outputs(), 1);
  });
}

TEST(parameters_of_layers_of_noise) {
  const auto spec = network_spec<float>(
      3, {dense(4, "relu"), Dropout{0.25}, dense(2, "softmax"), GaussianNoise{0.5}});
  const ParameterTable<float> table(spec);
  CHECK_EQUAL(table.segments.size(), 4u);
  CHECK(table.changes_in_training && !table.has_batch_norm);
  CHECK_EQUAL(table.output_activation()->spec.name, Softmax::name);
  const std::vector<Link>& links = table.stages[0].links;
  CHECK_EQUAL(links.size(), 2u);
  CHECK_EQUAL(name_of(links[1]), Dropout::type);
  CHECK_EQUAL(std::get<NoiseUse>(links[1]).layer, 1);
}

TEST(parameters_of_slopes) {
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = network_spec<T>(
        3, {activation("prelu"), dense(17, "prelu"), activation("prelu"), dense(2)});
    const ParameterTable<T> table(spec);
    std::vector<T> block(static_cast<std::size_t>(table.size), T(0));
    initialize(spec, table, 1, block.data());
    const auto slopes = [&](const Link& link) {
      return &table.segments[static_cast<std::size_t>(std::get<ActivationUse>(link).slopes)];
    };
    const std::vector<const Segment*> segments = {slopes(table.input_links[0]),
                                                  slopes(table.stages[0].links[0]),
                                                  slopes(table.stages[0].links[1])};
    const std::vector<std::string> expected = {"layers.0.slope", "layers.1.slope",
                                               "layers.2.slope"};
    const std::vector<Index> units = {3, 17, 17};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK_EQUAL(segments[i]->name, expected[i]);
      CHECK(tensor_of(*segments[i], block.data()) ==
            std::vector<T>(static_cast<std::size_t>(units[i]), T(0.25)));
      std::vector<T> wrong = block;
      wrong[static_cast<std::size_t>(segments[i]->offset)] = std::numeric_limits<T>::infinity();
      CHECK_EQUAL(first_nonfinite_stage(table, wrong.data()), 1);
    }
  });
}

TEST(parameters_of_norms) {
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = network_spec<T>(3, {BatchNorm{}, dense(17), LayerNorm{}, BatchNorm{},
                                                 Scale{0.5}, dense(2, "softmax"), Rescale{}});
    const ParameterTable<T> table(spec);
    CHECK(table.changes_in_training && table.has_batch_norm);
    CHECK(table.output_activation() == nullptr);  // what follows it makes other numbers
    std::vector<T> block(static_cast<std::size_t>(table.block_size), T(7));
    initialize(spec, table, 1, block.data());
    std::string found;
    const auto add = [&](const std::vector<Segment>& segments) {
      for (const Segment& segment : segments) {
        if (segment.layer == 1 || segment.layer == 5) continue;
        const std::vector<T> tensor = tensor_of(segment, block.data());
        CHECK_EQUAL(tensor.size(), segment.layer == 0 ? 3u : 17u);
        CHECK(std::ranges::all_of(tensor, [&](T x) { return x == tensor[0]; }));
        found += text(segment.name.substr(7), "=", static_cast<double>(tensor[0]), " ");
      }
    };
    add(table.segments);
    add(table.statistics);
    CHECK_EQUAL(found,
                "0.weight=1 0.bias=0 2.weight=1 2.bias=0 3.weight=1 3.bias=0 4.weight=0.5 "
                "0.running_mean=0 0.running_var=1 3.running_mean=0 3.running_var=1 ");
    // Statistics lie behind all parameters.
    Index offset = table.size;
    for (const Segment& segment : table.statistics) {
      CHECK_EQUAL(segment.offset, offset);
      offset += segment.size;
    }
    CHECK_EQUAL(table.block_size, offset);
    CHECK_EQUAL(table.n_parameters, 2 * 3 + 17 * (3 + 1) + 5 * 17 + 2 * (17 + 1));
  });
}

TEST(parameters_of_blocks) {
  const NetworkSpec spec =
      network_spec<float>(3, {dense(4), ResidualSpec{4}, dense(17, "relu"), ResidualSpec{1},
                              Dropout{}, dense(4), dense(2, "softmax"), ResidualSpec{1}, Scale{}});
  const ParameterTable<float> table(spec);
  const auto names_behind = [&](std::size_t s) {
    std::string names;
    for (const Link& link : table.stages[s].links) names += name_of(link) + " ";
    return names;
  };
  CHECK_EQUAL(names_behind(0), "fork ");
  CHECK_EQUAL(names_behind(1), "relu fork dropout sum ");
  CHECK_EQUAL(names_behind(2), "sum ");
  CHECK_EQUAL(names_behind(3), "softmax fork scale sum ");
  CHECK(table.output_activation() == nullptr);
  // Numbers count every layer; noise draws with its own.
  CHECK_EQUAL(table.stages[3].layer, 6);
  CHECK_EQUAL(std::get<NoiseUse>(table.stages[1].links[2]).layer, 4);
  CHECK_EQUAL(table.segments.back().name, "layers.3.block.0.weight");
  CHECK_EQUAL(table.segments.back().layer, 8);
  NetworkSpec wrong = spec;
  std::get<DenseSpec>(wrong.layers[5]).units = 5;
  CHECK_THROWS(ParameterTable<float>(wrong), "layers[1].block: expected as many outputs as inputs");
}

// He's for relu, Glorot's for identity: the next activation, within blocks and across their ends.
TEST(parameters_in_blocks_begin_by_the_next_activation) {
  const auto limit_of = [](std::vector<LayerSpec> layers) {
    const NetworkSpec spec = network_spec<double>(64, std::move(layers));
    const ParameterTable<double> table(spec);
    std::vector<double> block(static_cast<std::size_t>(table.block_size));
    initialize(spec, table, 1, block.data());
    const std::vector<double> first = tensor_of(table.segments[0], block.data());
    return std::abs(*std::ranges::max_element(first, {}, [](double x) { return std::abs(x); }));
  };
  const auto bare = [](Index units) {
    DenseSpec spec = dense(units, "identity", false);
    spec.initializer.reset();
    return spec;
  };
  const double glorot = limit_of({bare(64)});
  CHECK_EQUAL(limit_of({bare(64), dense(1, "relu")}), glorot);
  const double he = limit_of({bare(64), activation("relu")});
  CHECK(he > 1.5 * glorot);
  CHECK_EQUAL(limit_of({bare(64), ResidualSpec{2}, activation("relu"), dense(64)}), he);
  CHECK(std::abs(limit_of({ResidualSpec{1}, bare(64), activation("relu")}) / he - 1) < 0.3);
  CHECK_EQUAL(limit_of({bare(64), ResidualSpec{1}, dense(64, "relu")}), glorot);
}

TEST(parameters_that_are_not_finite_have_the_stage_of_their_layer) {
  const NetworkSpec spec =
      network_spec<float>(3, {BatchNorm{}, dense(4), BatchNorm{}, Scale{}, dense(2), LayerNorm{}});
  const ParameterTable<float> table(spec);
  std::vector<float> block(static_cast<std::size_t>(table.block_size));
  initialize(spec, table, 1, block.data());
  CHECK_EQUAL(first_nonfinite_stage(table, block.data()), 0);
  for (const std::vector<Segment>* segments : {&table.segments, &table.statistics})
    for (const Segment& segment : *segments) {
      std::vector<float> wrong = block;
      wrong[static_cast<std::size_t>(segment.offset)] = std::numeric_limits<float>::infinity();
      CHECK_EQUAL(first_nonfinite_stage(table, wrong.data()), segment.layer < 4 ? 1 : 2);
    }
  // Of several the first, whether parameter or statistic.
  std::vector<float> wrong = block;
  wrong[static_cast<std::size_t>(table.segments.back().offset)] =
      wrong[static_cast<std::size_t>(table.statistics[0].offset)] =
          std::numeric_limits<float>::infinity();
  CHECK_EQUAL(first_nonfinite_stage(table, wrong.data()), 1);
}

TEST(parameters_say_which_rows_training_needs) {
  const ParameterTable<float> rows(network_spec<float>(3, {dense(4), LayerNorm{}, dense(2)}));
  check_rows_of_training(rows, 1);
  const ParameterTable<float> batch(network_spec<float>(3, {dense(4), BatchNorm{}, dense(2)}));
  check_rows_of_training(batch, 2);
  CHECK_THROWS(check_rows_of_training(batch, 1), "x: expected at least 2 rows, since BatchNorm");
}

TEST(parameters_of_stages) {
  const ParameterTable<double> table(example<double>());
  CHECK_EQUAL(table.input_links.size(), 1u);
  CHECK_EQUAL(name_of(table.input_links[0]), Tanh::name);
  CHECK(!table.changes_in_training);
  CHECK_EQUAL(table.block_size, table.size);
  CHECK_EQUAL(table.output_activation()->spec.name, Sigmoid::name);
  CHECK_EQUAL(table.stages.size(), 3u);
  const auto check_stage = [&](std::size_t s, Index layer, Index n_in, Index n_out, Index bias,
                               const std::vector<std::string>& activations) {
    const Stage& stage = table.stages[s];
    CHECK_EQUAL(stage.layer, layer);
    CHECK_EQUAL(stage.n_in, n_in);
    CHECK_EQUAL(stage.n_out, n_out);
    CHECK_EQUAL(stage.bias, bias);
    CHECK_EQUAL(stage.links.size(), activations.size());
    for (std::size_t i = 0; i < activations.size(); ++i) {
      CHECK_EQUAL(name_of(stage.links[i]), activations[i]);
      CHECK_EQUAL(std::get<ActivationUse>(stage.links[i]).index,
                  find_by_name(Activations{}, activations[i]));
    }
  };
  check_stage(0, 1, 3, 17, 1, {"relu", "softmax"});
  check_stage(1, 4, 17, 8, -1, {});
  check_stage(2, 5, 8, 1, 4, {"sigmoid"});
}

TEST(parameters_need_a_dense_layer_and_known_activations) {
  CHECK_THROWS(ParameterTable<float>(network_spec<float>(3, {activation("relu")})),
               "at least one Dense layer");
  NetworkSpec spec = example<float>();
  std::get<DenseSpec>(spec.layers[1]).activation.name = "rleu";
  CHECK_THROWS(ParameterTable<float>(spec), "activation: unknown name 'rleu'; did you mean relu");
}

TEST(parameters_are_written_and_read) {
  for_each_dtype([]<class T>() {
    for (const Index n_out : {1, 7, 8, 16, 17, 40})
      for (const Index n_in : {1, 5, 16}) {
        const ParameterTable<T> table(network_spec<T>(n_in, {dense(n_out)}));
        AlignedBuffer<T> block(table.size);
        for (const Segment& segment : table.segments) {
          std::vector<T> tensor(static_cast<std::size_t>(segment.n_parameters()));
          std::iota(tensor.begin(), tensor.end(), T(1));
          write_tensor(segment, tensor.data(), block.data());
          CHECK(same_bits(tensor_of(segment, block.data()), tensor));
        }
        CHECK(padding_is_zero(table, block.data()));
        const Index o = n_out - 1, i = n_in - 1;
        const Segment &w = table.segments[0], &b = table.segments[1];
        CHECK_EQUAL(block.data()[w.offset + panel_offset<T>(n_in, o, i)],
                    static_cast<T>(n_out * n_in));
        CHECK_EQUAL(block.data()[b.offset + o], static_cast<T>(n_out));
      }
  });
}

// Every initialiser for weights and for biases; numbers depend on seed, layer and unit alone.
TEST(parameters_are_drawn_as_defined) {
  for_each_dtype([]<class T>() {
    for_each_type(Initializers{}, []<class F>() {
      NetworkSpec spec = example<T>();
      for (LayerSpec& layer : spec.layers)
        if (auto* given = std::get_if<DenseSpec>(&layer)) {
          given->initializer = to_spec(F{});
          given->bias_initializer = scaled_by_data<F> ? to_spec(Orthogonal{}) : to_spec(F{});
        }
      const ParameterTable<T> table(spec);
      AlignedBuffer<T> block(table.size);
      for (const std::uint64_t seed :
           {std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()}) {
        initialize(spec, table, seed, block.data());
        CHECK(padding_is_zero(table, block.data()));
        for (const Stage& stage : table.stages) {
          const auto tensor = [&](Index id) {
            return tensor_of(table.segments[static_cast<std::size_t>(id)], block.data());
          };
          CHECK(same_bits(tensor(stage.weight), drawn<F, T>(F{}, stage, Purpose::kWeights, seed)));
          if (stage.bias >= 0)
            CHECK(same_bits(tensor(stage.bias), drawn<F, T>(F{}, stage, Purpose::kBiases, seed)));
        }
      }
    });
  });
}

// Tensors that are given, whatever their type; without them nothing can begin.
TEST(parameters_begin_with_arrays) {
  for_each_dtype([]<class T>() {
    DenseSpec first = dense(3), second = dense(2);
    first.initializer = second.bias_initializer = FormulaSpec{std::string(kArray), {}};
    const NetworkSpec spec = network_spec<T>(4, {first, second});
    const ParameterTable<T> table(spec);
    std::vector<T> block(static_cast<std::size_t>(table.block_size), T(0)), drawn = block;
    std::vector<T> w(12), b(2);
    std::iota(w.begin(), w.end(), T(1));
    std::iota(b.begin(), b.end(), T(-5));
    const std::vector<const void*> given = {w.data(), nullptr, nullptr, b.data()};
    initialize(spec, table, 1, block.data(), given);
    CHECK(tensor_of(table.segments[0], block.data()) == w);
    CHECK(tensor_of(table.segments[3], block.data()) == b);
    NetworkSpec without = spec;
    std::get<DenseSpec>(without.layers[0]) = dense(3);
    std::get<DenseSpec>(without.layers[1]) = dense(2);
    initialize(without, ParameterTable<T>(without), 1, drawn.data());
    for (const std::size_t other : {std::size_t{1}, std::size_t{2}})
      CHECK(tensor_of(table.segments[other], block.data()) ==
            tensor_of(table.segments[other], drawn.data()));
    const std::vector<const void*> half = {w.data(), nullptr, nullptr, nullptr};
    CHECK_THROWS(initialize(spec, table, 1, block.data(), half),
                 "initializer: layers.1.bias began with an array, which no file holds");
    CHECK_THROWS(initialize(spec, table, 1, block.data()), "initializer: layers.0.weight began");
  });
}

// The default follows from the next activation before another Dense layer.
TEST(parameters_are_drawn_for_the_activation_behind) {
  for_each_type(Activations{}, []<class F>() {
    const std::vector<std::vector<LayerSpec>> all = {
        {dense(4, F::name)},
        {dense(4), activation(F::name)},
        {dense(4), activation("identity"), activation(F::name), activation("relu")},
        {dense(4, F::name), dense(4, "relu")}};
    for (std::vector<LayerSpec> layers : all) {
      const bool next_counts = std::string_view(F::name) == Identity::name && layers.size() == 4;
      NetworkSpec by_default = network_spec<float>(6, layers), given = by_default;
      std::get<DenseSpec>(given.layers[0]).initializer = default_spec(
          Initializers{}, "initializer", next_counts ? Relu::initializer : F::initializer);
      CHECK(same_bits(parameters_of(Network<float>(by_default)),
                      parameters_of(Network<float>(given))));
    }
  });
}

TEST(parameters_that_are_not_finite) {
  const NetworkSpec spec = example<float>();
  const ParameterTable<float> table(spec);
  AlignedBuffer<float> block(table.size);
  initialize(spec, table, 1, block.data());
  CHECK_EQUAL(first_nonfinite_stage(table, block.data()), 0);
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()})
    for (std::size_t s = table.stages.size(); s-- > 0;)
      for (const Index id : {table.stages[s].weight, table.stages[s].bias}) {
        if (id < 0) continue;
        const Segment& segment = table.segments[static_cast<std::size_t>(id)];
        float& last =
            block.data()[segment.offset +
                         (segment.is_weight ? panel_offset<float>(segment.n_in, segment.n_out - 1,
                                                                  segment.n_in - 1)
                                            : segment.n_out - 1)];
        const float before = std::exchange(last, wrong);
        CHECK_EQUAL(first_nonfinite_stage(table, block.data()), static_cast<Index>(s) + 1);
        block.data()[0] = wrong;
        CHECK_EQUAL(first_nonfinite_stage(table, block.data()), 1);
        block.data()[0] = 1.0f;
        last = before;
      }
}

// A chain per output unit over its inputs, unit sums in order, to the bit; padding does not count.
TEST(parameters_norm) {
  for_each_dtype([]<class T>() {
    const NetworkSpec spec = example<T>();
    ParameterTable<T> table(spec);
    AlignedBuffer<T> block(table.size);
    initialize(spec, table, 11, block.data());
    double total = 0.0;
    for (const Segment& segment : table.segments) {
      const std::vector<T> tensor = tensor_of(segment, block.data());
      for (auto row = tensor.begin(); row != tensor.end(); row += segment.n_in)
        total += std::accumulate(row, row + segment.n_in, 0.0, [](double sum, T w) {
          return sum + static_cast<double>(w) * static_cast<double>(w);
        });
    }
    CHECK(total > 1.0);
    CHECK_EQUAL(norm(table, block.data()), std::sqrt(total));
    const Segment& bias = table.segments[1];
    block.data()[bias.offset + bias.n_out] = T(1000);
    CHECK_EQUAL(norm(table, block.data()), std::sqrt(total));
    for (const Stage& stage : table.stages) table.set_trainable(stage.layer, false);
    CHECK_EQUAL(norm(table, block.data()), 0.0);
    CHECK(table == ParameterTable<T>(spec));  // they lie alike
  });
}

}  // namespace chainrule
