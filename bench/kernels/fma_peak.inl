// The peak loop of one tier, compiled in the namespace and target region of that tier.

// fma(sum, x, y) on `n` accumulators, enough of them to hide its latency on two units; values stay
// near 1.
template <class T, int n>
struct PeakOf {
  static constexpr double flops_per_step = 2.0 * n * static_cast<double>(Vec<T>::width);

  static T run(Index steps) {
    using V = Vec<T>;
    V sum[n];
    CHAINRULE_UNROLL
    for (int i = 0; i < n; ++i) sum[i] = splat<V>(T(1) + T(i) / T(64));
    const V x = splat<V>(T(0.5)), y = splat<V>(T(0.5));
    for (Index s = 0; s < steps; ++s) {
      CHAINRULE_UNROLL
      for (int i = 0; i < n; ++i) sum[i] = fma(sum[i], x, y);
    }
    T lanes[Vec<T>::width], total = 0;
    for (int i = 0; i < n; ++i) {
      store(lanes, sum[i]);
      for (const T lane : lanes) total += lane;
    }
    return total;
  }
};
