#include "network/penalty.hpp"

#include <cmath>

#include "base/float_environment.hpp"

namespace chainrule {

namespace {

// sum |W| and sum W^2 of a segment. The units of a panel go side by side.
template <class T>
Penalty sums_of(const Segment& segment, const T* x) {
  Penalty sums;
  for (Index o = 0; o < segment.n_out; o += kLanes<T>) {
    double magnitudes[kLanes<T>] = {}, squares[kLanes<T>] = {};
    for (Index i = 0; i < segment.n_in; ++i, x += kLanes<T>)
      for (Index lane = 0; lane < kLanes<T>; ++lane) {
        const auto w = static_cast<double>(x[lane]);
        magnitudes[lane] += std::fabs(w);
        squares[lane] += w * w;
      }
    for (Index lane = 0; lane < kLanes<T> && o + lane < segment.n_out; ++lane) {
      sums.l1 += magnitudes[lane];
      sums.l2 += squares[lane];
    }
  }
  return sums;
}

}  // namespace

template <class T>
double penalty(const ParameterTable<T>& table, const T* parameters, const Penalty& of_call) {
  const FloatEnvironment environment;
  double total = 0.0;
  for (const Segment& segment : table.segments) {
    const Penalty own = penalty_of(segment, of_call);
    if (!own.any()) continue;
    const Penalty sums = sums_of<T>(segment, parameters + segment.offset);
    if (own.l1 > 0) total += own.l1 * sums.l1;
    if (own.l2 > 0) total += own.l2 / 2 * sums.l2;
  }
  return total;
}

template <class T>
void add_penalty(const ParameterTable<T>& table, const KernelTable<T>& kernels,
                 const Penalty& of_call, const T* parameters, T* gradient) {
  for (const Segment& segment : table.segments) {
    const Penalty own = penalty_of(segment, of_call);
    if (own.any() && segment.settings.trainable)
      kernels.add_penalty(segment.size, parameters + segment.offset, rounded_coefficient<T>(own.l1),
                          rounded_coefficient<T>(own.l2), gradient + segment.offset);
  }
}

#define CHAINRULE_INSTANTIATE(T)                                                             \
  template double penalty(const ParameterTable<T>&, const T*, const Penalty&);               \
  template void add_penalty(const ParameterTable<T>&, const KernelTable<T>&, const Penalty&, \
                            const T*, T*);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
