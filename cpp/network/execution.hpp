// How is a plan run? Its operations in order, each split into blocks that threads claim.
#pragma once

#include <span>

#include "network/plan.hpp"

namespace chainrule {

// One update, ready to be applied to any part of the parameters: what W <- W - eta * ... needs.
template <class T>
struct Update {
  UpdateKernel<T> kernel;
  Index n_slots = 0;
  T* slots[kMaxSlots] = {};                 // whole blocks as the parameters; null: not in use
  T weight_coefficients[kMaxCoefficients];  // rounded once from float64
  T bias_coefficients[kMaxCoefficients];
  // Those two for each further learning-rate multiplier of the layers.
  const T* further_coefficients = nullptr;

  const T* coefficients(const Segment& segment) const {
    const Index rate = segment.settings.rate;
    if (rate == 0) return segment.is_weight ? weight_coefficients : bias_coefficients;
    return further_coefficients + (2 * rate - (segment.is_weight ? 2 : 1)) * kMaxCoefficients;
  }
  // The slots from an element on.
  void slots_from(Index at, T** parts) const {
    for (Index s = 0; s < n_slots; ++s)
      if (slots[s] != nullptr) parts[s] = slots[s] + at;
  }
  // `count` elements of a segment, from its element `first` on, whose gradient `g` is; `w` and
  // `w_next` are whole blocks.
  void apply(const Segment& segment, Index first, Index count, const T* g, const T* w,
             T* w_next) const {
    const Index at = segment.offset + first;
    T* parts[kMaxSlots] = {};
    slots_from(at, parts);
    kernel(count, g, w + at, w_next + at, parts, coefficients(segment));
  }
};

// Where the random numbers of a run begin: the seed of the network and how many training forwards
// it has made before.
struct RandomOrigin {
  std::uint64_t seed = 0;
  Index step = 0;
};

// What one run of a plan works on. Either `gradient` or `update` takes the gradients of the
// parameters.
template <class T>
struct Run {
  const Plan<T>& plan;
  const ParameterTable<T>& table;
  const T* parameters;
  T* workspace;
  MatrixView<const T> x;
  Index n_threads = 1;
  RandomOrigin noise{};
  T* gradient = nullptr;
  // Whether `gradient` has those of earlier batches, to which these are added.
  bool goes_on = false;
  const Update<T>* update = nullptr;
  T* updated_parameters = nullptr;  // where an update goes, and that of running statistics
  Penalty penalty = {};             // of the update, beside those of layers
  // First row with a prediction outside [0, 1] that the loss refuses; -1 if none.
  Index refused_row = -1;

  Index rows() const { return x.rows; }
  // A buffer of the workspace with the rows of this batch, or all of X.
  MatrixView<T> view(BufferId id) const;
  MatrixView<const T> input(BufferId id) const;
};

// Operations [first, last) of the plan.
template <class T>
void execute(Run<T>& run, Index first, Index last);

// Applies an update to all parameters but those of frozen layers, from a stored gradient; the same
// bits as from the tiles.
template <class T>
void sweep(const ParameterTable<T>& table, const Update<T>& update, const T* gradient,
           const T* parameters, T* updated, Index n_threads);

// e <- beta e + (1 - beta) w for averages e of a whole block of parameters w.
template <class T>
void move_average(const KernelTable<T>& kernels, double beta, std::span<const T> parameters,
                  T* averages, Index n_threads);

// How often each path ran and how many threads took part: what the tests of equal bits look at.
struct PathCounters {
  long fused_updates = 0;
  long sweeps = 0;
  long threaded_operations = 0;
  long tiled_predictions = 0;
  long most_threads = 0;
};
PathCounters path_counters();
void reset_path_counters();

}  // namespace chainrule
