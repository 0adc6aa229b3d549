// What does L-BFGS remember? Pairs, which tests count and compare.
#pragma once

#include <vector>

#include "network/fixtures.hpp"

namespace chainrule {

inline FormulaSpec lbfgs(double rate = 1.0, Index history = 10) {
  return to_spec(Lbfgs{rate, history});
}

template <class T>
using Slots = std::vector<AlignedBuffer<T>>;

// How many pairs are there.
template <class T>
Index n_pairs(const ParameterTable<T>& table, const Slots<T>& slots) {
  Index n = 0;
  for (std::size_t s = 0; s < slots.size(); s += 2)
    n += dot(table, slots[s].data(), slots[s + 1].data()) > 0 ? 1 : 0;
  return n;
}

template <class T>
std::vector<T> difference(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> all(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) all[i] = a[i] - b[i];
  return all;
}

}  // namespace chainrule
