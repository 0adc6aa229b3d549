#include "network/training_run.hpp"

#include <cfenv>
#include <limits>
#include <numeric>

#include "base/thread_pool.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kFeatures = 4, kOutputs = 3, kRows = 50, kMany = 5 * kChunk + 17;
constexpr double kForever = std::numeric_limits<double>::infinity();
constexpr double kRate = 0.01;

template <class T>
NetworkSpec example() {
  NetworkSpec spec = network_spec<T>(kFeatures, {dense(6, "relu"), dense(kOutputs, "sigmoid")});
  spec.loss = to_spec(Mse{});
  return spec;
}

template <class T>
struct Trainee : Network<T> {
  explicit Trainee(const FormulaSpec& optimizer = to_spec(Adam{})) : Network<T>(example<T>()) {
    this->set_optimizer(optimizer);
  }
};

template <class T>
void fit(Network<T>& network, const Examples<T>& examples, const TrainingOptions& options,
         int epochs) {
  TrainingRun<T> run(network, examples, options);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    run.begin_epoch();
    CHECK_EQUAL(run.run(0, kForever, kRate), run.n_updates());
    run.end_epoch();
  }
}

}  // namespace

// An epoch is its train_steps over the rows in the order of the shuffle, a short batch last.
TEST(training_run_is_its_steps) {
  for_each_dtype([]<class T>() {
    for_each_type(Optimizers{}, []<class Optimizer>() {
      for (const bool shuffled : {false, true})
        for (const Index batch_size : {1, 16, 50, 70}) {
          Trainee<T> network(to_spec(Optimizer{})), by_hand(to_spec(Optimizer{}));
          const TestData<T> data(kRows, kFeatures, kOutputs);
          fit(network, data.examples(), {batch_size, shuffled, false}, 2);
          std::vector<Index> order(kRows);
          for (Index epoch = 0; epoch < 2; ++epoch) {
            std::iota(order.begin(), order.end(), Index{0});
            if (shuffled) shuffle(order, by_hand.spec().seed, epoch);
            for (Index first = 0; first < kRows; first += batch_size) {
              const auto count = static_cast<std::size_t>(std::min(batch_size, kRows - first));
              const TestData<T> batch =
                  rows_of(data, std::span(order).subspan(static_cast<std::size_t>(first), count));
              by_hand.train_step(batch.examples(), to_spec(Mse{}), &kRate);
            }
            by_hand.end_epoch();
          }
          CHECK(same_state(network, by_hand));
        }
    });
  });
}

TEST(training_run_goes_on_where_the_last_one_ended) {
  for_each_dtype([]<class T>() {
    for_each_type(Optimizers{}, []<class Optimizer>() {
      for (const bool shuffled : {false, true}) {
        Trainee<T> twice(to_spec(Optimizer{})), once(to_spec(Optimizer{}));
        const TestData<T> data(kRows, kFeatures, kOutputs);
        fit(twice, data.examples(), {16, shuffled, false}, 2);
        fit(twice, data.examples(), {16, shuffled, true}, 3);
        fit(once, data.examples(), {16, shuffled, false}, 5);
        CHECK(same_state(twice, once));
        CHECK_EQUAL(once.epochs(), 5);
        CHECK_EQUAL(once.optimizer()->updates, 20);
      }
    });
  });
}

TEST(training_run_shuffles_each_epoch_anew) {
  Trainee<double> shuffled(to_spec(Sgd{})), ordered(to_spec(Sgd{})), later(to_spec(Sgd{}));
  const TestData<double> data(kRows, kFeatures, kOutputs);
  later.set_counters(0, 1);
  fit(shuffled, data.examples(), {16, true, false}, 1);
  fit(ordered, data.examples(), {16, false, false}, 1);
  fit(later, data.examples(), {16, true, false}, 1);
  CHECK(!same_bits(parameters_of(shuffled), parameters_of(ordered)));
  CHECK(!same_bits(parameters_of(shuffled), parameters_of(later)));
}

// The products of a single output are too small for two threads.
TEST(training_run_gathers_long_rows_on_all_threads) {
  set_wait_for_all_workers(true);
  for_each_dtype([]<class T>() {
    constexpr Index kLong = 900, kBatch = 160;
    NetworkSpec spec = network_spec<T>(kLong, {dense(1)});
    spec.loss = to_spec(Mse{});
    const TestData<T> data(2 * kBatch + 3, kLong, 1);
    Network<T> alone(spec), shared(spec);
    for (Network<T>* network : {&alone, &shared}) {
      network->set_n_threads(network == &alone ? 1 : 2);
      network->set_optimizer(to_spec(Sgd{}));
      reset_path_counters();
      fit(*network, data.examples(), {kBatch, true, false}, 2);
      CHECK_EQUAL(path_counters().threaded_operations, network == &alone ? 0 : 4);
      CHECK_EQUAL(path_counters().most_threads, network == &alone ? 0 : 2);
    }
    CHECK(same_state(alone, shared));
  });
  set_wait_for_all_workers(false);
}

// Each batch has a factor of its own, wherever a run pauses.
TEST(training_run_with_factors) {
  Trainee<double> at_once, one_by_one;
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const std::vector<double> factors{1.0, 0.5, 0.25, 2.0, 0.0, 0.75, 0.1};
  TrainingRun<double> run(at_once, data.examples(), {8, true, false});
  TrainingRun<double> steps(one_by_one, data.examples(), {8, true, false});
  CHECK_THROWS((run.begin_epoch(std::vector<double>(6)), 0), "factors: expected 7");
  run.begin_epoch(factors);
  steps.begin_epoch();
  CHECK_EQUAL(run.run(3, kForever, kRate) + run.run(0, kForever, kRate), 7);
  for (const double factor : factors) CHECK_EQUAL(steps.run(1, kForever, kRate * factor), 1);
  CHECK(same_state(at_once, one_by_one));
  // The next epoch has its own, or none.
  run.begin_epoch();
  steps.begin_epoch(std::vector<double>(7, 1.0));
  CHECK_EQUAL(run.run(0, kForever, kRate), steps.run(0, kForever, kRate));
  CHECK(same_state(at_once, one_by_one));
}

// In pieces of any size, as callbacks ask for them.
TEST(training_run_in_pieces) {
  Trainee<float> whole, pieces, one_by_one;
  const TestData<float> data(kRows, kFeatures, kOutputs);
  fit(whole, data.examples(), {8, true, false}, 1);
  TrainingRun<float> run(pieces, data.examples(), {8, true, false});
  CHECK_EQUAL(run.n_updates(), 7);
  run.begin_epoch();
  CHECK_EQUAL(run.run(3, kForever, kRate), 3);
  CHECK_EQUAL(run.updates_done(), 3);
  CHECK_EQUAL(run.run(5, kForever, kRate), 4);
  CHECK_EQUAL(run.run(5, kForever, kRate), 0);
  run.end_epoch();
  CHECK(same_state(whole, pieces));
  // However little time there is, one batch is done.
  TrainingRun<float> slow(one_by_one, data.examples(), {8, true, false});
  slow.begin_epoch();
  for (int i = 0; i < 7; ++i) CHECK_EQUAL(slow.run(0, -1.0, kRate), 1);
  slow.end_epoch();
  CHECK(same_state(whole, one_by_one));
}

TEST(training_run_is_the_only_one) {
  Trainee<float> network;
  const TestData<float> data(kRows, kFeatures, kOutputs);
  const auto another = [&] { return TrainingRun<float>(network, data.examples(), {}).n_updates(); };
  {
    TrainingRun<float> run(network, data.examples(), {});
    CHECK(network.is_training());
    CHECK_THROWS(another(), "this network is being trained");
    CHECK_THROWS(another(), "this network is being trained");
    run.close();
    CHECK_EQUAL(another(), 1);
    const TrainingRun<float> next(network, data.examples(), {});
    run.close();  // again: that of the next one is none of its business
    CHECK(network.is_training());
  }
  CHECK(!network.is_training());
}

// Norms of batches need two rows: a single one that is left joins the batch before.
TEST(training_run_of_norms_has_no_batch_of_one_row) {
  for_each_dtype([]<class T>() {
    NetworkSpec spec =
        network_spec<T>(kFeatures, {dense(6), BatchNorm{}, activation("tanh"), dense(kOutputs)});
    spec.loss = to_spec(Mse{});
    Network<T> fitted(spec), stepped(spec);
    const TestData<T> data(7, kFeatures, kOutputs);
    TrainingOptions options;
    options.batch_size = 3;
    TrainingRun<T> run(fitted, data.examples(), options);
    CHECK_EQUAL(run.n_updates(), 2);
    run.begin_epoch();
    CHECK_EQUAL(run.run(0, kForever, kRate), 2);
    run.end_epoch();
    run.close();
    std::vector<Index> order(7);
    std::iota(order.begin(), order.end(), Index{0});
    shuffle(order, spec.seed, 0);
    const TestData<T> shuffled = rows_of<T>(data, order);
    for (const auto& [first, count] :
         {std::pair<Index, Index>{0, 3}, std::pair<Index, Index>{3, 4}})
      stepped.train_step(shuffled.examples().part(first, count), to_spec(Mse{}), &kRate);
    stepped.end_epoch();
    CHECK(same_state(fitted, stepped));

    const auto begin = [&](Index rows, Index batch_size) {
      options.batch_size = batch_size;
      TrainingRun<T>(fitted, data.examples().part(0, rows), options).close();
    };
    begin(2, 3);
    CHECK_THROWS((begin(1, 3), 0), "x: expected at least 2 rows, since BatchNorm");
    CHECK_THROWS((begin(7, 1), 0), "batch_size: expected at least 2, since BatchNorm");
    CHECK(!fitted.is_training());
  });
}

TEST(training_run_that_cannot_begin) {
  Trainee<float> network;
  const TestData<float> data(kRows, kFeatures, kOutputs);
  const std::vector<double> none(kRows, 0.0);
  const auto begin = [&](const Examples<float>& examples) {
    TrainingRun<float>(network, examples, {}).close();
  };
  CHECK_THROWS((begin(data.examples().part(0, 0)), 0), "x: expected at least one row");
  CHECK_THROWS((begin(weighted(data.examples(), none)), 0),
               "sample_weight: expected at least one weight above 0");
  network.set_loss(std::nullopt);
  CHECK_THROWS((begin(data.examples()), 0), "loss: none is set");
  CHECK(!network.is_training());
}

// However it ends, as long as no batch was done: then the network stays as that has left it.
TEST(training_run_without_a_batch_leaves_no_trace) {
  const TestData<float> data(kRows, kFeatures, kOutputs);
  const FormulaSpec sgd = to_spec(Sgd{}), loss = to_spec(BinaryCrossEntropy{});
  const TrainingOptions options{8, true, false, &sgd, &loss};
  for (const bool closed : {false, true})
    for (const Index batches : {0, 1}) {
      Trainee<float> network, twin;
      Snapshot<float> before;
      {
        TrainingRun<float> run(network, data.examples(), options, &before);
        CHECK(*network.spec().loss == loss);
        run.begin_epoch();
        if (batches > 0) run.run(batches, kForever, kRate);
        if (closed) run.close();
      }
      CHECK(!network.is_training());
      CHECK_EQUAL(same_state(network, twin), batches == 0);
      CHECK(network.optimizer()->formula == (batches == 0 ? to_spec(Adam{}) : sgd));
      network.restore(before);
      CHECK(same_state(network, twin));
    }
}

// A batch whose rows all have weight 0 makes no update, but its random numbers are used up.
TEST(training_run_over_a_batch_of_no_weight) {
  for_each_type(Optimizers{}, []<class Optimizer>() {
    Trainee<double> network(to_spec(Optimizer{}));
    const TestData<double> data(30, kFeatures, kOutputs);
    std::vector<double> weights(30, 1.0);
    std::fill(weights.begin() + 10, weights.begin() + 20, 0.0);
    TrainingRun<double> run(network, weighted(data.examples(), weights), {10, false, false});
    run.begin_epoch();
    run.run(1, kForever, kRate);
    const std::vector<double> before = parameters_of(network);
    const Snapshot<double> snapshot = network.snapshot();
    run.run(1, kForever, kRate);
    CHECK_EQUAL(network.training_forwards(), 2);
    CHECK_EQUAL(run.last_loss(), 0.0);
    network.set_counters(1, 0);
    CHECK(same_bits(parameters_of(network), before));
    CHECK(network.optimizer() == snapshot.optimizer);
    CHECK(same_bits(network.optimizer_state()->powers, snapshot.powers));
    for (std::size_t s = 0; s < snapshot.slots.size(); ++s)
      CHECK(same_bits(network.optimizer_state()->slots[s], snapshot.slots[s]));
    run.run(1, kForever, kRate);
    CHECK_EQUAL(network.optimizer()->updates, 2);
  });
}

// Weights are relative to their mean over all rows: a batch has J = (1/d) sum w l, the epoch sum w
// l / sum w.
TEST(training_run_losses) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const std::vector<double> by_row = random_weights(kRows, 1),
                            by_output = random_weights(kRows, kOutputs);
  for (const std::vector<double>& weights : {by_row, by_output}) {
    Trainee<double> network;
    const Examples<double> examples = weighted(data.examples(), weights);
    const double mean = mean_of_weights(examples);
    TrainingRun<double> run(network, examples, {16, false, false});
    run.begin_epoch();
    double loss = 0.0, weight = 0.0;
    while (run.updates_done() < run.n_updates()) {
      const Index first = run.updates_done() * 16, count = std::min<Index>(16, kRows - first);
      Examples<double> batch = examples.part(first, count);
      batch.mean_weight = mean;
      const LossSums sums = network.evaluate(batch, to_spec(Mse{}), {});
      run.run(1, kForever, kRate);
      CHECK_EQUAL(run.last_loss(), sums.loss / static_cast<double>(count));
      loss += sums.loss;
      weight += sums.weight;
      CHECK_EQUAL(run.epoch_loss(), loss / weight);
    }
  }
}

// Batches of whole chunks come to the bits of one batch of their rows, whatever is done to its
// gradient; only that there were more forward passes is seen.
TEST(training_run_accumulates_to_the_bits_of_the_union) {
  for_each_dtype([]<class T>() {
    const TestData<T> data(kMany, kFeatures, kOutputs);
    const std::vector<double> weights = random_weights(kMany, 1);
    const Examples<T> plain = data.examples(), examples = weighted(plain, weights);
    for_each_type(Optimizers{}, [&]<class Optimizer>() {
      const FormulaSpec optimizer = to_spec(lively<Optimizer>());
      for (const Clipping& clipping : {Clipping{}, Clipping{0.01, 0.05}}) {
        TrainingOptions options{2 * kChunk, true, true, &optimizer, nullptr, clipping, {0.01, 0.1}};
        Trainee<T> network, whole;
        TrainingRun<T> at_once(whole, examples, options);
        options.batch_size = kChunk;
        options.accumulate = 2;
        TrainingRun<T> run(network, examples, options);
        CHECK_EQUAL(run.n_updates(), 3);
        for (int epoch = 0; epoch < 2; ++epoch) {
          run.begin_epoch();
          at_once.begin_epoch();
          while (at_once.run(1, kForever, kRate) > 0) {
            CHECK_EQUAL(run.run(1, kForever, kRate), 1);
            CHECK_EQUAL(run.last_loss(), at_once.last_loss());
            CHECK_EQUAL(run.epoch_loss(), at_once.epoch_loss());
          }
          CHECK_EQUAL(run.updates_done(), 3);
          run.end_epoch();
          at_once.end_epoch();
        }
        const MatrixView<const T> a = run.predictions(), b = at_once.predictions();
        CHECK(std::equal(a.data, a.row(a.rows), b.data));
        CHECK_EQUAL(network.training_forwards(), 12);
        network.set_counters(whole.training_forwards(), whole.epochs());
        CHECK(same_state(network, whole));
      }
    });
  });
}

// However little time there is, one batch is done; a group that was begun and never ended counts
// for nothing.
TEST(training_run_accumulates_in_pieces) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  TrainingOptions options{8, true, false};
  options.accumulate = 3;
  Trainee<double> whole, pieces;
  Snapshot<double> before;
  TrainingRun<double> run(whole, data.examples(), options);
  TrainingRun<double> slow(pieces, data.examples(), options, &before);
  CHECK_EQUAL(slow.n_updates(), 3);  // of 3, 3 and 1 batches
  slow.begin_epoch();
  slow.run(0, -1.0, kRate);
  for (TrainingRun<double>* each : {&run, &slow})
    each->begin_epoch(std::vector<double>{1.0, 0.5, 0.25});
  run.run(0, kForever, kRate);
  std::vector<Index> done;
  while (slow.updates_done() < 3) done.push_back(slow.run(0, -1.0, kRate));
  CHECK(done == (std::vector<Index>{0, 0, 1, 0, 0, 1, 1}));
  pieces.set_counters(whole.training_forwards(), 0);
  CHECK(same_state(whole, pieces));
  CHECK_EQUAL(whole.optimizer()->updates, 3);
}

TEST(training_run_that_comes_to_no_update_leaves_no_trace) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  TrainingOptions options{8, true, false};
  options.accumulate = 3;
  Trainee<double> network, twin;
  Snapshot<double> before;
  TrainingRun<double> run(network, data.examples(), options, &before);
  run.begin_epoch();
  CHECK_EQUAL(run.run(0, -1.0, kRate) + run.run(0, -1.0, kRate), 0);
  CHECK_EQUAL(network.training_forwards(), 2);
  run.close();
  CHECK(same_state(network, twin));
}

// More batches than there are make one update of all rows.
TEST(training_run_accumulates_all_there_are) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  TrainingOptions options{16, false, false};
  options.accumulate = Index{1} << 62;
  Trainee<double> network;
  TrainingRun<double> run(network, data.examples(), options);
  CHECK_EQUAL(run.n_updates(), 1);
  run.begin_epoch();
  CHECK_EQUAL(run.run(0, kForever, kRate), 1);
  CHECK_EQUAL(network.optimizer()->updates, 1);
}

// The update that fails counts as the last one, and is not made.
TEST(training_run_stops_inside_an_update) {
  Trainee<float> network;
  TestData<float> data(kRows, kFeatures, kOutputs);
  data.y[35 * kOutputs] = std::numeric_limits<float>::max();  // in the fifth batch of seven
  TrainingOptions options{8, false, false};
  options.accumulate = 3;
  TrainingRun<float> run(network, data.examples(), options);
  run.begin_epoch();
  CHECK_EQUAL(run.run(0, kForever, kRate), 2);
  CHECK(run.diverged() && !std::isfinite(run.last_loss()));
  CHECK_EQUAL(network.optimizer()->updates, 1);
  CHECK_EQUAL(network.training_forwards(), 5);
  CHECK_EQUAL(run.run(0, kForever, kRate), 0);
}

// A batch of weight 0 is one of several; a whole update of them is not made.
TEST(training_run_accumulates_batches_of_no_weight) {
  const TestData<double> data(40, kFeatures, kOutputs);
  std::vector<double> weights(40, 0.0);
  std::fill(weights.begin() + 5, weights.begin() + 10, 1.0);
  TrainingOptions options{10, false, false};
  options.accumulate = 2;
  Trainee<double> network;
  TrainingRun<double> run(network, weighted(data.examples(), weights), options);
  run.begin_epoch();
  CHECK_EQUAL(run.run(1, kForever, kRate), 1);
  const std::vector<double> before = parameters_of(network);
  CHECK_EQUAL(network.optimizer()->updates, 1);
  CHECK_EQUAL(run.run(1, kForever, kRate), 1);
  CHECK_EQUAL(run.last_loss(), 0.0);
  CHECK_EQUAL(network.optimizer()->updates, 1);
  CHECK(same_bits(parameters_of(network), before));
}

// Each row's prediction stands at its own place, as it was before the update of its batch.
TEST(training_run_keeps_predictions) {
  for_each_dtype([]<class T>() {
    Trainee<T> network;
    const TestData<T> data(kRows, kFeatures, kOutputs);
    TrainingRun<T> run(network, data.examples(), {16, true, true});
    run.begin_epoch();
    const std::vector<T> expected = predict(network, data.inputs());
    CHECK_EQUAL(run.run(0, kForever, 0.0), 4);
    const MatrixView<const T> got = run.predictions();
    CHECK_EQUAL(got.rows, kRows);
    CHECK_EQUAL(got.cols, kOutputs);
    CHECK(same_bits(std::vector<T>(got.data, got.row(kRows)), expected));
  });
}

TEST(training_run_stops_when_the_loss_is_not_finite) {
  Trainee<float> network;
  TestData<float> data(kRows, kFeatures, kOutputs);
  data.y[20 * kOutputs] = std::numeric_limits<float>::max();  // in the second batch
  TrainingRun<float> run(network, data.examples(), {16, false, false});
  run.begin_epoch();
  CHECK_EQUAL(run.run(0, kForever, kRate), 2);
  CHECK(run.diverged() && !std::isfinite(run.last_loss()));
  CHECK_EQUAL(network.optimizer()->updates, 1);
  CHECK_EQUAL(network.training_forwards(), 2);
  CHECK_EQUAL(run.run(0, kForever, kRate), 0);
  run.begin_epoch();
  CHECK(!run.diverged());
}

// What a callback may do between two pieces of a run.
TEST(training_run_whose_network_changes) {
  Trainee<float> network, alone;
  const TestData<float> data(kRows, kFeatures, kOutputs);
  TrainingRun<float> run(network, data.examples(), {16, true, false});
  run.begin_epoch();
  run.run(1, kForever, kRate);
  network.set_loss(std::nullopt);  // the loss of a run is the one it began with
  run.run(0, kForever, kRate);
  run.end_epoch();
  fit(alone, data.examples(), {16, true, false}, 1);
  CHECK(same_state(network, alone));
  network.initialize(3);
  run.begin_epoch();
  CHECK_THROWS(run.run(0, kForever, kRate), "optimizer: none is set");
}

// The rounding of the caller reaches neither the mean of the weights nor the steps.
TEST(training_run_has_its_own_float_environment) {
  const TestData<double> data(kRows, kFeatures, kOutputs);
  const std::vector<double> weights = random_weights(kRows, 1);
  Trainee<double> expected;
  fit(expected, weighted(data.examples(), weights), {16, true, false}, 2);
  for (const int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    Trainee<double> network;
    std::fesetround(rounding);
    fit(network, weighted(data.examples(), weights), {16, true, false}, 2);
    std::fesetround(FE_TONEAREST);
    CHECK(same_state(network, expected));
  }
}

}  // namespace chainrule
