// Are slopes and Jacobians the derivatives of the activations, and curvatures those of the slopes?
#include "formulas/complex_step.hpp"
#include "formulas/settings.hpp"

namespace chainrule::complex_step {

namespace {

// Not nearer than 0.1 to 0, where kinks are.
Row inputs(Index n) {
  return row_of(n, [](Index j) {
    const double z = 3 * test::Draw(61).real(0, j);
    return z + std::copysign(0.1, z);
  });
}

// What slope and curvature take beside z: a, or the slope that is learned.
template <class F>
Complex second(const F& f, Complex z) {
  if constexpr (has_slopes<F>)
    return {F::initial_slope};
  else
    return f.forward(z);
}
template <class F>
Complex forward(const F& f, Complex z) {
  if constexpr (has_slopes<F>)
    return f.forward(z, second(f, z));
  else
    return f.forward(z);
}

template <class F>
void check_elementwise(const F& f) {
  for (const Complex z : inputs(200)) {
    const Complex a = second(f, z), above = stepped(z);
    const std::string where = text(F::name, " at ", z.v.real());
    CHECK_FOR(where, agree(f.slope(z, a).v.real(), derivative(forward(f, above))));
    if constexpr (has_slopes<F>)
      CHECK_FOR(where, agree(F::by_slope(z).v.real(), derivative(f.forward(z, stepped(a)))));
    CHECK_FOR(where,
              agree(f.curvature(z, a).v.real(), derivative(f.slope(above, second(f, above)))));
  }
}

// dz_j is the derivative of sum_k da_k a_k by z_j.
template <class F>
void check_row(const F& f, Index n) {
  const Row z = inputs(n), da = row_of(n, [](Index j) { return test::Draw(62).real(0, j); });
  Row a(z.size()), dz(z.size());
  f.template forward_row<RowVec>(n, z.data(), a.data());
  f.template backward_row<RowVec>(n, a.data(), da.data(), dz.data());
  for (Index j = 0; j < n; ++j) {
    f.template forward_row<RowVec>(n, stepped(z, j).data(), a.data());
    Complex sum{0};
    for (std::size_t k = 0; k < a.size(); ++k) sum = sum + da[k] * a[k];
    CHECK_FOR(text(F::name, " of ", n, " by ", j),
              agree(dz[static_cast<std::size_t>(j)].v.real(), derivative(sum)));
  }
}

// ddz is the derivative of dz when z moves along v.
template <class F>
void check_curvature_of_row(const F& f, Index n) {
  const Row z = inputs(n), da = row_of(n, [](Index j) { return test::Draw(62).real(0, j); }),
            v = row_of(n, [](Index j) { return test::Draw(63).real(0, j); });
  Row moved = z, a(z.size()), dz(z.size()), ddz(z.size());
  for (std::size_t j = 0; j < z.size(); ++j) moved[j].v += std::complex<double>(0, kStep) * v[j].v;
  f.template forward_row<RowVec>(n, z.data(), a.data());
  f.template curvature_row<RowVec>(n, a.data(), da.data(), v.data(), ddz.data());
  f.template forward_row<RowVec>(n, moved.data(), a.data());
  f.template backward_row<RowVec>(n, a.data(), da.data(), dz.data());
  // Terms of size 1 may cancel.
  for (std::size_t j = 0; j < z.size(); ++j)
    CHECK_FOR(text(F::name, " of ", n, " along v, ", j),
              std::fabs(ddz[j].v.real() - derivative(dz[j])) <= 1e-14);
}

}  // namespace

TEST(slopes_and_curvatures_are_derivatives_by_complex_step) {
  for_each_type(Activations{}, []<class F>() {
    for (const F& f : test::settings<F>()) {
      if constexpr (F::row_wise) {
        for (const Index n : kLengths) check_row(f, n);
        for (const Index n : kLengths) check_curvature_of_row(f, n);
      } else {
        check_elementwise(f);
      }
    }
  });
}

}  // namespace chainrule::complex_step
