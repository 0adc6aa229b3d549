// Are the gradients of the losses, fused and general, the derivatives of their values?
#include "formulas/complex_step.hpp"

namespace chainrule::complex_step {

namespace {

// Predictions inside (0, 1) where the loss needs that, or inputs of its activation; away from
// kinks.
template <class F, bool fused>
Row predictions(Index n) {
  return row_of(n, [](Index j) {
    const double x = test::Draw(63).real(0, j);
    return F::needs_probabilities && !fused ? 0.01 + 0.98 * std::fabs(x)
                                            : 4 * x + std::copysign(0.1, x);
  });
}

// Classes and their probabilities: in [0, 1], with sum 1, some exactly 0.
Row targets(Index n) {
  double sum = 0;
  Row y = row_of(n, [&](Index j) {
    const double t = j % 3 == 1 ? 0 : std::fabs(test::Draw(64).real(0, j));
    sum += t;
    return t;
  });
  for (Complex& t : y) t.v /= sum;
  return y;
}

// The loss of a row and, if it has a place, its gradient by the prediction.
template <class F, bool fused>
Complex loss(const Row& prediction, const Row& y, Complex* gradient) {
  const auto n = static_cast<Index>(y.size());
  Row y_hat(y.size());
  const Complex scale{F::gradient_factor / (F::averages_outputs ? static_cast<double>(n) : 1)};
  return loss_row<F, fused>(LossRow<RowVec>{n, prediction.data(), y.data(), &scale, false,
                                            y_hat.data(), gradient, nullptr});
}

template <class F, bool fused>
void check_gradient(Index n) {
  const Row prediction = predictions<F, fused>(n), y = targets(n);
  Row gradient(y.size());
  loss<F, fused>(prediction, y, gradient.data());
  for (Index j = 0; j < n; ++j)
    CHECK_FOR(text(F::name, fused ? " fused" : " general", " of ", n, " by ", j),
              agree(gradient[static_cast<std::size_t>(j)].v.real(),
                    derivative(loss<F, fused>(stepped(prediction, j), y, nullptr))));
}

}  // namespace

TEST(loss_gradients_are_derivatives_by_complex_step) {
  for_each_type(Losses{}, []<class F>() {
    for (const Index n : kLengths) {
      check_gradient<F, true>(n);
      check_gradient<F, false>(n);
    }
  });
}

}  // namespace chainrule::complex_step
