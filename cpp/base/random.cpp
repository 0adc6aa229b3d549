#include "base/random.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.hpp"
#include "base/fields.hpp"
#include "base/scalar_math.hpp"

namespace chainrule {

namespace {

constexpr std::uint64_t kLowWord = 0xFFFFFFFF;

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x & kLowWord); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

// Equation and constants of Salmon et al., section 4.3.
inline RandomBlock mix(RandomBlock counter, RandomKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {high(p1) ^ counter[1] ^ key[0], low(p1), high(p0) ^ counter[3] ^ key[1], low(p0)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

// The part of a counter that a stream fixes, and its key.
struct Origin {
  RandomBlock counter;
  RandomKey key;

  RandomBlock block(Index block) const {
    return mix({counter[0], counter[1], counter[2], static_cast<std::uint32_t>(block)}, key);
  }
};

Origin origin(const RandomStream& stream, Index row) {
  assert(stream.layer >= 0 && stream.layer < Index{1} << 16);
  assert(stream.step >= 0 && stream.step < Index{1} << 40);
  assert(row >= 0 && row < Index{1} << 32);
  const auto step = static_cast<std::uint64_t>(stream.step);
  const auto layer = static_cast<std::uint32_t>(stream.layer);
  const auto purpose = static_cast<std::uint32_t>(stream.purpose);
  return {{purpose << 24 | layer << 8 | high(step), low(step), static_cast<std::uint32_t>(row), 0},
          {low(stream.seed), high(stream.seed)}};
}

double to_uniform(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }

struct NormalPair {
  double even, odd;
};

// Box and Muller (1958): sqrt(-2 ln u0) * (cos, sin)(2 pi u1).
NormalPair to_normals(std::uint32_t word0, std::uint32_t word1) {
  const double radius = std::sqrt(-2.0 * chainrule::log(to_uniform(word0)));
  const double angle = 2.0 * std::numbers::pi * to_uniform(word1);
  return {radius * chainrule::cos(angle), radius * chainrule::sin(angle)};
}

// Calls f(j, words) for j = 0, 4, 8, ... below n.
template <class F>
void for_each_block(const RandomStream& stream, Index row, std::size_t n, F&& f) {
  const Origin start = origin(stream, row);
  for (std::size_t j = 0; j < n; j += 4) f(j, start.block(static_cast<Index>(j / 4)));
}

}  // namespace

RandomBlock philox(const RandomBlock& counter, const RandomKey& key) { return mix(counter, key); }

std::array<double, 4> normals(const RandomBlock& words) {
  const NormalPair first = to_normals(words[0], words[1]), second = to_normals(words[2], words[3]);
  return {first.even, first.odd, second.even, second.odd};
}

RandomBlock RandomStream::block(Index row, Index block) const {
  assert(block >= 0 && block < Index{1} << 32);
  return origin(*this, row).block(block);
}

std::uint32_t RandomStream::word(Index row, Index feature) const {
  return block(row, feature / 4)[static_cast<std::size_t>(feature % 4)];
}

double RandomStream::uniform(Index row, Index feature) const {
  return to_uniform(word(row, feature));
}

double RandomStream::normal(Index row, Index feature) const {
  const RandomBlock words = block(row, feature / 4);
  const auto first = static_cast<std::size_t>(feature % 4 / 2 * 2);
  const NormalPair pair = to_normals(words[first], words[first + 1]);
  return feature % 2 == 0 ? pair.even : pair.odd;
}

void RandomStream::fill_words(Index row, std::span<std::uint32_t> values) const {
  for_each_block(*this, row, values.size(), [&](std::size_t j, const RandomBlock& words) {
    const std::size_t count = std::min<std::size_t>(4, values.size() - j);
    for (std::size_t i = 0; i < count; ++i) values[j + i] = words[i];
  });
}

void RandomStream::fill_uniform(Index row, std::span<double> values) const {
  for_each_block(*this, row, values.size(), [&](std::size_t j, const RandomBlock& words) {
    const std::size_t count = std::min<std::size_t>(4, values.size() - j);
    for (std::size_t i = 0; i < count; ++i) values[j + i] = to_uniform(words[i]);
  });
}

void RandomStream::fill_normal(Index row, std::span<double> values) const {
  for_each_block(*this, row, values.size(), [&](std::size_t j, const RandomBlock& words) {
    const std::size_t count = std::min<std::size_t>(4, values.size() - j);
    for (std::size_t i = 0; i < count; i += 2) {
      const NormalPair pair = to_normals(words[i], words[i + 1]);
      values[j + i] = pair.even;
      if (i + 1 < count) values[j + i + 1] = pair.odd;
    }
  });
}

namespace {

// A place from 0 to n - 1: floor(u * n / 2^64).
std::size_t scaled(std::uint64_t u, std::size_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(u) * n >> 64);
}

// The identity, shuffled by Fisher and Yates: for i = d - 1, ..., 1 swap places i and
// floor(u (i + 1) / 2^64). The 64-bit u of place i is word 2i (high half) and word 2i + 1 (low
// half) of row 0, so that block b of Philox serves the places 2b + 1 and 2b. Places are drawn and
// prefetched some blocks ahead of their swaps: a large permutation does not fit into the caches.
void permute(std::span<Index> permutation, const RandomStream& stream) {
  constexpr std::size_t kAhead = 32;  // a power of two
  std::iota(permutation.begin(), permutation.end(), Index{0});
  const Origin start = origin(stream, 0);
  std::array<std::size_t, 2 * kAhead> targets;
  const auto draw = [&](std::size_t b) {
    const RandomBlock words = start.block(static_cast<Index>(b));
    for (const std::size_t half : {0u, 1u}) {
      const std::uint64_t u = std::uint64_t{words[2 * half]} << 32 | words[2 * half + 1];
      const std::size_t i = 2 * b + half, target = scaled(u, i + 1);
      targets[i % targets.size()] = target;
      __builtin_prefetch(permutation.data() + target, 1);
    }
  };
  const std::size_t n_blocks = (permutation.size() + 1) / 2;
  for (std::size_t b = n_blocks; b > n_blocks - std::min(n_blocks, kAhead);) draw(--b);
  for (std::size_t i = permutation.size(); i-- > 1;) {
    std::swap(permutation[i], permutation[targets[i % targets.size()]]);
    if (i % 2 == 0 && i >= 2 * kAhead) draw(i / 2 - kAhead);
  }
}

// How many rows of each class go to validation: floor(n n_c / d), the rest by largest fraction,
// ties to the lower class; classes of one row give none. What then is left over goes round once
// more.
std::vector<Index> validation_shares(std::span<const Index> class_sizes, Index n_validation,
                                     Index n_rows) {
  const std::size_t n_classes = class_sizes.size();
  std::vector<Index> shares(n_classes), fractions(n_classes), order;
  Index rest = n_validation;
  for (std::size_t c = 0; c < n_classes; ++c) {
    shares[c] = n_validation * class_sizes[c] / n_rows;
    fractions[c] = n_validation * class_sizes[c] % n_rows;
    rest -= shares[c];
    if (class_sizes[c] > 1) order.push_back(static_cast<Index>(c));
  }
  const auto at = [](Index c) { return static_cast<std::size_t>(c); };
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return fractions[at(a)] > fractions[at(b)]; });
  for (bool found = true; rest > 0 && found;) {
    found = false;
    for (const Index c : order) {
      if (rest == 0 || shares[at(c)] == class_sizes[at(c)]) continue;
      ++shares[at(c)], --rest, found = true;
    }
  }
  return shares;
}

}  // namespace

void shuffle(std::span<Index> permutation, std::uint64_t seed, Index epoch) {
  permute(permutation, {seed, Purpose::kShuffle, 0, epoch});
}

RowSplit split_rows(Index n_rows, double fraction, std::span<const Index> classes,
                    std::uint64_t seed) {
  check(fraction > 0 && fraction < 1, "validation_split: expected a number in (0, 1), got ",
        shortest(fraction));
  const auto n_validation = static_cast<Index>(std::ceil(fraction * static_cast<double>(n_rows)));
  const bool stratified = !classes.empty();
  assert(!stratified || static_cast<Index>(classes.size()) == n_rows);

  const auto class_of = [&](Index row) {
    return stratified ? static_cast<std::size_t>(classes[static_cast<std::size_t>(row)]) : 0;
  };
  std::vector<Index> sizes(
      stratified ? 1 + static_cast<std::size_t>(*std::ranges::max_element(classes)) : 1);
  for (Index row = 0; row < n_rows; ++row) ++sizes[class_of(row)];
  std::vector<Index> wanted =
      stratified ? validation_shares(sizes, n_validation, n_rows) : std::vector{n_validation};

  // The first rows of each class, in the order of the permutation, are set aside.
  std::vector<Index> permutation(static_cast<std::size_t>(n_rows));
  permute(permutation, {seed, Purpose::kSplit, 0, 0});
  std::vector<bool> aside(permutation.size());
  for (const Index row : permutation)
    if (wanted[class_of(row)] > 0)
      --wanted[class_of(row)], aside[static_cast<std::size_t>(row)] = true;

  RowSplit split;
  for (Index row = 0; row < n_rows; ++row)
    (aside[static_cast<std::size_t>(row)] ? split.validation : split.training).push_back(row);
  check(!split.training.empty() && !split.validation.empty(),
        "validation_split: expected a fraction that leaves rows for training and for validation, "
        "got ",
        shortest(fraction), " of ", n_rows, " rows",
        stratified ? " (a class of one row stays in training)" : "");
  return split;
}

}  // namespace chainrule
