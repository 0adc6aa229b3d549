// Where do the parameters of a network lie? A table of segments over one flat block; gradients and
// optimiser slots share its layout. Behind the parameters the block has the statistics that follow
// the batches, which no optimiser sees.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/fields.hpp"
#include "base/matrix_view.hpp"
#include "network/layer_walk.hpp"
#include "network/links.hpp"

namespace chainrule {

// The coefficients of l1 sum |W| + l2/2 sum W^2.
struct Penalty {
  double l1 = 0.0;
  double l2 = 0.0;

  bool any() const { return l1 != 0.0 || l2 != 0.0; }
};

// What the settings of a layer say about updates of its tensors; those of vectors have no penalty
// and no limit.
struct UpdateSettings {
  bool trainable = true;
  Index rate = 0;  // position in ParameterTable::rate_factors
  Penalty penalty = {};
  double max_norm = kInfinity;  // of the weights of a unit
};

// One tensor of the block. Weights lie in panels, vectors in order; both are padded with +0.
struct Segment {
  std::string name;  // as in files: "layers.0.weight"
  Index layer;       // position in NetworkSpec::layers
  bool is_weight;    // a matrix in panels, not a vector
  Index n_out;
  Index n_in;  // 1 for a vector
  Index offset;
  Index size;            // padded
  double initial = 0.0;  // of a vector that no initialiser draws
  UpdateSettings settings = {};

  Index n_parameters() const { return n_out * n_in; }
  // Whether they lie alike, whatever is done to them in training.
  bool operator==(const Segment& other) const {
    return name == other.name && is_weight == other.is_weight && n_out == other.n_out &&
           n_in == other.n_in && offset == other.offset && size == other.size;
  }
};

// Dense layer l = position + 1 with everything up to the next one: Z = W A_prev + b, then f, g, ...
struct Stage {
  Index layer;  // position in NetworkSpec::layers
  Index n_in;
  Index n_out;
  Index weight;  // segment
  Index bias;    // segment, or -1
  std::vector<Link> links;

  bool operator==(const Stage&) const = default;
};

template <class T>
struct ParameterTable {
  explicit ParameterTable(const NetworkSpec& spec);

  std::vector<Segment> segments;
  std::vector<Link> input_links;  // before the first Dense layer
  std::vector<Stage> stages;
  std::vector<Segment> statistics;  // behind the parameters
  Index size = 0;                   // of all parameters, padding included
  Index block_size = 0;             // and of the statistics
  Index n_parameters = 0;           // without padding
  // The different learning-rate multipliers of the layers; the first is 1.
  std::vector<double> rate_factors = {1.0};
  std::vector<char> frozen;          // per stage, whether its layer is
  std::vector<char> scaled_by_data;  // and whether data scale its weights before it learns
  // Whether a layer asks for it.
  bool has_penalty = false;
  bool has_max_norm = false;
  // Whether a layer looks at other rows of the batch in training, and whether one does then what it
  // does not do in a prediction.
  bool has_batch_norm = false;
  bool changes_in_training = false;

  // A Dense layer by its position in NetworkSpec::layers. Allocates nothing.
  void set_trainable(Index layer, bool trainable);

  Index n_features() const { return stages.front().n_in; }
  Index n_outputs() const { return stages.back().n_out; }
  // The activation that the network ends in, or null; noise may follow.
  const ActivationUse* output_activation() const;
  // And its name.
  std::string_view output_name() const {
    const ActivationUse* output = output_activation();
    return output == nullptr ? std::string_view(Identity::name) : output->spec.name;
  }

  // Whether they lie alike and do the same in a forward pass.
  bool operator==(const ParameterTable& other) const {
    return segments == other.segments && statistics == other.statistics &&
           input_links == other.input_links && stages == other.stages;
  }

 private:
  void add_dense(const DenseSpec& dense, const LayerPlace& place);
  Index add_segment(const LayerPlace& place, const char* tensor, Index n_in, bool is_weight);
  void add_link(Link link, const LayerPlace& place);
  Index rate_of(double factor);
  void set_up(Segment& segment, const DenseSpec& dense);
};

// The logical tensor of a segment, row-major, from and to the flat block.
template <class T>
void read_tensor(const Segment& segment, const T* block, T* tensor);
template <class T>
void write_tensor(const Segment& segment, const T* tensor, T* block);

// Draws all parameters from the seed by the initialisers of the description. `given` has the
// tensors of those that are arrays, one pointer for each segment, or nothing if there are none.
template <class T>
void initialize(const NetworkSpec& spec, const ParameterTable<T>& table, std::uint64_t seed,
                T* block, std::span<const void* const> given = {});

// std::invalid_argument if a training forward cannot have so few rows.
template <class T>
void check_rows_of_training(const ParameterTable<T>& table, Index rows);

// The number l = 1..L of the first stage with a parameter that is not finite; 0 if there is none.
template <class T>
Index first_nonfinite_stage(const ParameterTable<T>& table, const T* block);

// The Euclidean norm of all elements that are trained, without padding: a float64 chain per output
// unit over its inputs, unit sums added in order.
template <class T>
double norm(const ParameterTable<T>& table, const T* block);
// In the same way: the sum of products of two blocks, and that of magnitudes.
template <class T>
double dot(const ParameterTable<T>& table, const T* a, const T* b);
template <class T>
double sum_of_magnitudes(const ParameterTable<T>& table, const T* block);

extern template struct ParameterTable<float>;
extern template struct ParameterTable<double>;

}  // namespace chainrule
