// What are the losses? The loss l(y_hat, y) of one example and its gradient.
//
// value and gradient are those of one output; a loss either averages or adds them over the outputs.
// gradient leaves out the constant `gradient_factor`, which enters once, with the weight of the
// example. Behind its Matching activation a loss has the gradient gradient_factor * (y_hat - y) by
// z, and is computed from z in a stable fused form: fused_value for elementwise activations,
// fused_row for the others; behind Identity z is y_hat, and nothing else is needed.
// Where that gradient is another one, there is a fused_gradient or a fused_gradient_row, too. A
// loss that is row_wise has value_row and gradient_row instead: formulas/losses_of_rows.inl.
// Predictions outside `predictions` are an error, and so are targets of another kind than targets()
// says: numbers, not_negative, positive, shares (in [0, 1]), signs (-1 or 1), classes (or rows of
// their probabilities), probabilities (rows).

// Where a loss has no matching activation.
struct NoActivation {
  static constexpr auto name = "";
  static constexpr bool row_wise = false;
};

template <class F>
inline constexpr bool has_fused_form = !std::is_same_v<typename F::Matching, Identity> &&
                                       !std::is_same_v<typename F::Matching, NoActivation>;

template <class F>
inline constexpr bool is_row_wise = requires { F::row_wise; };

// How many terms n outputs make.
template <class F>
constexpr Index terms_of(Index n) {
  if constexpr (requires { F::outputs_per_term; })
    return n / F::outputs_per_term;
  else
    return n;
}

template <class V>
V not_below(V x, typename V::Number floor) {
  return select(less(x, splat<V>(floor)), splat<V>(floor), x);
}

// log p, but not below -100; NaN passes.
template <class V>
V clamped_log(V p) {
  return not_below(log(p), -100);
}

// The least that is divided by.
inline constexpr double kLeastDivisor = 1e-12;

#include "formulas/losses_of_numbers.inl"
#include "formulas/losses_of_positive_numbers.inl"
#include "formulas/losses_of_classes.inl"
#include "formulas/margin_losses.inl"
#include "formulas/focal_loss.inl"
#include "formulas/losses_of_rows.inl"

using Losses =
    TypeList<Mse, Mae, Huber, LogCosh, Poisson, Gamma, Tweedie, Quantile, GaussianNll,
             BinaryCrossEntropy, CrossEntropy, Focal, KlDivergence, Hinge, SquaredHinge, Cosine>;

// A loss may have another form behind the activation that this form matches: every form, the usual
// ones first.
template <class... F>
constexpr TypeList<F..., FocalOfClasses, CrossEntropyOfLogarithms> and_other_forms(TypeList<F...>) {
  return {};
}
using LossForms = decltype(and_other_forms(Losses{}));
