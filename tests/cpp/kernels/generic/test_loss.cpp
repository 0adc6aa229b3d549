// Are losses and their gradients what the formulas say, fused with the matching activation and not,
// with every kind of weight and for extreme predictions?
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "formulas/settings.hpp"
#include "kernels/guarded.hpp"
#include "kernels/plain_rows_of_losses.hpp"
#include "kernels/tables.hpp"

namespace chainrule {

namespace {

using test::Bounded;
using test::Guarded;
using test::Row;

// Rows that are computed several at once, and rows on their own.
constexpr std::array<Index, 2> kShortAndLong{10, 34};

// Predictions and targets of a batch, gradients and losses, with NaN wherever a kernel must not
// look.
template <class T>
struct Batch {
  static constexpr Index d = 5;
  Index m, n_terms, y_columns, padded = round_up(m, kLanes<T>);
  // Behind the targets are levels, for losses of quantiles.
  Guarded<T> p{d, padded, padded + 3, 1, std::nan("")}, y{d, 2 * m, 2 * m, 1, std::nan("")};
  Guarded<T> scale{d, m, m, 1, std::nan("")}, y_hat{d, padded, padded + 1, 3};
  Guarded<T> gradient{d, padded, padded + 2, 1}, terms{d, m, m + 1, 1}, losses{1, d, d, 1};
  std::vector<double> fields;

  // Targets are in [0, 1], a third of them exactly 0; predictions are `size` times (-1, 1) or
  // inside (0, 1).
  template <class F>
  Batch(const F& loss, Index m_, bool probabilities, double size)
      : m(m_), n_terms(terms_of<F>(m)), y_columns(n_terms), fields(to_spec(loss).values) {
    if constexpr (std::is_same_v<F, Quantile>) y_columns = 2 * m;
    const test::Draw draw(51);
    test::fill(prediction(), [&](Index i, Index j) {
      const double x = draw.real(i, j);
      return static_cast<T>(probabilities ? 0.01 + 0.98 * std::fabs(x) : size * x);
    });
    test::fill(y.view(), [&](Index i, Index j) {
      if (j >= m) return static_cast<T>(j % 2 == 0 ? 0.25 : 0.9);
      return static_cast<T>(j % 3 == 2 ? 0 : std::fabs(draw.real(i + d, j)));
    });
    test::fill(scale.view(), [&](Index i, Index j) { return T(draw.real(i + 2 * d, j)); });
  }
  MatrixView<T> prediction() const { return {p.view().data, d, m, p.view().stride}; }

  LossArguments<T> arguments(bool per_output) const {
    LossArguments<T> all{};
    all.prediction = prediction();
    all.y = {y.view().data, d, y_columns, y.view().stride};
    all.scale = {scale.view().data, d, per_output ? n_terms : 1, m};
    all.y_hat = y_hat.view();
    all.gradient = gradient.view();
    all.element_losses = terms.view();
    all.losses = losses.view().data;
    all.fields = fields.data();
    return all;
  }
  bool rest_is_untouched() const {
    return y_hat.rest_is_untouched() && gradient.rest_is_untouched() && terms.rest_is_untouched() &&
           losses.rest_is_untouched();
  }
  Row row(MatrixView<T> from, Index i) const { return Row(from.row(i), from.row(i) + m); }
  test::PlainRow plain_row(Index i) const {
    const T* levels = y.view().row(i) + m;
    test::PlainRow plain{row(prediction(), i), {}, row(y.view(), i), Row(levels, levels + m)};
    for (const long double x : plain.p) plain.rest.push_back(T(1) - static_cast<T>(x));
    return plain;
  }
};

template <class T>
bool is_near(T got, Bounded expected, double n) {
  if (got == expected.value) return true;  // infinite ones, too
  const long double allowed = n * static_cast<long double>(test::kUnit<T>) * expected.magnitude;
  return std::fabs(got - expected.value) <= allowed + std::numeric_limits<T>::min();
}

template <class T>
bool is_positive_zero(T x) {
  return x == 0 && !std::signbit(x);
}

// The general form of a row; 24 roundings besides those of the sum.
template <class F, class T>
void check_general_row(const std::string& what, const F& loss, const Batch<T>& batch, Index i,
                       bool per_output) {
  const test::PlainRow row = batch.plain_row(i);
  const std::vector<Bounded> terms = test::terms(loss, row), slopes = test::slopes(loss, row);
  // Sums over the row are below its terms and slopes.
  const double n = is_row_wise<F> ? 24 + static_cast<double>(batch.m) : 24;
  Bounded sum;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    sum.add(terms[j].value, terms[j].magnitude);
    if (F::averages_outputs)
      CHECK_FOR(what, is_near(batch.terms.view()(i, static_cast<Index>(j)), terms[j], n));
  }
  for (Index j = 0; j < batch.m; ++j) {
    const Bounded g = slopes[static_cast<std::size_t>(j)];
    const long double c = batch.scale.view()(i, per_output ? j % batch.n_terms : 0);
    CHECK_FOR(what,
              is_near(batch.gradient.view()(i, j), {g.value * c, g.magnitude * std::fabs(c)}, n));
  }
  const long double average = F::averages_outputs ? batch.n_terms : 1;
  CHECK_FOR(what, is_near(batch.losses.view()(0, i), {sum.value / average, sum.magnitude / average},
                          24 + static_cast<double>(batch.m)));
}

// The error of y_hat, which has that of z - max z, too.
template <class Activation>
long double error_of_prediction(const Activation&, long double p, long double shift) {
  return p == 0 ? 0 : p * (1 + (Activation::row_wise ? shift : 0));  // where z is -inf, p is 0
}
long double error_of_prediction(const LogSoftmax&, long double p, long double /*shift*/) {
  return 1 + std::fabs(p);
}

// The fused form.
template <class F, class T>
void check_fused_row(const std::string& what, const F& loss, const Batch<T>& batch, Index i,
                     bool per_output) {
  const Row z = batch.row(batch.prediction(), i), y = batch.row(batch.y.view(), i);
  const Row p = test::prediction(typename F::Matching{}, z);
  const long double most = *std::max_element(z.begin(), z.end());
  const double n = 24 + static_cast<double>(batch.m);
  for (Index j = 0; j < batch.m; ++j) {
    const auto k = static_cast<std::size_t>(j);
    const long double error = error_of_prediction(typename F::Matching{}, p[k], most - z[k]);
    CHECK_FOR(what, is_near(batch.y_hat.view()(i, j), {p[k], error}, n));
    const long double c = batch.scale.view()(i, per_output ? j : 0);
    const Bounded g = test::fused_slope(loss, z, p, y, k);
    CHECK_FOR(what, is_near(batch.gradient.view()(i, j),
                            {g.value * c, std::fabs(c) * (error + g.magnitude)}, n));
  }
  const long double outputs = F::averages_outputs ? batch.m : 1;
  const Bounded l = test::fused(loss, z, y);
  CHECK_FOR(what,
            is_near(batch.losses.view()(0, i), {l.value / outputs, l.magnitude / outputs}, n));
}

template <class F, class T>
const LossKernels<T>& kernels_of_loss(const KernelTable<T>& table) {
  Index index = 0, found = 0;
  for_each_type(LossForms{}, [&]<class Form>() {
    if (std::is_same_v<F, Form>) found = index;
    ++index;
  });
  return table.losses[found];
}

// Runs one form of a loss, checks each row, and what must not change.
template <class F, class T>
void check_batch(const KernelTable<T>& table, bool is_fused, const Batch<T>& batch) {
  const LossKernels<T>& kernels = kernels_of_loss<F>(table);
  const F loss = from_values<F>(batch.fields.data());
  const std::string what = text(test::label(table), " ", F::name, is_fused ? " fused" : " general");
  for (const bool per_output : {false, true}) {
    if (per_output && !F::averages_outputs) continue;
    const LossArguments<T> arguments = batch.arguments(per_output);
    CHECK_EQUAL((is_fused ? kernels.fused : kernels.general)(arguments), -1);
    for (Index i = 0; i < batch.d; ++i) {
      if (!is_fused)
        check_general_row(what, loss, batch, i, per_output);
      else if constexpr (has_fused_form<F>)
        check_fused_row(what, loss, batch, i, per_output);
      for (Index j = batch.m; j < batch.padded; ++j)
        CHECK_FOR(what, is_positive_zero(batch.gradient.view()(i, j)));
    }
    CHECK_FOR(what, batch.rest_is_untouched());
  }
}

// Calls f.template operator()<F>(formula) for each loss and setting of its fields.
template <class Function>
void for_each_setting(Function f) {
  for_each_type(LossForms{}, [&]<class F>() {
    for (const F& loss : test::wide_settings<F>()) f.template operator()<F>(loss);
  });
}
// Calls f.template operator()<F>(table, formula) for each table, too.
template <class Function>
void for_each_loss(Function f) {
  test::for_each_table([&](const auto& table) {
    for_each_setting([&]<class F>(const F& formula) { f.template operator()<F>(table, formula); });
  });
}
template <class Function>
void for_each_fused_loss(Function f) {
  for_each_loss([&]<class F>(const auto& table, const F& formula) {
    if constexpr (has_fused_form<F>) f.template operator()<F>(table, formula);
  });
}
template <class T>
auto forms(const LossKernels<T>& loss) {
  std::vector<decltype(loss.general)> all{loss.general};
  if (loss.fused != nullptr) all.push_back(loss.fused);
  return all;
}

}  // namespace

TEST(losses_follow_their_formulas) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    for (const Index m : {1, 2, 8, 15, 16, 17, 34}) {
      if (terms_of<F>(2) == 1 && m % 2 != 0) continue;  // two outputs make a term
      check_batch<F>(table, false, Batch<T>(formula, m, F::predictions.low == 0, 2));
      if (has_fused_form<F>) check_batch<F>(table, true, Batch<T>(formula, m, false, 5));
    }
  });
}

// e^88.8 is infinite in float32, e^-88.8 is not normal, and 1e-30 is lost beside 1. Rows have both
// signs, or are all equal.
TEST(fused_losses_of_extreme_inputs) {
  for_each_fused_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    for (const Index m : kShortAndLong)
      for (const double size : {1e4, 710.0, 88.8, 1e-30, 0.0})
        for (const bool equal : {false, true}) {
          const Batch<T> batch(formula, m, false, 1);
          test::fill(batch.prediction(), [&](Index i, Index j) {
            return static_cast<T>((equal ? i : i + j) % 2 == 0 ? size : -size);
          });
          check_batch<F>(table, true, batch);
        }
  });
}

// Classes that are impossible, and not the target, add nothing (in rows only: elsewhere -inf is an
// error). Row i has up to i + 1 of them.
TEST(fused_losses_of_impossible_classes) {
  for_each_fused_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    if (!F::Matching::row_wise) return;
    for (const Index m : kShortAndLong) {
      const Batch<T> batch(formula, m, false, 1);
      for (Index i = 0; i < batch.d; ++i)
        for (Index j = 2; j < std::min(batch.m, 3 * (i + 1)); j += 3)
          batch.prediction()(i, j) = -std::numeric_limits<T>::infinity();
      check_batch<F>(table, true, batch);
      for (Index i = 0; i < batch.d; ++i) CHECK(std::isfinite(batch.losses.view()(0, i)));
    }
  });
}

// Certain and wrong: logarithms end at -100, gradients at 1e12.
TEST(general_losses_of_certain_predictions) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    for (const Index m : kShortAndLong) {
      const Batch<T> batch(formula, m, true, 1);
      test::fill(batch.prediction(), [](Index i, Index j) {
        constexpr std::array<double, 4> ends{0.0, 1.0, -0.0, 1e-30};
        return static_cast<T>(ends[static_cast<std::size_t>(i + j) % 4]);
      });
      check_batch<F>(table, false, batch);
    }
  });
}

TEST(predictions_outside_their_range_are_refused) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    using Limits = std::numeric_limits<T>;
    const auto general = kernels_of_loss<F>(table).general;
    const T infinity = Limits::infinity();
    for (const T wrong : {std::nextafter(T(1), T(2)), -Limits::min(), T(-3), infinity, -infinity})
      for (Index at = 0; at < Batch<T>::d * 10; ++at) {
        const Batch<T> batch(formula, 10, true, 1);
        batch.prediction()(at / 10, at % 10) = wrong;
        const bool refused = wrong < static_cast<T>(F::predictions.low) ||
                             wrong > static_cast<T>(F::predictions.high);
        CHECK_EQUAL(general(batch.arguments(false)), refused ? at / 10 : -1);
      }
  });
}

TEST(nan_passes_through_every_loss) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    const LossKernels<T>& loss = kernels_of_loss<F>(table);
    for (const auto form : forms(loss))
      for (const Index m : kShortAndLong) {
        const Batch<T> batch(formula, m, true, 1);
        batch.prediction()(2, m - 1) = std::numeric_limits<T>::quiet_NaN();
        CHECK_EQUAL(form(batch.arguments(false)), -1);
        for (Index i = 0; i < batch.d; ++i)
          CHECK_EQUAL(std::isnan(batch.losses.view()(0, i)), i == 2);
        // The gradient -y by logarithms does not depend on them.
        const bool depends = form == loss.fused || !std::is_same_v<F, CrossEntropyOfLogarithms>;
        CHECK_EQUAL(std::isnan(batch.gradient.view()(2, m - 1)), depends);
      }
  });
}

// What is not asked for is not written, and the rest has the same bits; in short and in long rows.
TEST(losses_without_gradient_or_terms) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table, const F& formula) {
    const LossKernels<T>& loss = kernels_of_loss<F>(table);
    for (const Index m : {10, 38})
      for (const auto form : forms(loss)) {
        const Batch<T> all(formula, m, true, 1), few(formula, m, true, 1);
        LossArguments<T> arguments = few.arguments(false);
        arguments.scale = {};
        arguments.gradient = {};
        arguments.element_losses = {};
        form(all.arguments(false));
        form(arguments);
        CHECK(test::same_bytes<T>(few.losses.view(), all.losses.view()));
        if (form == loss.fused)
          CHECK(
              test::same_bytes<T>({few.y_hat.view().data, few.d, few.m, few.y_hat.view().stride},
                                  {all.y_hat.view().data, all.d, all.m, all.y_hat.view().stride}));
      }
  });
}

TEST(losses_have_the_same_bits_on_every_tier_with_fma) {
  test::for_each_pair_with_equal_bits(
      []<class T>(const KernelTable<T>& best, const KernelTable<T>& other) {
        for_each_setting([&]<class F>(const F& formula) {
          for (const auto form : {&LossKernels<T>::fused, &LossKernels<T>::general}) {
            if (kernels_of_loss<F>(best).*form == nullptr) continue;
            const Batch<T> a(formula, 38, true, 1), b(formula, 38, true, 1);
            (kernels_of_loss<F>(best).*form)(a.arguments(false));
            (kernels_of_loss<F>(other).*form)(b.arguments(false));
            const std::string what = text(test::label(other), " ", F::name);
            CHECK_FOR(what, test::same_bytes<T>(a.losses.view(), b.losses.view()));
            CHECK_FOR(what, test::same_bytes<T>(a.gradient.view(), b.gradient.view()));
            CHECK_FOR(what,
                      test::same_bytes<T>({a.y_hat.view().data, a.d, a.m, a.y_hat.view().stride},
                                          {b.y_hat.view().data, b.d, b.m, b.y_hat.view().stride}));
          }
        });
      });
}

}  // namespace chainrule
