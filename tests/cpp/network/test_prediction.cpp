#include "network/prediction.hpp"

#include <new>

#include "allocations.hpp"
#include "base/thread_pool.hpp"
#include "network/fixtures.hpp"
#include "network/predictor.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// A row is some 110 000 operations: 64 rows are worth seven threads.
template <class T>
NetworkSpec example() {
  return network_spec<T>(
      150, {dense(130, "relu"), ResidualSpec{2}, LayerNorm{}, dense(130), activation("softmax"),
            BatchNorm{}, dense(129), dense(10, "softmax")});
}

TEST(tiles_have_all_rows_and_none_is_too_large) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    for (const Index n_threads : {1, 2, 3, 16})
      for (const Index rows : {1, 2, 63, 64, 65, 127, 128, 129, 511, 512, 513, 600, 1025, 100000}) {
        const RowTiles tiles = row_tiles(network.table(), rows, n_threads);
        CHECK(tiles.rows <= kPredictRows);
        CHECK(tiles.n_tiles * tiles.rows >= rows);
        CHECK(tiles.n_tiles <= rows);
        CHECK(tiles.n_threads == 1 || tiles.n_threads == n_threads);
        CHECK(tiles.n_tiles % tiles.n_threads == 0);
      }
    CHECK_EQUAL(row_tiles(network.table(), 0, 2).n_tiles, 0);
  });
}

TEST(many_rows_go_to_threads_in_tiles) {
  for_each_dtype([]<class T>() {
    const Network<T> network(example<T>());
    CHECK_EQUAL(row_tiles(network.table(), 127, 2).n_threads, 1);
    CHECK_EQUAL(row_tiles(network.table(), 128, 2).n_threads, 2);
    CHECK_EQUAL(row_tiles(network.table(), 128, 3).n_threads, 1);
    CHECK_EQUAL(row_tiles(network.table(), 128, 1).n_threads, 1);
    const Network<T> tiny(network_spec<T>(2, {dense(2)}));
    CHECK_EQUAL(row_tiles(tiny.table(), 1000, 2).n_threads, 1);
    const Network<T> wide(network_spec<T>(1024, {dense(1025)}));
    CHECK_EQUAL(row_tiles(wide.table(), 1000, 2).n_threads, 1);
  });
}

TEST(tiles_on_any_number_of_threads_have_the_same_bits) {
  set_wait_for_all_workers(true);
  for_each_dtype([]<class T>() {
    Network<T> network(example<T>());
    for (const Index d : {64, 129, 448, 513, 1100}) {
      const TestData<T> data(d, 150, 10);
      network.set_n_threads(1);
      const auto alone = predict(network, data.inputs());
      for (const Index n_threads : {2, 3, 7}) {
        network.set_n_threads(n_threads);
        const long tiled = d >= 64 * n_threads ? 1 : 0;
        reset_path_counters();
        CHECK(same_bits(predict(network, data.inputs()), alone));
        CHECK_EQUAL(path_counters().tiled_predictions, tiled);
        if (tiled != 0) CHECK_EQUAL(path_counters().most_threads, n_threads);

        const Predictor<T> predictor(network);
        std::vector<T> y_hat(alone.size());
        predictor.predict(data.inputs(), {y_hat.data(), d, 10, 10});
        CHECK(same_bits(y_hat, alone));
        CHECK_EQUAL(path_counters().tiled_predictions, 2 * tiled);
      }
    }
  });
  set_wait_for_all_workers(false);
}

// The memory of a worker, which finds out inside of a region.
TEST(allocation_failures_in_a_tile_of_a_worker) {
  set_wait_for_all_workers(true);
  constexpr Index d = 512;
  Network<float> network(network_spec<float>(8, {dense(900, "relu"), dense(900), dense(1)}));
  const TestData<float> data(d, 8, 1);
  std::vector<float> y_hat(d);
  const MatrixView<float> to{y_hat.data(), d, 1, 1};
  network.set_n_threads(1);
  network.predict(data.inputs(), to);
  const std::vector<float> expected = y_hat;
  // The caller has what it needs, the plan of a tile as well, and the worker has been started.
  network.predict(data.inputs().rows_from(0, d / 2), to.rows_from(0, d / 2));
  parallel_for(2, 2, [](Index, Index) noexcept {});
  network.set_n_threads(2);
  bool threw = false;
  try {
    const test::OutOfMemory failure(1, test::OutOfMemory::from_then_on);
    network.predict(data.inputs(), to);
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  CHECK(threw);
  network.predict(data.inputs(), to);
  CHECK(same_bits(y_hat, expected));
  set_wait_for_all_workers(false);
}

}  // namespace

}  // namespace chainrule
