// Are slopes and Jacobians the derivatives of the activations?
#include "formulas/complex_step.hpp"

namespace chainrule::complex_step {

namespace {

// Not nearer than 0.1 to 0, where kinks are.
Row inputs(Index n) {
  return row_of(n, [](Index j) {
    const double z = 3 * test::Draw(61).real(0, j);
    return z + std::copysign(0.1, z);
  });
}

template <class F>
void check_elementwise() {
  for (const Complex z : inputs(200)) {
    const double slope = F::slope(z, F::forward(z)).v.real();
    const double expected = derivative(F::forward(stepped(z)));
    CHECK_FOR(text(F::name, " at ", z.v.real()), agree(slope, expected));
  }
}

// dz_j is the derivative of sum_k da_k a_k by z_j.
template <class F>
void check_row(Index n) {
  const Row z = inputs(n), da = row_of(n, [](Index j) { return test::Draw(62).real(0, j); });
  Row a(z.size()), dz(z.size());
  F::template forward_row<RowVec>(n, z.data(), a.data());
  F::template backward_row<RowVec>(n, a.data(), da.data(), dz.data());
  for (Index j = 0; j < n; ++j) {
    F::template forward_row<RowVec>(n, stepped(z, j).data(), a.data());
    Complex sum{0};
    for (std::size_t k = 0; k < a.size(); ++k) sum = sum + da[k] * a[k];
    CHECK_FOR(text(F::name, " of ", n, " by ", j),
              agree(dz[static_cast<std::size_t>(j)].v.real(), derivative(sum)));
  }
}

}  // namespace

TEST(slopes_are_derivatives_by_complex_step) {
  for_each_type(Activations{}, []<class F>() {
    if constexpr (F::row_wise)
      for (const Index n : kLengths) check_row<F>(n);
    else
      check_elementwise<F>();
  });
}

}  // namespace chainrule::complex_step
