// How are rows predicted? In tiles that go through all layers before the next ones come, so that
// activations stay in cache. Of many rows each thread takes tiles of its own, and waits for nobody
// until the last; of few all threads share each layer.
#pragma once

#include "network/execution.hpp"

namespace chainrule {

// Rows of a tile, at most.
inline constexpr Index kPredictRows = 512;

struct RowTiles {
  Index n_tiles;
  Index rows;               // of the largest one
  Index n_threads;          // that take tiles
  Index threads_per_layer;  // of a tile; one of the two is 1
};

template <class T>
RowTiles row_tiles(const ParameterTable<T>& table, Index rows, Index n_threads);

// Y_hat for all rows of X. The plan has room for tiles.rows. The calling thread works in
// `workspace`, others in memory of their own: std::bad_alloc if there is none.
template <class T>
void predict(const Plan<T>& plan, const ParameterTable<T>& table, const T* parameters, T* workspace,
             const RowTiles& tiles, MatrixView<const T> x, MatrixView<T> y_hat);

}  // namespace chainrule
