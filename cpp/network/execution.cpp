#include "network/execution.hpp"

#include <algorithm>
#include <atomic>

#include "base/thread_memory.hpp"
#include "network/link_execution.hpp"
#include "network/penalty.hpp"
#include "network/run_parts.hpp"

namespace chainrule {

namespace {

std::atomic<long> fused_updates{0}, sweeps{0}, threaded_operations{0}, tiled_predictions{0},
    most_threads{0};

template <class T>
class Executor : public RunParts<T> {
 public:
  using RunParts<T>::RunParts;

  void operator()(const LinkOperation& op) { execute_link(run_, op); }

  void operator()(const LoadInput& op) {
    const MatrixView<T> to = run_.view(op.x);
    copy_rows(run_.x, to);
    pad_rows(to);
  }

  void operator()(const DenseForward& op) {
    const Stage& stage = stage_of(op.stage);
    const MatrixView<const T> x = run_.input(op.x);
    const MatrixView<T> z = run_.view(op.z), a = run_.view(op.a);
    const T* w = weights(stage);
    const T* b = parameters_of(stage.bias);
    const Index panels = n_panels<T>(stage.n_out);
    const double work = product_work(stage);
    const Grid grid = make_grid(x.rows, kernels_.blocks.rows, panels, kernels_.blocks.panels,
                                threads_for(work, run_.n_threads));
    split(grid.size(), work, run_.n_threads, [&](Index item) {
      const Range rows = part(x.rows, grid.row_parts, item % grid.row_parts);
      const Range columns = part(panels, grid.panel_parts, item / grid.row_parts);
      const Index column = columns.begin * kLanes<T>;
      ForwardBlock<T> block{};
      block.x = x.rows_from(rows.begin, rows.size());
      block.w = w + columns.begin * stage.n_in * kLanes<T>;
      block.n_panels = columns.size();
      block.bias = b == nullptr ? nullptr : b + column;
      if (z.data != nullptr) block.z = z.row(rows.begin) + column;
      if (a.data != nullptr) block.a = a.row(rows.begin) + column;
      block.z_stride = z.stride;
      block.a_stride = a.stride;
      block.activation = activation(op.activation);
      kernels_.forward(block);
    });
  }

  void operator()(const ActivationForward& op) {
    const ActivationCall<T> f = activation(op.activation);
    const MatrixView<const T> z = run_.view(op.z);
    const MatrixView<T> a = run_.view(op.a);
    over_rows(z.rows, 20.0 * static_cast<double>(z.cols), [&](Range rows) {
      f.kernels->forward(z.rows_from(rows.begin, rows.size()), a.rows_from(rows.begin, rows.size()),
                         f.fields);
    });
  }

  void operator()(const LossOfBatch& op) {
    const Plan<T>& plan = run_.plan;
    LossArguments<T> arguments{};
    arguments.prediction = run_.view(op.prediction);
    arguments.y = run_.view(plan.y);
    arguments.scale = run_.view(plan.scale);
    arguments.y_hat = run_.view(op.y_hat);
    arguments.gradient = run_.view(op.gradient);
    arguments.element_losses = run_.view(plan.element_losses);
    arguments.losses = run_.view(plan.losses).data;
    arguments.fields = plan.loss_fields.data();
    run_.refused_row = op.fused ? plan.loss->fused(arguments) : plan.loss->general(arguments);
  }

  void operator()(const ActivationBackward& op) {
    const ActivationCall<T> f = activation(op.activation);
    const MatrixView<const T> a = run_.view(op.a), da = run_.view(op.da), z = run_.view(op.z);
    const MatrixView<T> dz = run_.view(op.dz);
    over_rows(a.rows, 10.0 * static_cast<double>(a.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      f.kernels->backward(z.data == nullptr ? z : cut(z), cut(a), cut(da), cut(dz), f.fields);
      pad_rows(cut(dz));
    });
  }

  void operator()(const VectorGradient& op) {
    const MatrixView<const T> rows = run_.view(op.rows), factors = run_.view(op.factors);
    vector_gradient(segment(op.segment), buffer_data(op.sums), [&](T* sums) {
      if (factors.data == nullptr)
        kernels_.sum_rows(rows, run_.goes_on, sums);
      else
        kernels_.sum_products(rows, factors, run_.goes_on, sums);
    });
  }

  void operator()(const InputGradient& op) {
    const Stage& stage = stage_of(op.stage);
    const MatrixView<const T> dz = run_.view(op.dz);
    T* w_transposed = buffer_data(op.w_transposed);
    const Index panels = n_panels<T>(stage.n_in), panel_size = stage.n_out * kLanes<T>;
    const auto transpose = [&](Index p) {
      kernels_.transpose_panel(weights(stage), stage.n_out, stage.n_in, p,
                               w_transposed + p * panel_size);
    };

    const MatrixView<T> da = run_.view(op.da), dz_prev = run_.view(op.dz_prev);
    const MatrixView<const T> z_prev = run_.view(op.z_prev), a_prev = run_.view(op.a_prev);
    const double work = product_work(stage);
    const Grid grid = make_grid(dz.rows, kernels_.blocks.rows, panels, kernels_.blocks.panels,
                                threads_for(work, run_.n_threads));
    // Panels that only one block reads are transposed right before it, so that it finds them in the
    // cache.
    const bool shared = grid.row_parts > 1;
    if (shared) split(panels, copy_work(stage.n_in, stage.n_out), run_.n_threads, transpose);
    split(grid.size(), work, run_.n_threads, [&](Index item) {
      const Range rows = part(dz.rows, grid.row_parts, item % grid.row_parts);
      const Range columns = part(panels, grid.panel_parts, item / grid.row_parts);
      const Index first = columns.begin * kLanes<T>;
      for (Index p = columns.begin; !shared && p < columns.end; ++p) transpose(p);
      const auto cut = [&](auto m) {
        if (m.data == nullptr) return m;
        m = m.rows_from(rows.begin, rows.size());
        m.data += first;
        return m;
      };
      InputGradientBlock<T> block{};
      block.dz = dz.rows_from(rows.begin, rows.size());
      block.w_transposed = w_transposed + columns.begin * panel_size;
      block.count = std::min(stage.n_in - first, columns.size() * kLanes<T>);
      block.da = cut(da);
      block.dz_prev = cut(dz_prev);
      block.z_prev = cut(z_prev);
      block.a_prev = cut(a_prev);
      block.activation = activation(op.activation);
      kernels_.input_gradient(block);
    });
  }

  void operator()(const ParameterGradient& op) {
    const Stage& stage = stage_of(op.stage);
    const MatrixView<const T> x = run_.input(op.x), dz = run_.view(op.dz);
    const Segment& w = segment(stage.weight);
    const Index panels = n_panels<T>(stage.n_out);
    const double work = product_work(stage);
    const Index tile_rows = kernels_.blocks.tile_rows;
    const Grid grid = make_grid(ceil_div(stage.n_in, tile_rows), kernels_.blocks.rows / tile_rows,
                                panels, kernels_.blocks.panels, threads_for(work, run_.n_threads));
    WeightGradientBlock<T> whole{};
    whole.x = x;
    whole.dz = dz;
    whole.x_tiles = copy_in_tiles(x, buffer_data(op.x_tiles));
    whole.dz_panels = copy_in_panels(dz, buffer_data(op.dz_panels));
    T* slots[kMaxSlots] = {};
    if (run_.update != nullptr) {
      const Update<T>& update = *run_.update;
      update.slots_from(w.offset, slots);
      whole.update = update.kernel;
      whole.w = run_.parameters + w.offset;
      whole.w_next = run_.updated_parameters + w.offset;
      whole.slots = slots;
      whole.n_slots = update.n_slots;
      whole.coefficients = update.coefficients(w);
      const Penalty penalty = penalty_of(w, run_.penalty);
      whole.l1 = rounded_coefficient<T>(penalty.l1);
      whole.l2 = rounded_coefficient<T>(penalty.l2);
      fused_updates.fetch_add(1, std::memory_order_relaxed);
    } else {
      whole.gradient = run_.gradient + w.offset;
      whole.goes_on = run_.goes_on;
    }
    split(grid.size(), work, run_.n_threads, [&](Index item) {
      // Panels run fastest: the inputs of a block of rows stay in L2 while the panels pass.
      const Range inputs = part(stage.n_in, grid.row_parts, item / grid.panel_parts, tile_rows);
      const Range columns = part(panels, grid.panel_parts, item % grid.panel_parts);
      WeightGradientBlock<T> block = whole;
      block.first = inputs.begin;
      block.count = inputs.size();
      block.first_panel = columns.begin;
      block.n_panels = columns.size();
      kernels_.weight_gradient(block);
    });
    const auto sum = [&](T* db) { kernels_.sum_rows(dz, run_.goes_on, db); };
    if (stage.bias >= 0) vector_gradient(segment(stage.bias), buffer_data(op.db), sum);
  }

 private:
  // Copies of X in the order of the weight gradient's tiles, and of dZ in panels; null if the plan
  // has no buffer for them.
  const T* copy_in_tiles(MatrixView<const T> x, T* tiles) {
    if (tiles == nullptr) return nullptr;
    const Index rows = kernels_.blocks.rows;
    split(ceil_div(x.cols, rows), copy_work(x.rows, x.cols), run_.n_threads, [&](Index i) {
      kernels_.pack_tiles(x, i * rows, std::min(rows, x.cols - i * rows), tiles);
    });
    return tiles;
  }
  const T* copy_in_panels(MatrixView<const T> dz, T* panels) {
    if (panels == nullptr) return nullptr;
    split(n_panels<T>(dz.cols), copy_work(dz.rows, dz.cols), run_.n_threads, [&](Index p) {
      T* to = panels + p * dz.rows * kLanes<T>;
      for (Index i = 0; i < dz.rows; ++i)
        std::copy_n(dz.row(i) + p * kLanes<T>, kLanes<T>, to + i * kLanes<T>);
    });
    return panels;
  }
  static double copy_work(Index rows, Index cols) {
    return 4.0 * static_cast<double>(rows) * static_cast<double>(cols);
  }

  // sum(db) works out the gradient of `b`.
  template <class F>
  void vector_gradient(const Segment& b, T* db, F&& sum) {
    if (run_.update == nullptr) db = run_.gradient + b.offset;
    sum(db);
    if (run_.update == nullptr) return;
    run_.update->apply(b, 0, b.size, db, run_.parameters, run_.updated_parameters);
  }

  double product_work(const Stage& stage) const {
    return 2.0 * static_cast<double>(run_.rows()) * static_cast<double>(stage.n_in) *
           static_cast<double>(stage.n_out);
  }
  const Stage& stage_of(Index s) const { return run_.table.stages[static_cast<std::size_t>(s)]; }
  const T* weights(const Stage& stage) const {
    return run_.parameters + segment(stage.weight).offset;
  }
  using RunParts<T>::run_;
  using RunParts<T>::over_rows;
  using RunParts<T>::kernels_;
  using RunParts<T>::segment;
  using RunParts<T>::parameters_of;
  using RunParts<T>::buffer_data;
  using RunParts<T>::activation;
};

}  // namespace

void note_threads(long took_part) {
  threaded_operations.fetch_add(1, std::memory_order_relaxed);
  long most = most_threads.load(std::memory_order_relaxed);
  while (most < took_part && !most_threads.compare_exchange_weak(most, took_part)) {
  }
}

void note_tiled_prediction() { tiled_predictions.fetch_add(1, std::memory_order_relaxed); }

template <class T>
MatrixView<T> Run<T>::view(BufferId id) const {
  if (id == kNoBuffer) return {};
  const Buffer& buffer = plan.buffers[static_cast<std::size_t>(id)];
  return {workspace + buffer.offset, rows(), buffer.cols, buffer.stride};
}

template <class T>
MatrixView<const T> Run<T>::input(BufferId id) const {
  return id == kInput ? x : MatrixView<const T>(view(id));
}

template <class T>
void execute(Run<T>& run, Index first, Index last) {
  reserve_block_memory();
  Executor<T> executor(run);
  for (Index i = first; i < last; ++i)
    std::visit(executor, run.plan.operations[static_cast<std::size_t>(i)]);
}

template <class T>
void sweep(const ParameterTable<T>& table, const Update<T>& update, const T* gradient,
           const T* parameters, T* updated, Index n_threads) {
  sweeps.fetch_add(1, std::memory_order_relaxed);
  for (const Segment& segment : table.segments)
    if (segment.settings.trainable)
      split_elements(segment.size, n_threads, [&](Index first, Index count) {
        update.apply(segment, first, count, gradient + segment.offset + first, parameters, updated);
      });
}

template <class T>
void move_average(const KernelTable<T>& kernels, double beta, std::span<const T> parameters,
                  T* averages, Index n_threads) {
  const T factor = static_cast<T>(beta - 1.0);
  split_elements(std::ssize(parameters), n_threads, [&](Index first, Index count) {
    kernels.move_average(count, parameters.data() + first, factor, averages + first);
  });
}

PathCounters path_counters() {
  return {fused_updates, sweeps, threaded_operations, tiled_predictions, most_threads};
}

void reset_path_counters() {
  for (std::atomic<long>* counter :
       {&fused_updates, &sweeps, &threaded_operations, &tiled_predictions, &most_threads})
    *counter = 0;
}

template struct Run<float>;
template struct Run<double>;
template void execute(Run<float>&, Index, Index);
template void execute(Run<double>&, Index, Index);
template void sweep(const ParameterTable<float>&, const Update<float>&, const float*, const float*,
                    float*, Index);
template void sweep(const ParameterTable<double>&, const Update<double>&, const double*,
                    const double*, double*, Index);
template void move_average(const KernelTable<float>&, double, std::span<const float>, float*,
                           Index);
template void move_average(const KernelTable<double>&, double, std::span<const double>, double*,
                           Index);

}  // namespace chainrule
