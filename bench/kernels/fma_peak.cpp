// The peak loops of all tiers: their vector types are those of the kernels.
#include "fma_peak.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <atomic>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "kernels/isa/target_region.hpp"

namespace chainrule::bench::scalar {
#include "kernels/isa/vec_scalar.inl"
#include "fma_peak.inl"
}  // namespace chainrule::bench::scalar

#if defined(__x86_64__)
CHAINRULE_BEGIN_TARGET("avx2,fma")
namespace chainrule::bench::avx2 {
#include "kernels/isa/vec_avx2.inl"
#include "fma_peak.inl"
}  // namespace chainrule::bench::avx2
CHAINRULE_END_TARGET

CHAINRULE_BEGIN_TARGET("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace chainrule::bench::avx512 {
#include "kernels/isa/vec_avx512.inl"
#include "fma_peak.inl"
}  // namespace chainrule::bench::avx512
CHAINRULE_END_TARGET
#endif

namespace chainrule::bench {

namespace {

template <class P, class T>
Peak<T> peak_of() {
  return {P::run, P::flops_per_step};
}

// Seconds that all threads together need for `steps` steps each.
template <class T>
double seconds_for(const Peak<T>& peak, Index n_threads, Index steps, Clock clock) {
  std::atomic<T> kept{0};
  const Stopwatch stopwatch(clock);
  parallel_for(n_threads, n_threads, [&](Index /*item*/, Index /*thread*/) noexcept {
    kept.store(peak.loop(steps), std::memory_order_relaxed);
  });
  return stopwatch.seconds();
}

}  // namespace

template <class T>
Peak<T> fma_peak(std::string_view tier) {
  if (tier == "scalar") return peak_of<scalar::PeakOf<T, 12>, T>();
#if defined(__x86_64__)
  if (tier == "avx2") return peak_of<avx2::PeakOf<T, 12>, T>();
  if (tier == "avx512") return peak_of<avx512::PeakOf<T, 24>, T>();
#endif
  check(false, "tier: there is no peak loop for ", tier);
  return {};
}

template <class T>
double measure_peak(std::string_view tier, Index n_threads, double seconds, Clock clock) {
  const Peak<T> peak = fma_peak<T>(tier);
  Index steps = 1 << 12;
  double taken = seconds_for(peak, n_threads, steps, clock);
  for (; taken < seconds / 8; taken = seconds_for(peak, n_threads, steps, clock)) steps *= 2;
  steps = static_cast<Index>(static_cast<double>(steps) * seconds / taken) + 1;
  taken = seconds_for(peak, n_threads, steps, clock);
  return peak.flops_per_step * static_cast<double>(steps * n_threads) / taken * 1e-9;
}

template Peak<float> fma_peak(std::string_view);
template Peak<double> fma_peak(std::string_view);
template double measure_peak<float>(std::string_view, Index, double, Clock);
template double measure_peak<double>(std::string_view, Index, double, Clock);

}  // namespace chainrule::bench
