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

// The first `count` lanes are at p, the others are `fill`; of a Vec only as many are stored.
// Nothing behind them is touched. Tiers that have instructions for it have functions of their own.
template <class T>
Vec<T> load_first(const T* p, Index count, T fill) {
  alignas(64) T lanes[Vec<T>::width];
  for (Index j = 0; j < Vec<T>::width; ++j) lanes[j] = j < count ? p[j] : fill;
  return load(lanes);
}
template <class T>
void store_first(T* p, Index count, Vec<T> x) {
  alignas(64) T lanes[Vec<T>::width];
  store(lanes, x);
  for (Index j = 0; j < count; ++j) p[j] = lanes[j];
}

// The lanes beyond `count` are `fill`, or not set in a Column; nothing beyond p[count - 1] is read.
template <class V>
CHAINRULE_INLINE Lanes<V> load_lanes(const typename V::Scalar* p, Index count,
                                     typename V::Number fill) {
  Lanes<V> lanes;
  const Index full = count / V::width, rest = count % V::width;
  for (Index i = 0; i < full; ++i) lanes.part[i] = load_part<V>(p + i * V::width);
  if constexpr (!is_column<V>) {
    Index i = full;
    if (rest > 0) lanes.part[i++] = load_first(p + full * V::width, rest, fill);
    for (; i < Lanes<V>::n; ++i) lanes.part[i] = splat<V>(fill);
  }
  return lanes;
}

// Nothing beyond p[count - 1] is written.
template <class V>
CHAINRULE_INLINE void store_lanes(typename V::Scalar* p, Index count, const Lanes<V>& lanes) {
  const Index full = count / V::width, rest = count % V::width;
  for (Index i = 0; i < full; ++i) store_part(p + i * V::width, lanes.part[i]);
  if constexpr (!is_column<V>)
    if (rest > 0) store_first(p + full * V::width, rest, lanes.part[full]);
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

// Lane j of the result is lane j + n of x, from the begin again behind the last one.
template <int n, class V>
CHAINRULE_INLINE V rotate_lanes(V x) {
  return [&]<int... j>(std::integer_sequence<int, j...>) {
    return V{__builtin_shufflevector(x.v, x.v, ((j + n) % int{V::width})...)};
  }(std::make_integer_sequence<int, int{V::width}>());
}

// Lane 0: lanes `half` apart are combined, then those half as far apart, up to 1.
template <int half, class V, class Combine>
CHAINRULE_INLINE typename V::Scalar fold_vec(V x, Combine combine) {
  if constexpr (half == 0)
    return x.v[0];
  else
    return fold_vec<half / 2>(combine(x, rotate_lanes<half>(x)), combine);
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
  if constexpr (is_column<V>)
    return lanes.part[0].v;
  else
    return fold_vec<V::width / 2>(lanes.part[0], combine);
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
    if constexpr (!is_column<V>)  // what f made of the lanes beyond the row does not count
      if (count % V::width != 0) {
        alignas(64) typename V::Scalar term[V::width];
        V& last = result.part[count / V::width];
        store(term, last);
        last = load_first(term, count % V::width, typename V::Number(0));
      }
    for (Index i = 0; i < parts_of<V>(count); ++i) sum.part[i] = sum.part[i] + result.part[i];
  });
  return fold_sum(sum, parts);
}

template <class V>
CHAINRULE_INLINE V larger(V a, V b) {
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
