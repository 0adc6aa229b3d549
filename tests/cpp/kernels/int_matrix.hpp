// What is the exact product of two matrices? Of small integers, by loops over int; floating-point
// kernels must give the same, whatever the order of their additions.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/random.hpp"
#include "kernels/panels.hpp"

namespace chainrule::test {

// Random decisions about one case: the same for the same seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : words_{seed, Purpose::kNoise, 0, 0} {}

  // 0, ..., n - 1
  Index below(Index n) { return static_cast<Index>(words_.word(0, n_drawn_++)) % n; }
  bool one_in(Index n) { return below(n) == 0; }
  // n integers of at most 16 in magnitude: a sum of 2^15 products of two is exact in float32.
  std::vector<int> small_numbers(Index n) {
    std::vector<std::uint32_t> words(static_cast<std::size_t>(n));
    words_.fill_words(++n_rows_, words);
    std::vector<int> numbers;
    for (const std::uint32_t word : words) numbers.push_back(static_cast<int>(word % 33) - 16);
    return numbers;
  }

 private:
  RandomStream words_;
  Index n_drawn_ = 0, n_rows_ = 0;
};

struct IntMatrix {
  Index rows, cols;
  std::vector<int> values;

  IntMatrix(Index rows_, Index cols_)
      : rows(rows_), cols(cols_), values(static_cast<std::size_t>(rows * cols)) {}
  IntMatrix(Index rows_, Index cols_, Dice& dice)
      : rows(rows_), cols(cols_), values(dice.small_numbers(rows * cols)) {}

  int* row(Index i) { return values.data() + i * cols; }
  const int* row(Index i) const { return values.data() + i * cols; }

  IntMatrix transposed() const {
    IntMatrix t(cols, rows);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) t.row(j)[i] = row(i)[j];
    return t;
  }
};

inline IntMatrix operator*(const IntMatrix& a, const IntMatrix& b) {
  IntMatrix c(a.rows, b.cols);
  for (Index i = 0; i < a.rows; ++i)
    for (Index k = 0; k < a.cols; ++k)
      for (Index j = 0; j < b.cols; ++j) c.row(i)[j] += a.row(i)[k] * b.row(k)[j];
  return c;
}

// Writes `from` into the first columns of `to` and +0 into the others.
template <class T>
void copy_ints(const IntMatrix& from, MatrixView<T> to) {
  for (Index i = 0; i < to.rows; ++i)
    for (Index j = 0; j < to.cols; ++j)
      to(i, j) = j < from.cols ? static_cast<T>(from.row(i)[j]) : 0;
}

// Whether `got` has exactly these numbers, and +0 in the columns after them.
template <class T>
bool is_exactly(MatrixView<const T> got, const IntMatrix& expected) {
  for (Index i = 0; i < got.rows; ++i)
    for (Index j = 0; j < got.cols; ++j) {
      const T want = j < expected.cols ? static_cast<T>(expected.row(i)[j]) : 0;
      if (std::memcmp(got.row(i) + j, &want, sizeof(T)) != 0) return false;
    }
  return true;
}

// W in panels, as one row; padding is 0.
template <class T>
IntMatrix in_panels(const IntMatrix& w) {
  IntMatrix panels(1, panels_size<T>(w.rows, w.cols));
  for (Index o = 0; o < w.rows; ++o)
    for (Index i = 0; i < w.cols; ++i) panels.row(0)[panel_offset<T>(w.cols, o, i)] = w.row(o)[i];
  return panels;
}

}  // namespace chainrule::test
