// How is a row summed? In 16 virtual lanes on every tier and type: lane j adds elements j, j + 16,
// ... from +0, then the lanes fold 8, 4, 2, 1. That order is part of the promise of equal bits.

inline constexpr Index kVirtualLanes = 16;

template <class V>
struct Lanes {
  static constexpr Index n = kVirtualLanes / V::width;
  V part[n];
};

// f(first element, how many of the 16 lanes are inside the row) over a row of n elements.
template <class V, class F>
CHAINRULE_INLINE void for_each_lanes(Index n, F f) {
  Index j = 0;
  for (; j + kVirtualLanes <= n; j += kVirtualLanes) f(j, kVirtualLanes);
  if (j < n) f(j, n - j);
}

// How many parts have an element when only `count` lanes do.
template <class V>
CHAINRULE_INLINE Index parts_of(Index count) {
  return (count + V::width - 1) / V::width;
}

// The lanes beyond `count` are `fill` in the parts that have an element, and the other parts are
// not set; nothing beyond p[count - 1] is read.
template <class V>
CHAINRULE_INLINE Lanes<V> load_lanes(const typename V::Scalar* p, Index count,
                                     typename V::Number fill) {
  Lanes<V> lanes;
  const Index full = count / V::width;
  for (Index i = 0; i < full; ++i) lanes.part[i] = load_part<V>(p + i * V::width);
  if constexpr (!is_column<V>) {
    if (count % V::width == 0) return lanes;
    alignas(64) typename V::Scalar rest[V::width];
    for (Index j = 0; j < V::width; ++j)
      rest[j] = full * V::width + j < count ? p[full * V::width + j] : fill;
    lanes.part[full] = load(rest);
  }
  return lanes;
}

// Nothing beyond p[count - 1] is written.
template <class V>
CHAINRULE_INLINE void store_lanes(typename V::Scalar* p, Index count, const Lanes<V>& lanes) {
  const Index full = count / V::width;
  for (Index i = 0; i < full; ++i) store_part(p + i * V::width, lanes.part[i]);
  if constexpr (!is_column<V>) {
    if (count % V::width == 0) return;
    alignas(64) typename V::Scalar rest[V::width];
    store(rest, lanes.part[full]);
    for (Index j = full * V::width; j < count; ++j) p[j] = rest[j - full * V::width];
  }
}

// How many parts a row of n elements needs: short ones have columns of their own only.
template <class V>
CHAINRULE_INLINE Index parts_of_row(Index n) {
  return is_column<V> && n < Lanes<V>::n ? n : Lanes<V>::n;
}

template <class V>
CHAINRULE_INLINE Lanes<V> all_lanes(Index parts, typename V::Number x) {
  Lanes<V> lanes;
  for (Index i = 0; i < parts; ++i) lanes.part[i] = splat<V>(x);
  return lanes;
}

// Lanes 8 apart are combined, then 4, 2, 1: whole parts first, then within the last one. Parts that
// a short row has not would change no bit: no sum of lanes is -0, and no element is below -inf.
template <class V, class Combine>
CHAINRULE_INLINE typename V::Scalar fold(Lanes<V> lanes, Index parts, Combine combine) {
  for (Index half = Lanes<V>::n / 2; half > 0; half /= 2) {
    for (Index i = 0; i + half < parts; ++i)
      lanes.part[i] = combine(lanes.part[i], lanes.part[i + half]);
    parts = parts < half ? parts : half;
  }
  if constexpr (is_column<V>) {
    return lanes.part[0].v;
  } else {
    alignas(64) typename V::Scalar row[V::width];
    store(row, lanes.part[0]);
    for (Index half = V::width / 2; half > 0; half /= 2)
      for (Index j = 0; j < half; ++j) row[j] = combine(row[j], row[j + half]);
    return row[0];
  }
}

template <class V>
CHAINRULE_INLINE typename V::Scalar fold_sum(const Lanes<V>& lanes, Index parts) {
  return fold(lanes, parts, [](auto a, auto b) { return a + b; });
}

// out_j = f(in_j, ...) for j < n; out may be one of the inputs.
template <class V, class F, class... In>
CHAINRULE_INLINE void map_row(Index n, typename V::Scalar* out, F f, const In*... in) {
  for_each_lanes<V>(n, [&](Index j, Index count) {
    Lanes<V> result;
    const auto apply = [&](const auto&... x) {
      for (Index i = 0; i < parts_of<V>(count); ++i) result.part[i] = f(x.part[i]...);
    };
    apply(load_lanes<V>(in + j, count, 0)...);
    store_lanes(out + j, count, result);
  });
}

// Lanes of the sum of a row get more of its elements.
template <class V>
void add_to_lanes(Lanes<V>& sum, Index n, const typename V::Scalar* x) {
  for_each_lanes<V>(n, [&](Index j, Index count) {
    const Lanes<V> more = load_lanes<V>(x + j, count, 0);
    for (Index i = 0; i < parts_of<V>(count); ++i) sum.part[i] = sum.part[i] + more.part[i];
  });
}

// sum_j f(in_j, ...)
template <class V, class F, class... In>
CHAINRULE_INLINE typename V::Scalar sum_row(Index n, F f, const In*... in) {
  const Index parts = parts_of_row<V>(n);
  Lanes<V> sum = all_lanes<V>(parts, 0);
  for_each_lanes<V>(n, [&](Index j, Index count) {
    Lanes<V> result;
    const auto apply = [&](const auto&... x) {
      for (Index i = 0; i < parts_of<V>(count); ++i) result.part[i] = f(x.part[i]...);
    };
    apply(load_lanes<V>(in + j, count, 0)...);
    if (count % V::width != 0) {  // what f made of the lanes beyond the row does not count
      alignas(64) typename V::Scalar term[kVirtualLanes];
      store_lanes(term, count, result);
      result = load_lanes<V>(term, count, 0);
    }
    for (Index i = 0; i < parts_of<V>(count); ++i) sum.part[i] = sum.part[i] + result.part[i];
  });
  return fold_sum(sum, parts);
}

template <class X>
CHAINRULE_INLINE X larger(X a, X b) {
  if constexpr (std::is_floating_point_v<X>)
    return a < b ? b : a;
  else
    return select(less(a, b), b, a);
}

// The largest element; NaN is passed over, since the caller meets it again in the exponentials.
template <class V>
typename V::Scalar row_maximum(Index n, const typename V::Scalar* z) {
  constexpr typename V::Number lowest = -__builtin_huge_valf();
  const Index parts = parts_of_row<V>(n);
  Lanes<V> largest = all_lanes<V>(parts, lowest);
  for_each_lanes<V>(n, [&](Index j, Index count) {
    const Lanes<V> x = load_lanes<V>(z + j, count, lowest);
    for (Index i = 0; i < parts_of<V>(count); ++i)
      largest.part[i] = larger(largest.part[i], x.part[i]);
  });
  return fold(largest, parts, [](auto a, auto b) { return larger(a, b); });
}

// e_j = exp(z_j - shift); returns their sum. e may be z.
template <class V>
typename V::Scalar exponentials_row(Index n, const typename V::Scalar* z, typename V::Scalar shift,
                                    typename V::Scalar* e) {
  const Index parts = parts_of_row<V>(n);
  Lanes<V> sum = all_lanes<V>(parts, 0);
  for_each_lanes<V>(n, [&](Index j, Index count) {
    Lanes<V> x = load_lanes<V>(z + j, count, -__builtin_huge_valf());
    for (Index i = 0; i < parts_of<V>(count); ++i) {
      x.part[i] = exp(x.part[i] - spread<V>(shift));
      sum.part[i] = sum.part[i] + x.part[i];
    }
    store_lanes(e + j, count, x);
  });
  return fold_sum(sum, parts);
}
