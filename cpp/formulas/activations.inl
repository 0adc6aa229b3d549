// What are the activations? a = f(z), and how a gradient passes back: dz = da * f'(z).
//
// An elementwise activation has forward(z), and slope(z, a) and curvature(z, a) from whichever they
// need: z is there where slope_needs_z. A row-wise one has forward_row, backward_row (the Jacobian
// times da) and curvature_row (the derivative of backward_row when z moves along v). `initializer`
// is the default of the weights in front of it, `loss` the default loss of a network that ends in
// it. Where a slope per unit is learned, there is its initial_slope, and the functions take it.

// What most elementwise activations say.
struct Elementwise {
  static constexpr auto initializer = "glorot_uniform";
  static constexpr const char* loss = nullptr;
  static constexpr bool row_wise = false;
  static constexpr bool slope_needs_z = false;
  static constexpr auto fields = std::make_tuple();
};

template <class F>
inline constexpr bool has_slopes = requires { F::initial_slope; };

template <class V>
V magnitude(V x) {
  return select(less(x, splat<V>(0)), -x, x);
}

// 1, -1 or 0 by the sign of x; NaN passes.
template <class V>
V sign(V x) {
  const V zero = splat<V>(0), one = splat<V>(1);
  return select(less(zero, x), one, select(less(x, zero), -one, x));
}

// x, but not below low nor above high; NaN passes.
template <class V>
V clamp(V x, V low, V high) {
  return select(less(x, low), low, select(less(high, x), high, x));
}

#include "formulas/activations_with_kinks.inl"
#include "formulas/activations_smooth.inl"
#include "formulas/activations_of_rows.inl"

using Activations = TypeList<Identity, Sigmoid, Tanh, Softsign, Relu, LeakyRelu, Prelu, Relu6, Elu,
                             Selu, Celu, Gelu, Silu, Mish, Softplus, HardTanh, HardSigmoid,
                             HardSwish, Exponential, Softmax, LogSoftmax>;
