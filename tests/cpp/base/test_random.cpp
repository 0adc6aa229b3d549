#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "base/scalar_math.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

bool is_permutation_of_identity(std::vector<Index> values) {
  std::sort(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != static_cast<Index>(i)) return false;
  return true;
}

std::vector<Index> shuffled(Index n, std::uint64_t seed, Index epoch) {
  std::vector<Index> permutation(static_cast<std::size_t>(n), -1);
  shuffle(permutation, seed, epoch);
  return permutation;
}

Index count_of(const std::vector<Index>& rows, const std::vector<Index>& classes, Index wanted) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](Index row) { return classes[static_cast<std::size_t>(row)] == wanted; });
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The mean of the k-th powers.
double moment(const std::vector<double>& values, int k) {
  double sum = 0;
  for (const double x : values) sum += std::pow(x, k);
  return sum / static_cast<double>(values.size());
}

}  // namespace

// The known answers of Salmon et al. (2011), philox4x32 with 10 rounds.
TEST(philox_known_answers) {
  CHECK((philox({0, 0, 0, 0}, {0, 0}) ==
         RandomBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK((philox({ones, ones, ones, ones}, {ones, ones}) ==
         RandomBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK((philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
         RandomBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(stream_builds_the_counter) {
  const RandomStream stream{0x123456789abcdef0, Purpose::kDropout, 0x1234, 0xab87654321};
  const RandomBlock expected =
      philox({5u << 24 | 0x1234u << 8 | 0xabu, 0x87654321, 7, 3}, {0x9abcdef0, 0x12345678});
  CHECK(stream.block(7, 3) == expected);
  for (Index i = 0; i < 4; ++i)
    CHECK_EQUAL(stream.word(7, 12 + i), expected[static_cast<std::size_t>(i)]);
  const RandomStream last{~std::uint64_t{0}, Purpose::kNoise, 0xffff, (Index{1} << 40) - 1};
  CHECK((last.block((Index{1} << 32) - 1, (Index{1} << 32) - 1) ==
         philox({0x06ffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff})));
}

TEST(uniform_from_a_word) {
  const RandomStream stream{9, Purpose::kWeights, 2, 0};
  for (Index feature = 0; feature < 9; ++feature) {
    const double u = stream.uniform(3, feature);
    CHECK_EQUAL(u, (stream.word(3, feature) + 0.5) / 4294967296.0);
    CHECK(u > 0 && u < 1);
  }
}

TEST(normals_are_box_muller_on_neighbouring_words) {
  const RandomStream stream{11, Purpose::kWeights, 1, 0};
  for (Index feature = 0; feature < 8; feature += 2) {
    const double u0 = stream.uniform(5, feature), u1 = stream.uniform(5, feature + 1);
    const double radius = std::sqrt(-2 * chainrule::log(u0)), angle = 6.283185307179586 * u1;
    CHECK_EQUAL(stream.normal(5, feature), radius * chainrule::cos(angle));
    CHECK_EQUAL(stream.normal(5, feature + 1), radius * chainrule::sin(angle));
  }
}

TEST(fills_equal_single_draws) {
  const RandomStream stream{12, Purpose::kNoise, 3, 40};
  for (std::size_t n = 0; n < 11; ++n) {
    std::vector<std::uint32_t> words(n);
    std::vector<double> uniforms(n), normals(n);
    stream.fill_words(6, words);
    stream.fill_uniform(6, uniforms);
    stream.fill_normal(6, normals);
    for (std::size_t j = 0; j < n; ++j) {
      const auto feature = static_cast<Index>(j);
      CHECK_EQUAL(words[j], stream.word(6, feature));
      CHECK_EQUAL(uniforms[j], stream.uniform(6, feature));
      CHECK_EQUAL(normals[j], stream.normal(6, feature));
    }
  }
}

TEST(every_coordinate_matters) {
  std::set<RandomBlock> seen;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (const Purpose purpose : {Purpose::kWeights, Purpose::kBiases, Purpose::kDropout})
      for (const Index layer : {0, 1, 255})
        for (const Index step : {Index{0}, Index{1}, Index{1} << 32})
          for (const Index row : {0, 1})
            for (const Index block : {0, 1})
              seen.insert(RandomStream{seed, purpose, layer, step}.block(row, block));
  CHECK_EQUAL(seen.size(), std::size_t{3 * 3 * 3 * 3 * 2 * 2});
}

// Bounds of five standard errors: the moment m_k of n draws has the variance (m_2k - m_k^2) / n.
TEST(moments) {
  constexpr std::size_t n = 1 << 18;
  const double unit = 5 / std::sqrt(static_cast<double>(n));
  std::vector<double> values(n);
  RandomStream{1, Purpose::kNoise, 0, 0}.fill_uniform(0, values);
  CHECK(std::abs(mean(values) - 0.5) < unit * std::sqrt(1.0 / 12));
  CHECK(std::abs(moment(values, 2) - 1.0 / 3) < unit * std::sqrt(1.0 / 5 - 1.0 / 9));
  RandomStream{1, Purpose::kNoise, 0, 0}.fill_normal(0, values);
  CHECK(std::abs(mean(values)) < unit);
  CHECK(std::abs(moment(values, 2) - 1) < unit * std::sqrt(2.0));
  CHECK(std::abs(moment(values, 3)) < unit * std::sqrt(15.0));
  CHECK(std::abs(moment(values, 4) - 3) < unit * std::sqrt(105.0 - 9.0));
}

TEST(shuffle_follows_its_definition) {
  for (const Index n : {1, 2, 3, 4, 5, 10, 101}) {
    const RandomStream stream{77, Purpose::kShuffle, 0, 5};
    std::vector<Index> expected(static_cast<std::size_t>(n));
    std::iota(expected.begin(), expected.end(), Index{0});
    for (Index i = n - 1; i >= 1; --i) {
      // floor(u (i + 1) / 2^64) in two halves of 32 bits.
      const std::uint64_t high = stream.word(0, 2 * i), low = stream.word(0, 2 * i + 1);
      const auto bound = static_cast<std::uint64_t>(i + 1);
      const std::uint64_t j = (high * bound + (low * bound >> 32)) >> 32;
      std::swap(expected[static_cast<std::size_t>(i)], expected[j]);
    }
    CHECK(shuffled(n, 77, 5) == expected);
  }
}

// Values of an independent implementation: they must never change, or trainings would.
TEST(shuffle_known_answers) {
  CHECK((shuffled(10, 0, 0) == std::vector<Index>{5, 8, 9, 2, 1, 0, 4, 6, 3, 7}));
  CHECK((shuffled(11, 42, 3) == std::vector<Index>{7, 9, 10, 2, 4, 5, 8, 0, 3, 6, 1}));
  CHECK(shuffled(0, 0, 0).empty());
}

TEST(shuffle_depends_on_seed_and_epoch) {
  CHECK(is_permutation_of_identity(shuffled(1000, 1, 0)));
  CHECK(shuffled(1000, 1, 0) == shuffled(1000, 1, 0));
  CHECK(shuffled(1000, 1, 0) != shuffled(1000, 1, 1));
  CHECK(shuffled(1000, 1, 0) != shuffled(1000, 2, 0));
}

// Each of the 24 orders of four rows: chi-square with 23 degrees of freedom, 0.1 % quantile.
TEST(shuffle_is_fair) {
  std::vector<double> counts(256);
  constexpr Index n = 24000;
  for (Index epoch = 0; epoch < n; ++epoch) {
    const std::vector<Index> order = shuffled(4, 3, epoch);
    ++counts[static_cast<std::size_t>(order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3])];
  }
  double chi_square = 0;
  Index n_orders = 0;
  for (const double count : counts) {
    if (count == 0) continue;
    ++n_orders;
    chi_square += (count - n / 24.0) * (count - n / 24.0) / (n / 24.0);
  }
  CHECK_EQUAL(n_orders, 24);
  CHECK(chi_square < 49.73);
}

TEST(split_without_classes) {
  const RowSplit split = split_rows(103, 0.2, {}, 4);
  CHECK_EQUAL(split.validation.size(), 21u);  // ceil(20.6)
  CHECK_EQUAL(split.training.size(), 82u);
  CHECK(std::is_sorted(split.training.begin(), split.training.end()));
  CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
  std::vector<Index> all = split.training;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  CHECK(is_permutation_of_identity(all));
  CHECK(split_rows(103, 0.2, {}, 4).validation == split.validation);
  CHECK(split_rows(103, 0.2, {}, 5).validation != split.validation);
}

TEST(split_known_answers) {
  CHECK((split_rows(12, 0.25, {}, 0).validation == std::vector<Index>{0, 3, 9}));
  const std::vector<Index> classes{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  CHECK((split_rows(12, 0.25, classes, 0).validation == std::vector<Index>{0, 6, 9}));
}

TEST(split_keeps_the_shares_of_classes) {
  std::vector<Index> classes;
  for (Index row = 0; row < 100; ++row) classes.push_back(row < 50 ? 0 : row < 85 ? 2 : 5);
  // n_val = 25: 12.5, 8.75 and 3.75 rows; the largest fractions are those of classes 2 and 5.
  const RowSplit split = split_rows(100, 0.25, classes, 8);
  CHECK_EQUAL(count_of(split.validation, classes, 0), 12);
  CHECK_EQUAL(count_of(split.validation, classes, 2), 9);
  CHECK_EQUAL(count_of(split.validation, classes, 5), 4);
}

TEST(split_gives_ties_to_the_lower_class) {
  const std::vector<Index> classes{1, 0, 1, 0, 1, 0};  // n_val = 3: 1.5 rows each
  const RowSplit split = split_rows(6, 0.5, classes, 2);
  CHECK_EQUAL(count_of(split.validation, classes, 0), 2);
  CHECK_EQUAL(count_of(split.validation, classes, 1), 1);
}

TEST(split_leaves_single_rows_in_training) {
  std::vector<Index> classes(20, 0);
  for (std::size_t i = 0; i < 10; ++i) classes[i] = static_cast<Index>(i) + 1;
  const RowSplit split =
      split_rows(20, 0.25, classes, 6);  // n_val = 5, 2.5 of class 0, 0.25 of others
  CHECK_EQUAL(split.validation.size(), 5u);
  CHECK_EQUAL(count_of(split.validation, classes, 0), 5);
}

TEST(split_refuses_empty_sides) {
  CHECK_THROWS(split_rows(10, 0.0, {}, 0), "validation_split: expected a number in (0, 1), got 0");
  CHECK_THROWS(split_rows(10, 1.0, {}, 0), "got 1");
  CHECK_THROWS(split_rows(3, 0.9, {}, 0), "got 0.9 of 3 rows");
  CHECK_THROWS(split_rows(0, 0.5, {}, 0), "of 0 rows");
  const std::vector<Index> singles{0, 1, 2, 3};
  CHECK_THROWS(split_rows(4, 0.5, singles, 0), "a class of one row stays in training");
}

}  // namespace chainrule
