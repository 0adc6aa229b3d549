// Are the gradients of the losses, fused and general, the derivatives of their values?
#include <numeric>

#include "formulas/complex_step.hpp"
#include "formulas/settings.hpp"

namespace chainrule::complex_step {

namespace {

// Predictions inside (0, 1) where the loss needs that, or inputs of its activation; away from
// kinks.
template <class F, bool fused>
Row predictions(Index n) {
  return row_of(n, [](Index j) {
    const double x = test::Draw(63).real(0, j);
    return F::predictions.low == 0 && !fused ? 0.01 + 0.98 * std::fabs(x)
                                             : 4 * x + std::copysign(0.1, x);
  });
}

// Classes and their probabilities: in [0, 1], with sum 1, some exactly 0; then levels of quantiles.
Row targets(Index n) {
  double sum = 0;
  Row y = row_of(n, [&](Index j) {
    const double t = j % 3 == 1 ? 0 : std::fabs(test::Draw(64).real(0, j));
    sum += t;
    return t;
  });
  for (Complex& t : y) t.v /= sum;
  for (Index j = 0; j < n; ++j) y.push_back({j % 2 == 0 ? 0.25 : 0.9});
  return y;
}

// The loss of a row and, if it has a place, its gradient by the prediction.
template <bool fused, class F>
Complex loss(const F& form, const Row& prediction, const Row& y, Complex* gradient) {
  const auto n = static_cast<Index>(prediction.size());
  const Index n_terms = terms_of<F>(n);
  Row y_hat(prediction.size()), terms(prediction.size());
  const Complex n_averaged{F::averages_outputs ? static_cast<double>(n_terms) : 1};
  const Complex scale = Complex{F::gradient_factor} / n_averaged;
  const std::vector<double> fields = values_of(form);
  if constexpr (takes_rows<F, fused>) {
    const LossRow<RowVec> row{n,     n_terms,      prediction.data(), y.data(), &scale,
                              false, y_hat.data(), gradient,          nullptr};
    return loss_of_row<F, fused>(fields.data(), row) / n_averaged;
  } else {
    loss_of_elements<F, fused>(fields.data(),
                               LossElements<RowVec>{n, prediction.data(), y.data(), &scale, false,
                                                    y_hat.data(), terms.data(), gradient});
    return std::accumulate(terms.begin(), terms.end(), Complex{}) / n_averaged;
  }
}

template <bool fused, class F>
void check_gradient(const F& form, Index n) {
  const Row prediction = predictions<F, fused>(n), y = targets(n);
  Row gradient(prediction.size());
  loss<fused>(form, prediction, y, gradient.data());
  // Where the gradient is a difference of sums over the row, they are of the size of 1.
  constexpr bool is_sum = is_row_wise<F> || std::is_same_v<F, FocalOfClasses>;
  for (Index j = 0; j < n; ++j) {
    const double got = gradient[static_cast<std::size_t>(j)].v.real();
    const double expected = derivative(loss<fused>(form, stepped(prediction, j), y, nullptr));
    CHECK_FOR(text(F::name, fused ? " fused" : " general", " of ", n, " by ", j, ": ", got, " ",
                   expected),
              agree(got, expected) || (is_sum && std::fabs(got - expected) <= 1e-14));
  }
}

}  // namespace

TEST(loss_gradients_are_derivatives_by_complex_step) {
  for_each_type(LossForms{}, []<class F>() {
    for (const F& form : test::wide_settings<F>())
      for (const Index n : kLengths) {
        if (terms_of<F>(2) == 1 && n % 2 != 0) continue;  // two outputs make a term
        if constexpr (has_fused_form<F>) check_gradient<true>(form, n);
        check_gradient<false>(form, n);
      }
  });
}

}  // namespace chainrule::complex_step
