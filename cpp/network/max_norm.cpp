#include "network/max_norm.hpp"

#include <cmath>

#include "base/fields.hpp"

namespace chainrule {

namespace {

// Squares of large float64 numbers have no place in float64; an exact scale gives them one.
template <class T>
double norm_of_large(Index n_in, const T* w) {
  double sum = 0.0;
  for (Index i = 0; i < n_in; ++i) {
    const double x = 0x1p-600 * static_cast<double>(w[i * kLanes<T>]);
    sum += x * x;
  }
  return std::sqrt(sum) * 0x1p600;
}

// The units of one panel, side by side.
template <class T>
void limit_panel(double most, Index n_in, T* w) {
  double sums[kLanes<T>] = {};
  for (Index i = 0; i < n_in; ++i)
    for (Index lane = 0; lane < kLanes<T>; ++lane) {
      const auto x = static_cast<double>(w[i * kLanes<T> + lane]);
      sums[lane] += x * x;
    }
  for (Index lane = 0; lane < kLanes<T>; ++lane) {
    double norm = std::sqrt(sums[lane]);
    if (norm == kInfinity) norm = norm_of_large(n_in, w + lane);
    if (!(norm > most)) continue;
    const T factor = static_cast<T>(most / norm);
    for (Index i = 0; i < n_in; ++i) w[i * kLanes<T> + lane] *= factor;
  }
}

}  // namespace

template <class T>
void limit_norms(const ParameterTable<T>& table, T* parameters) {
  if (!table.has_max_norm) return;
  for (const Segment& segment : table.segments) {
    if (!segment.settings.trainable || segment.settings.max_norm == kInfinity) continue;
    for (Index o = 0; o < segment.n_out; o += kLanes<T>)
      limit_panel<T>(segment.settings.max_norm, segment.n_in,
                     parameters + segment.offset + o * segment.n_in);
  }
}

template void limit_norms(const ParameterTable<float>&, float*);
template void limit_norms(const ParameterTable<double>&, double*);

}  // namespace chainrule
