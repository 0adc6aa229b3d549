// Where do random numbers come from? Each is a function of what it is for: seed, purpose, layer,
// step, row and feature. So nothing depends on threads, batches or the order of drawing, and
// nothing is stored.
//
// Philox 4x32-10: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1,
// 2, 3.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"

namespace chainrule {

using RandomBlock = std::array<std::uint32_t, 4>;
using RandomKey = std::array<std::uint32_t, 2>;

// The four words that Philox 4x32-10 makes of a counter.
RandomBlock philox(const RandomBlock& counter, const RandomKey& key);

enum class Purpose : std::uint32_t {
  kWeights = 1,
  kBiases = 2,
  kShuffle = 3,
  kSplit = 4,
  kDropout = 5,
  kNoise = 6,
};

// Four numbers of mean 0 and variance 1, in pairs from neighbouring words.
std::array<double, 4> normals(const RandomBlock& words);

// The numbers for one purpose, layer and step. Layers are below 2^16, steps below 2^40, rows below
// 2^32, features below 2^34.
struct RandomStream {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::kWeights;
  Index layer = 0;
  Index step = 0;

  // The words of features 4 * block to 4 * block + 3.
  RandomBlock block(Index row, Index block) const;

  std::uint32_t word(Index row, Index feature) const;
  double uniform(Index row, Index feature) const;  // (word + 1/2) / 2^32, in (0, 1)
  double normal(Index row, Index feature) const;   // mean 0, variance 1

  // values[j] belongs to feature j; the same numbers as above, several times faster.
  void fill_words(Index row, std::span<std::uint32_t> values) const;
  void fill_uniform(Index row, std::span<double> values) const;
  void fill_normal(Index row, std::span<double> values) const;
};

// The order of the examples in an epoch: 0, ..., d - 1, shuffled. `epoch` counts those of all fits.
void shuffle(std::span<Index> permutation, std::uint64_t seed, Index epoch);

// Both in increasing order.
struct RowSplit {
  std::vector<Index> training;
  std::vector<Index> validation;
};

// Sets ceil(fraction * n_rows) rows aside for validation. With `classes` (one per row, from 0;
// empty when there are none) every class is represented by its share, and a class of one row stays
// in training. std::invalid_argument when no row is left on one side.
RowSplit split_rows(Index n_rows, double fraction, std::span<const Index> classes,
                    std::uint64_t seed);

}  // namespace chainrule
