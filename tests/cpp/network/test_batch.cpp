#include "network/batch.hpp"

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3;

// A run over a plan with a loss, and the memory of both.
template <class T>
struct LoadedRun {
  LoadedRun(const TestData<T>& data, const FormulaSpec& loss, bool weights_per_output)
      : table(network_spec<T>(data.n, {dense(data.m, "sigmoid")})),
        plan(make_plan(table,
                       {PlanPurpose::train, plan_capacity(data.d), &loss, weights_per_output})),
        parameters(table.size),
        workspace(plan.workspace_size),
        run{plan, table, parameters.data(), workspace.data(), data.inputs()} {}

  ParameterTable<T> table;
  Plan<T> plan;
  AlignedBuffer<T> parameters, workspace;
  Run<T> run;
};

// The sum of terms in chunks of kChunk, one chain in each.
double sum_in_order(double total, const std::vector<double>& terms) {
  for (std::size_t start = 0; start < terms.size(); start += kChunk) {
    double chunk = 0.0;
    for (std::size_t i = start; i < std::min<std::size_t>(terms.size(), start + kChunk); ++i)
      chunk += terms[i];
    total += chunk;
  }
  return total;
}

// One step of each optimiser from the same start; the parameters after it.
template <class Optimizer, class T>
std::vector<T> parameters_after_step(const Examples<T>& examples, const FormulaSpec& loss) {
  Network<T> network(network_spec<T>(kFeatures, {dense(6, "tanh"), dense(kOutputs, "sigmoid")}));
  network.set_optimizer(to_spec(Optimizer{}));
  network.train_step(examples, loss, nullptr);
  return parameters_of(network);
}

template <class T>
Gradients<T> gradients_of(const Examples<T>& examples, const FormulaSpec& loss) {
  Network<T> network(network_spec<T>(kFeatures, {dense(6, "tanh"), dense(kOutputs, "sigmoid")}));
  return network.gradients(examples, loss, false);
}

// Two ways to the same sums of `k` terms, which are each below 1 in magnitude and so are off by k u
// at most.
template <class T>
bool same_to_rounding(const Gradients<T>& a, const Gradients<T>& b, Index k) {
  const double bound = static_cast<double>(k) * kRoundoff<T>;
  bool same = std::abs(a.loss - b.loss) <= 8 * bound;
  for (Index i = 0; i < a.flat.size(); ++i)
    same = same && std::abs(static_cast<double>(a.flat.data()[i]) -
                            static_cast<double>(b.flat.data()[i])) <= bound;
  return same;
}

}  // namespace

TEST(batch_parts_of_examples) {
  const TestData<float> data(7, kFeatures, kOutputs);
  const std::vector<double> weights = random_weights(7, 2);
  Examples<float> examples = weighted(data.examples(), weights);
  examples.classes = data.classes.data();
  examples.mean_weight = 3.0;
  const Examples<float> part = examples.part(2, 4);
  CHECK_EQUAL(part.rows(), 4);
  CHECK_EQUAL(part.y.rows, 4);
  CHECK_EQUAL(part.weights.rows, 4);
  CHECK_EQUAL(part.mean_weight, 3.0);
  CHECK(part.x.row(3) == examples.x.row(5) && part.y.row(3) == examples.y.row(5));
  CHECK(part.weights.row(3) == examples.weights.row(5) && part.classes == examples.classes + 2);
  const Examples<float> bare = Examples<float>{data.inputs(), {}, nullptr, {}, 1.0}.part(2, 4);
  CHECK(bare.y.data == nullptr && bare.classes == nullptr && bare.weights.data == nullptr);
}

TEST(batch_mean_of_weights) {
  const TestData<double> data(600, kFeatures, kOutputs);
  CHECK_EQUAL(mean_of_weights(data.examples()), 1.0);
  const std::vector<double> by_row = random_weights(600, 1);
  CHECK_EQUAL(mean_of_weights(weighted(data.examples(), by_row)), sum_in_order(0.0, by_row) / 600);
  const std::vector<double> by_output = random_weights(600, kOutputs);
  std::vector<double> means;
  for (std::size_t i = 0; i < by_output.size(); i += kOutputs)
    means.push_back((0.0 + by_output[i] + by_output[i + 1] + by_output[i + 2]) / kOutputs);
  CHECK_EQUAL(mean_of_weights(weighted(data.examples(), by_output)),
              sum_in_order(0.0, means) / 600);
  const std::vector<double> none(600, 0.0);
  CHECK_THROWS(mean_of_weights(weighted(data.examples(), none)),
               "sample_weight: expected at least one weight above 0");
}

// c = w s / mean, rounded once, with s = factor / D or factor / (D m).
TEST(batch_targets_and_scales) {
  for_each_dtype([]<class T>() {
    for_each_loss(kOutputs, []<class Loss>() {
      const TestData<T> data(9, kFeatures, kOutputs);
      const std::vector<std::int64_t> order = {8, 0, 3};
      const std::vector<double> by_row = random_weights(9, 1),
                                by_output = random_weights(9, kOutputs);
      for (const std::vector<double>* weights :
           {static_cast<const std::vector<double>*>(nullptr), &by_row, &by_output}) {
        Examples<T> examples =
            weights == nullptr ? data.examples() : weighted(data.examples(), *weights);
        if (examples.weights_per_output() && !Loss::averages_outputs) continue;
        examples.mean_weight = 0.75;
        LoadedRun<T> loaded(data, to_spec(Loss{}), examples.weights_per_output());
        load_targets(loaded.run, examples, {order.data(), 3}, 5);
        const MatrixView<T> y = loaded.run.view(loaded.plan.y),
                            c = loaded.run.view(loaded.plan.scale);
        CHECK_EQUAL(c.cols, examples.weights_per_output() ? kOutputs : 1);
        const double s = Loss::gradient_factor / (Loss::averages_outputs ? 5.0 * kOutputs : 5.0);
        for (Index i = 0; i < 3; ++i) {
          const Index row = order[static_cast<std::size_t>(i)];
          for (Index j = 0; j < kOutputs; ++j) CHECK_EQUAL(y(i, j), data.targets()(row, j));
          for (Index j = 0; j < c.cols; ++j)
            CHECK_EQUAL(
                c(i, j),
                static_cast<T>((weights == nullptr ? 1.0 : examples.weights(row, j) / 0.75) * s));
        }
        Examples<T> classes = examples;
        classes.classes = data.classes.data();
        load_targets(loaded.run, classes, {order.data(), 3}, 5);
        for (Index i = 0; i < 3; ++i)
          for (Index j = 0; j < kOutputs; ++j)
            CHECK_EQUAL(
                y(i, j),
                T(j == data.classes[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]));
      }
    });
  });
}

// Float64 sums in chunks from the start of the batch, to the bit.
TEST(batch_sums_over_rows) {
  const TestData<float> data(600, kFeatures, kOutputs);
  const std::vector<double> weights = random_weights(600, 1), numbers = random_normals(600, 17);
  LoadedRun<float> loaded(data, to_spec(Mse{}), false);
  float* losses = loaded.run.view(loaded.plan.losses).data;
  std::vector<std::int64_t> backwards;
  std::vector<double> plain, products, chosen;
  for (std::size_t i = 0; i < 600; ++i) {
    losses[i] = static_cast<float>(numbers[i]);
    plain.push_back(static_cast<double>(losses[i]));
    backwards.push_back(static_cast<std::int64_t>(599 - i));
    chosen.push_back(weights[599 - i]);
    products.push_back(chosen[i] * plain[i]);
  }
  const Selection all{nullptr, 600}, reversed{backwards.data(), 600};
  CHECK_EQUAL(weighted_loss_sum(loaded.run, data.examples(), all, 2.5), sum_in_order(2.5, plain));
  CHECK_EQUAL(weight_sum(data.examples(), all, 2.5), 602.5);
  const Examples<float> examples = weighted(data.examples(), weights);
  CHECK_EQUAL(weighted_loss_sum(loaded.run, examples, reversed), sum_in_order(0.0, products));
  CHECK_EQUAL(weight_sum(examples, reversed), sum_in_order(0.0, chosen));
}

TEST(batch_sums_over_outputs) {
  const TestData<float> data(600, kFeatures, kOutputs);
  const std::vector<double> weights = random_weights(600, kOutputs);
  const std::vector<double> numbers = random_normals(600 * kOutputs, 17);
  LoadedRun<float> loaded(data, to_spec(Mse{}), true);
  const MatrixView<float> elements = loaded.run.view(loaded.plan.element_losses);
  std::vector<double> losses, row_means;
  for (Index i = 0; i < 600; ++i) {
    double sum = 0.0, weight = 0.0;
    for (Index j = 0; j < kOutputs; ++j) {
      const auto at = static_cast<std::size_t>(i * kOutputs + j);
      elements(i, j) = static_cast<float>(numbers[at]);
      sum += weights[at] * static_cast<double>(elements(i, j));
      weight += weights[at];
    }
    losses.push_back(sum / kOutputs);
    row_means.push_back(weight / kOutputs);
  }
  const Examples<float> examples = weighted(data.examples(), weights);
  const Selection all{nullptr, 600};
  CHECK_EQUAL(weighted_loss_sum(loaded.run, examples, all, 2.5), sum_in_order(2.5, losses));
  CHECK_EQUAL(weight_sum(examples, all, 2.5), sum_in_order(2.5, row_means));
}

// Weights that are all 1 change no bit, whatever they belong to.
TEST(batch_weights_of_one) {
  const std::vector<double> by_row(300, 1.0), by_output(300 * kOutputs, 1.0);
  for_each_dtype([&]<class T>() {
    const TestData<T> data(300, kFeatures, kOutputs);
    for_each_loss(kOutputs, [&]<class Loss>() {
      const FormulaSpec loss = to_spec(Loss{});
      for_each_type(Optimizers{}, [&]<class Optimizer>() {
        const std::vector<T> expected = parameters_after_step<Optimizer>(data.examples(), loss);
        CHECK(same_bits(parameters_after_step<Optimizer>(weighted(data.examples(), by_row), loss),
                        expected));
        if (Loss::averages_outputs)
          CHECK(same_bits(
              parameters_after_step<Optimizer>(weighted(data.examples(), by_output), loss),
              expected));
      });
      CHECK_EQUAL(gradients_of(weighted(data.examples(), by_row), loss).loss,
                  gradients_of(data.examples(), loss).loss);
    });
  });
}

// In a whole batch a weight of 2 is a row that is there twice, a weight of 0 one that is not there,
// and a factor of all weights changes nothing: to rounding.
TEST(batch_weights_are_relative) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(20, kFeatures, kOutputs), longer(20, kFeatures, kOutputs);
    TestData<T> twice = longer;
    std::vector<double> weights(20, 1.0), without_last(20, 1.0), tripled = random_weights(20, 1);
    weights[4] = 2.0;
    without_last[19] = 0.0;
    twice.d = 21;
    twice.x.insert(twice.x.end(), data.x.begin() + 4 * kFeatures, data.x.begin() + 5 * kFeatures);
    twice.y.insert(twice.y.end(), data.y.begin() + 4 * kOutputs, data.y.begin() + 5 * kOutputs);
    for_each_loss(kOutputs, [&]<class Loss>() {
      const FormulaSpec loss = to_spec(Loss{});
      const auto with = [&](const std::vector<double>& w) {
        return gradients_of(weighted(data.examples(), w), loss);
      };
      CHECK(same_to_rounding(with(weights), gradients_of(twice.examples(), loss), 2 * 21));
      CHECK(same_to_rounding(with(without_last), gradients_of(data.examples().part(0, 19), loss),
                             2 * 20));
      std::vector<double> scaled = tripled;
      for (double& w : scaled) w *= 3.0;
      CHECK(same_to_rounding(with(scaled), with(tripled), 2 * 20));
      CHECK_EQUAL(with(weights).weight_sum, 21.0);
      CHECK_THROWS(with(std::vector<double>(20, 0.0)),
                   "sample_weight: expected at least one weight above 0");
    });
  });
}

}  // namespace chainrule
