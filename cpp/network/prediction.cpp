#include "network/prediction.hpp"

#include <atomic>
#include <new>

#include "base/thread_memory.hpp"
#include "network/run_parts.hpp"

namespace chainrule {

namespace {

// Fewer rows would read the weights too often for what they compute.
constexpr Index kLeastRows = 64;
// Tiles of several threads: more of them than threads even out what one thread loses.
constexpr Index kThreadRows = 256;
// Every thread reads all weights, which a cache that they share makes cheap; from memory, it would
// cost more than a part of them for each thread and all rows.
constexpr Index kMostWeightBytes = Index{4} << 20;

}  // namespace

template <class T>
RowTiles row_tiles(const ParameterTable<T>& table, Index rows, Index n_threads) {
  if (rows == 0) return {0, 0, 1, 1};
  const double work = 2.0 * static_cast<double>(rows) * static_cast<double>(table.n_parameters);
  const Index takers = threads_for(work, n_threads);
  const bool in_cache = table.block_size * static_cast<Index>(sizeof(T)) <= kMostWeightBytes;
  if (takers == 1 || rows < kLeastRows * takers || !in_cache) {
    const Index n_tiles = ceil_div(rows, kPredictRows);
    return {n_tiles, ceil_div(rows, n_tiles), 1, n_threads};
  }
  const Index n_tiles = round_up(ceil_div(rows, kThreadRows), takers);
  return {n_tiles, ceil_div(rows, n_tiles), takers, 1};
}

template <class T>
void predict(const Plan<T>& plan, const ParameterTable<T>& table, const T* parameters, T* workspace,
             const RowTiles& tiles, MatrixView<const T> x, MatrixView<T> y_hat) {
  const auto predict_tile = [&](Index tile, T* memory) {
    const Range rows = part(x.rows, tiles.n_tiles, tile);
    Run<T> run{plan,
               table,
               parameters,
               memory,
               x.rows_from(rows.begin, rows.size()),
               tiles.threads_per_layer};
    execute(run, 0, plan.n_forward);
    copy_rows<T>(run.view(plan.y_hat), y_hat.rows_from(rows.begin, rows.size()));
  };
  if (tiles.n_threads == 1) {
    for (Index tile = 0; tile < tiles.n_tiles; ++tile) predict_tile(tile, workspace);
    return;
  }
  std::atomic<bool> out_of_memory = false;
  reserve_block_memory();
  parallel_for(tiles.n_tiles, tiles.n_threads, [&](Index tile, Index thread) noexcept {
    try {
      predict_tile(tile, thread == 0 ? workspace
                                     : reinterpret_cast<T*>(thread_memory(plan.workspace_bytes())));
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  });
  if (out_of_memory) throw std::bad_alloc();
  note_threads(static_cast<long>(region_report().n_threads_took_part));
  note_tiled_prediction();
}

#define CHAINRULE_INSTANTIATE(T)                                                                 \
  template RowTiles row_tiles(const ParameterTable<T>&, Index, Index);                           \
  template void predict(const Plan<T>&, const ParameterTable<T>&, const T*, T*, const RowTiles&, \
                        MatrixView<const T>, MatrixView<T>);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
