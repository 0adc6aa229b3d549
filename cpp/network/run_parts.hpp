// How is an operation split into blocks that threads claim? By the size of the work, which is what
// decides how many threads are worth waking; and what every operation finds in a run.
#pragma once

#include <algorithm>

#include "base/thread_pool.hpp"
#include "kernels/panels.hpp"
#include "network/execution.hpp"

namespace chainrule {

// Counts an operation in which so many threads took part.
void note_threads(long took_part);
// Counts a prediction whose tiles of rows went to several threads.
void note_tiled_prediction();

// A thread pays from about this many floating-point operations: some 20 us of work, ten times the
// cost of handing over a block.
inline constexpr double kWorkPerThread = 1e6;

inline Index threads_for(double work, Index available) {
  return std::clamp<Index>(static_cast<Index>(work / kWorkPerThread), 1, available);
}

// f(item) for all items, on as many threads as the work is worth.
template <class F>
void split(Index n_items, double work, Index available, F&& f) {
  const Index n_threads = std::min(threads_for(work, available), n_items);
  if (n_threads <= 1) {
    for (Index item = 0; item < n_items; ++item) f(item);
    return;
  }
  parallel_for(n_items, n_threads, [&](Index item, Index /*thread*/) noexcept { f(item); });
  note_threads(static_cast<long>(region_report().n_threads_took_part));
}

// f(first, count) for parts of a block whose elements have nothing to do with each other.
template <class F>
void split_elements(Index size, Index available, F&& f) {
  constexpr Index kPart = 1 << 13;
  split(ceil_div(size, kPart), 20.0 * static_cast<double>(size), available, [&](Index i) {
    const Index first = i * kPart;
    f(first, std::min(kPart, size - first));
  });
}

// [begin, end) of part i when n is cut into `parts` parts of nearly equal size, in units of `unit`.
struct Range {
  Index begin, end;
  Index size() const { return end - begin; }
};
inline Range part(Index n, Index parts, Index i, Index unit = 1) {
  if (parts == 1) return {0, n};  // without divisions, which a tiny network would notice
  const Index units = ceil_div(n, unit);
  return {std::min(n, units * i / parts * unit), std::min(n, units * (i + 1) / parts * unit)};
}

// How a rows x panels problem is cut into blocks: at most blocks.rows x blocks.panels, and for
// several threads at least about two blocks each.
struct Grid {
  Index row_parts, panel_parts;
  Index size() const { return row_parts * panel_parts; }
};
inline Grid make_grid(Index rows, Index row_limit, Index panels, Index panel_limit,
                      Index n_threads) {
  if (n_threads == 1 && rows > 0 && rows <= row_limit && panels <= panel_limit) return {1, 1};
  Grid grid{ceil_div(rows, row_limit), ceil_div(panels, panel_limit)};
  if (n_threads > 1) {
    grid.panel_parts =
        std::min(panels, std::max(grid.panel_parts, ceil_div(2 * n_threads, grid.row_parts)));
    if (grid.size() < 2 * n_threads)
      grid.row_parts = std::max(
          grid.row_parts,
          std::min(ceil_div(rows, kLanes<double>), ceil_div(2 * n_threads, grid.panel_parts)));
    // Of a few blocks each thread gets as many: 5 for two threads take as long as 6.
    const Index even = round_up(grid.panel_parts, n_threads);
    if (grid.size() < 8 * n_threads && grid.size() % n_threads != 0 && even <= panels)
      grid.panel_parts = even;
  }
  return grid;
}

// A run, and ways to cut its buffers.
template <class T>
class RunParts {
 public:
  explicit RunParts(Run<T>& run) : run_(run), kernels_(*run.plan.kernels) {}

 protected:
  template <class F>
  void over_rows(Index rows, double work_per_row, F&& f) {
    const double work = work_per_row * static_cast<double>(rows);
    const Index parts = threads_for(work, run_.n_threads);
    split(parts, work, run_.n_threads, [&](Index i) { f(part(rows, parts, i)); });
  }

  // f(from, to) for parts of the rows of two buffers.
  template <class F>
  void over_parts(BufferId from, BufferId to, F&& f) {
    const MatrixView<const T> in = run_.view(from);
    const MatrixView<T> out = run_.view(to);
    over_rows(in.rows, 2.0 * static_cast<double>(in.cols), [&](Range rows) {
      f(in.rows_from(rows.begin, rows.size()), out.rows_from(rows.begin, rows.size()));
    });
  }

  // f(first column, what cuts the columns out of a matrix) for parts of the columns of `m`.
  template <class F>
  void over_panels(MatrixView<const T> m, double work_per_element, F&& f) {
    const double work =
        work_per_element * static_cast<double>(m.rows) * static_cast<double>(m.cols);
    const Index panels = n_panels<T>(m.cols);
    const Index parts = std::min(panels, threads_for(work, run_.n_threads));
    split(parts, work, run_.n_threads, [&](Index i) {
      const Range columns = part(panels, parts, i);
      const Index first = columns.begin * kLanes<T>;
      f(first, [&](auto matrix) {
        matrix.data += first;
        matrix.cols = std::min(matrix.cols - first, columns.size() * kLanes<T>);
        return matrix;
      });
    });
  }

  const Segment& segment(Index i) const { return run_.table.segments[static_cast<std::size_t>(i)]; }
  const Segment& statistic(Index i) const {
    return run_.table.statistics[static_cast<std::size_t>(i)];
  }
  const T* parameters_of(Index id) const {
    return id < 0 ? nullptr : run_.parameters + segment(id).offset;
  }
  T* buffer_data(BufferId id) const {
    return id == kNoBuffer
               ? nullptr
               : run_.workspace + run_.plan.buffers[static_cast<std::size_t>(id)].offset;
  }
  ActivationCall<T> activation(ActivationId id) const {
    if (id == kIdentity) return {};
    ActivationCall<T> call = run_.plan.activations[static_cast<std::size_t>(id)];
    const Index slopes = run_.plan.activation_slopes[static_cast<std::size_t>(id)];
    if (slopes >= 0) call.fields = run_.parameters + segment(slopes).offset;
    return call;
  }

  Run<T>& run_;
  const KernelTable<T>& kernels_;
};

}  // namespace chainrule
