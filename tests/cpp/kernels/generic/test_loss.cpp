// Are losses and their gradients what the formulas say, fused with the matching activation and not,
// with every kind of weight and for extreme predictions?
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/guarded.hpp"
#include "kernels/plain_losses.hpp"
#include "kernels/tables.hpp"

namespace chainrule {

namespace {

using test::Bounded;
using test::Guarded;
using test::Row;

// Rows that are computed several at once, and rows on their own.
constexpr std::array<Index, 2> kShortAndLong{9, 33};

// Predictions and targets of a batch, gradients and losses, with NaN wherever a kernel must not
// look.
template <class T>
struct Batch {
  static constexpr Index d = 5;
  Index m, padded = round_up(m, kLanes<T>);
  Guarded<T> p{d, padded, padded + 3, 1, std::nan("")}, y{d, m, m, 1, std::nan("")};
  Guarded<T> scale{d, m, m, 1, std::nan("")}, y_hat{d, padded, padded + 1, 3};
  Guarded<T> gradient{d, padded, padded + 2, 1}, terms{d, m, m + 1, 1}, losses{1, d, d, 1};

  // Targets are in [0, 1], a third of them exactly 0; predictions are `size` times (-1, 1) or
  // inside (0, 1).
  Batch(Index m_, bool probabilities, double size) : m(m_) {
    const test::Draw draw(51);
    test::fill(prediction(), [&](Index i, Index j) {
      const double x = draw.real(i, j);
      return static_cast<T>(probabilities ? 0.01 + 0.98 * std::fabs(x) : size * x);
    });
    test::fill(y.view(), [&](Index i, Index j) {
      return static_cast<T>(j % 3 == 2 ? 0 : std::fabs(draw.real(i + d, j)));
    });
    test::fill(scale.view(), [&](Index i, Index j) { return T(draw.real(i + 2 * d, j)); });
  }
  MatrixView<T> prediction() const { return {p.view().data, d, m, p.view().stride}; }

  LossArguments<T> arguments(bool per_output) const {
    LossArguments<T> all{};
    all.prediction = prediction();
    all.y = y.view();
    all.scale = {scale.view().data, d, per_output ? m : 1, m};
    all.y_hat = y_hat.view();
    all.gradient = gradient.view();
    all.element_losses = terms.view();
    all.losses = losses.view().data;
    return all;
  }
  bool rest_is_untouched() const {
    return y_hat.rest_is_untouched() && gradient.rest_is_untouched() && terms.rest_is_untouched() &&
           losses.rest_is_untouched();
  }
  Row row(MatrixView<T> from, Index i) const { return Row(from.row(i), from.row(i) + m); }
};

template <class T>
bool is_near(T got, Bounded expected, double n) {
  const long double allowed = n * static_cast<long double>(test::kUnit<T>) * expected.magnitude;
  return std::fabs(got - expected.value) <= allowed + std::numeric_limits<T>::min();
}

template <class T>
bool is_positive_zero(T x) {
  return x == 0 && !std::signbit(x);
}

// The general form of a row; 24 roundings besides those of the sum.
template <class F, class T>
void check_general_row(const std::string& what, const Batch<T>& batch, Index i, bool per_output) {
  const Row p = batch.row(batch.prediction(), i), y = batch.row(batch.y.view(), i);
  Bounded sum;
  for (Index j = 0; j < batch.m; ++j) {
    const auto k = static_cast<std::size_t>(j);
    const long double rest = T(1) - static_cast<T>(p[k]);
    const Bounded l = test::term(F{}, p[k], y[k], rest);
    sum.add(l.value, l.magnitude);
    CHECK_FOR(what, is_near(batch.terms.view()(i, j), l, 24));
    const long double g =
        test::slope(F{}, p[k], y[k], rest) * batch.scale.view()(i, per_output ? j : 0);
    CHECK_FOR(what, is_near(batch.gradient.view()(i, j), {g, std::fabs(g)}, 24));
  }
  const long double n = F::averages_outputs ? batch.m : 1;
  CHECK_FOR(what, is_near(batch.losses.view()(0, i), {sum.value / n, sum.magnitude / n},
                          24 + static_cast<double>(batch.m)));
}

// The fused form: y_hat is off by the rounding of z - max z, too.
template <class F, class T>
void check_fused_row(const std::string& what, const Batch<T>& batch, Index i, bool per_output) {
  const Row z = batch.row(batch.prediction(), i), y = batch.row(batch.y.view(), i);
  const Row p = test::prediction(typename F::Matching{}, z);
  const long double most = *std::max_element(z.begin(), z.end());
  const double n = 24 + static_cast<double>(batch.m);
  for (Index j = 0; j < batch.m; ++j) {
    const auto k = static_cast<std::size_t>(j);
    // Where z is -inf, p is exactly 0.
    const long double shift = F::Matching::row_wise ? most - z[k] : 0;
    const long double error = p[k] == 0 ? 0 : std::fabs(p[k]) * (1 + shift);
    CHECK_FOR(what, is_near(batch.y_hat.view()(i, j), {p[k], error}, n));
    const long double c = batch.scale.view()(i, per_output ? j : 0);
    CHECK_FOR(what, is_near(batch.gradient.view()(i, j),
                            {(p[k] - y[k]) * c, std::fabs(c) * (error + y[k])}, n));
  }
  const long double outputs = F::averages_outputs ? batch.m : 1;
  const Bounded l = test::fused(F{}, z, y);
  CHECK_FOR(what,
            is_near(batch.losses.view()(0, i), {l.value / outputs, l.magnitude / outputs}, n));
}

template <class F, class T>
const LossKernels<T>& kernels_of_loss(const KernelTable<T>& table) {
  return table.losses[find_by_name(Losses{}, F::name)];
}

// Runs one form of a loss, checks each row, and what must not change.
template <class F, class T>
void check_batch(const KernelTable<T>& table, bool is_fused, const Batch<T>& batch) {
  const LossKernels<T>& loss = kernels_of_loss<F>(table);
  const std::string what = text(test::label(table), " ", F::name, is_fused ? " fused" : " general");
  for (const bool per_output : {false, true}) {
    if (per_output && !F::averages_outputs) continue;
    const LossArguments<T> arguments = batch.arguments(per_output);
    CHECK_EQUAL((is_fused ? loss.fused : loss.general)(arguments), -1);
    for (Index i = 0; i < batch.d; ++i) {
      if (is_fused)
        check_fused_row<F>(what, batch, i, per_output);
      else
        check_general_row<F>(what, batch, i, per_output);
      for (Index j = batch.m; j < batch.padded; ++j)
        CHECK_FOR(what, is_positive_zero(batch.gradient.view()(i, j)));
    }
    CHECK_FOR(what, batch.rest_is_untouched());
  }
}

// Calls f.template operator()<F>(table) for each table and loss.
template <class Function>
void for_each_loss(Function f) {
  test::for_each_table([&](const auto& table) {
    for_each_type(Losses{}, [&]<class F>() { f.template operator()<F>(table); });
  });
}

}  // namespace

TEST(losses_follow_their_formulas) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    for (const Index m : {1, 2, 7, 8, 9, 15, 16, 17, 33, 100}) {
      check_batch<F>(table, false, Batch<T>(m, F::needs_probabilities, 2));
      check_batch<F>(table, true, Batch<T>(m, false, 5));
    }
  });
}

// e^88.8 is infinite in float32, e^-88.8 is not normal, and 1e-30 is lost beside 1. Rows have both
// signs, or are all equal.
TEST(fused_losses_of_extreme_inputs) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    for (const Index m : kShortAndLong)
      for (const double size : {1e4, 710.0, 88.8, 1e-30, 0.0})
        for (const bool equal : {false, true}) {
          const Batch<T> batch(m, false, 1);
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
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    if (!F::Matching::row_wise) return;
    for (const Index m : kShortAndLong) {
      const Batch<T> batch(m, false, 1);
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
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    for (const Index m : kShortAndLong) {
      const Batch<T> batch(m, true, 1);
      test::fill(batch.prediction(), [](Index i, Index j) {
        constexpr std::array<double, 4> ends{0.0, 1.0, -0.0, 1e-30};
        return static_cast<T>(ends[static_cast<std::size_t>(i + j) % 4]);
      });
      check_batch<F>(table, false, batch);
    }
  });
}

TEST(predictions_outside_the_unit_interval_are_refused) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    using Limits = std::numeric_limits<T>;
    const auto general = kernels_of_loss<F>(table).general;
    const T infinity = Limits::infinity();
    for (const T wrong : {std::nextafter(T(1), T(2)), -Limits::min(), T(-3), infinity, -infinity})
      for (Index at = 0; at < Batch<T>::d * 9; ++at) {
        const Batch<T> batch(9, true, 1);
        batch.prediction()(at / 9, at % 9) = wrong;
        CHECK_EQUAL(general(batch.arguments(false)), F::needs_probabilities ? at / 9 : -1);
      }
  });
}

TEST(nan_passes_through_every_loss) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    const LossKernels<T>& loss = kernels_of_loss<F>(table);
    for (const auto form : {loss.fused, loss.general})
      for (const Index m : kShortAndLong) {
        const Batch<T> batch(m, true, 1);
        batch.prediction()(2, m - 1) = std::numeric_limits<T>::quiet_NaN();
        CHECK_EQUAL(form(batch.arguments(false)), -1);
        for (Index i = 0; i < batch.d; ++i)
          CHECK_EQUAL(std::isnan(batch.losses.view()(0, i)), i == 2);
        CHECK(std::isnan(batch.gradient.view()(2, m - 1)));
      }
  });
}

// What is not asked for is not written, and the rest has the same bits; in short and in long rows.
TEST(losses_without_gradient_or_terms) {
  for_each_loss([]<class F, class T>(const KernelTable<T>& table) {
    const LossKernels<T>& loss = kernels_of_loss<F>(table);
    for (const Index m : {9, 37})
      for (const auto form : {loss.fused, loss.general}) {
        const Batch<T> all(m, true, 1), few(m, true, 1);
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
        for (Index loss = 0; loss < Losses::size; ++loss)
          for (const auto form : {&LossKernels<T>::fused, &LossKernels<T>::general}) {
            const Batch<T> a(37, true, 1), b(37, true, 1);
            (best.losses[loss].*form)(a.arguments(false));
            (other.losses[loss].*form)(b.arguments(false));
            const std::string what = text(test::label(other), " ", other.losses[loss].name);
            CHECK_FOR(what, test::same_bytes<T>(a.losses.view(), b.losses.view()));
            CHECK_FOR(what, test::same_bytes<T>(a.gradient.view(), b.gradient.view()));
            CHECK_FOR(what,
                      test::same_bytes<T>({a.y_hat.view().data, a.d, a.m, a.y_hat.view().stride},
                                          {b.y_hat.view().data, b.d, b.m, b.y_hat.view().stride}));
          }
      });
}

}  // namespace chainrule
