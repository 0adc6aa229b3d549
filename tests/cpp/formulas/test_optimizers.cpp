// Do updates follow the formulas of their optimisers, written once more in long double?
#include <algorithm>
#include <cmath>

#include "kernels/updates.hpp"

namespace chainrule {

namespace {

// The update of one parameter in long double. With sign = +1 and magnitudes for arguments it is a
// bound on all terms that are added, to which rounding errors are relative.
using Slots = long double[kMaxSlots];

long double next(const Sgd& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  g += o.weight_decay * w;
  if (o.momentum != 0) {
    const long double kept = o.momentum * slot[0];
    slot[0] = kept + (updates_before == 0 ? g : (1 - o.dampening) * g);
    g = o.nesterov ? g + o.momentum * slot[0] : slot[0];
  }
  return w + sign * o.learning_rate * g;
}

// beta^t for the t-th update: by definition a running product in float64.
long double power_of(double beta, Index updates_before) {
  double power = beta;
  for (Index t = 0; t < updates_before; ++t) power *= beta;
  return power;
}

// mean <- (1 - share) mean + share x; magnitudes add up.
void move(long double& mean, long double x, double keep, int sign) {
  mean += (1 - static_cast<long double>(keep)) * (x + sign * mean);
}

// mean <- keep mean + (1 - keep) x^2; returns the square that a quotient has below: of the bound,
// the part of it that is there whatever x is.
long double move_square(long double& mean, long double x, double keep, int sign) {
  const long double kept = keep * mean;
  mean = kept + (1 - static_cast<long double>(keep)) * x * x;
  return sign < 0 ? mean : kept;
}

int sign_of(long double x) { return (x > 0) - (x < 0); }

// Of v - a^2, the bound has the factor by which errors of the difference are larger; where all of
// it may be error, there is no bound.
long double next(const RmsProp& o, Index, int sign, long double w, long double g, Slots& slot) {
  g += o.weight_decay * w;
  long double square = move_square(slot[0], g, o.rho, sign), factor = 1;
  if (o.centered) {
    move(slot[1], g, o.rho, sign);
    const long double sum = slot[0] + slot[1] * slot[1];
    square = std::max(square - slot[1] * slot[1], 0.0L);
    if (sign > 0) factor = sum / square;
  }
  long double step = factor * g / (std::sqrt(square) + o.epsilon);
  if (o.momentum != 0) step = slot[2] = o.momentum * slot[2] + step;
  return w + sign * o.learning_rate * step;
}

long double next(const Adagrad& o, Index, int sign, long double w, long double g, Slots& slot) {
  g += o.weight_decay * w;
  const long double before = slot[0];
  slot[0] += g * g;
  return w + sign * o.learning_rate * g / (std::sqrt(sign < 0 ? slot[0] : before) + o.epsilon);
}

long double next(const Adadelta& o, Index, int sign, long double w, long double g, Slots& slot) {
  g += o.weight_decay * w;
  const long double square = move_square(slot[0], g, o.rho, sign);
  const long double step = std::sqrt((slot[1] + o.epsilon) / (square + o.epsilon)) * g;
  move_square(slot[1], step, o.rho, sign);
  return w + sign * o.learning_rate * step;
}

long double adam_step(const Adam& o, Index updates_before, int sign, long double g, Slots& slot) {
  move(slot[0], g, o.beta_1, sign);
  slot[1] = o.beta_2 * slot[1] + (1 - static_cast<long double>(o.beta_2)) * g * g;
  if (o.amsgrad) slot[2] = std::max(slot[2], slot[1]);
  const long double rate = o.learning_rate / (1 - power_of(o.beta_1, updates_before));
  const long double square = o.amsgrad ? slot[2] : slot[1];
  const long double root = std::sqrt(square / (1 - power_of(o.beta_2, updates_before)));
  return rate * slot[0] / (root + o.epsilon);
}

long double next(const Adam& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  return w + sign * adam_step(o, updates_before, sign, g + o.weight_decay * w, slot);
}

long double next(const AdamW& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  const Adam adam{o.learning_rate, o.beta_1, o.beta_2, o.epsilon, 0.0, true, o.amsgrad};
  return w + sign * (o.learning_rate * o.weight_decay * w +
                     adam_step(adam, updates_before, sign, g, slot));
}

long double next(const Adamax& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  g += o.weight_decay * w;
  const long double faded = o.beta_2 * slot[1];
  move(slot[0], g, o.beta_1, sign);
  slot[1] = std::max(faded, std::fabs(g) + o.epsilon);
  const long double rate = o.learning_rate / (1 - power_of(o.beta_1, updates_before));
  if (sign < 0) return w - rate * slot[0] / slot[1];
  return w + rate * slot[0] / faded * (1 + slot[1] / faded);
}

long double next(const NAdam& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  g += o.weight_decay * w;
  move(slot[0], g, o.beta_1, sign);
  const long double square = move_square(slot[1], g, o.beta_2, sign);
  const auto momentum = [&](Index t) {
    return o.beta_1 * (1 - std::pow(0.96L, static_cast<long double>(t) * o.momentum_decay) / 2);
  };
  long double product = 1;
  for (Index t = 1; t <= updates_before + 1; ++t) product *= momentum(t);
  const long double now = momentum(updates_before + 1), then = momentum(updates_before + 2);
  const long double root = std::sqrt(square / (1 - power_of(o.beta_2, updates_before)));
  const long double ahead = (1 - now) / (1 - product) * g + then / (1 - product * then) * slot[0];
  return w + sign * o.learning_rate * ahead / (root + o.epsilon);
}

long double next(const RAdam& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  g += o.weight_decay * w;
  move(slot[0], g, o.beta_1, sign);
  const long double square = move_square(slot[1], g, o.beta_2, sign);
  const long double power = power_of(o.beta_2, updates_before), limit = 2 / (1 - o.beta_2) - 1;
  const auto t = static_cast<long double>(updates_before + 1);
  const long double length = limit - 2 * t * power / (1 - power);
  const long double step = o.learning_rate * slot[0] / (1 - power_of(o.beta_1, updates_before));
  if (length <= 5) return w + sign * step;
  const long double sure = (length - 4) * (length - 2) * limit, all = (limit - 4) * (limit - 2);
  return w + sign * step * std::sqrt(sure / (all * length) * (1 - power)) /
                 (std::sqrt(square) + o.epsilon);
}

long double next(const Lion& o, Index, int sign, long double w, long double g, Slots& slot) {
  long double direction = slot[0];
  move(direction, g, o.beta_1, sign);
  move(slot[0], g, o.beta_2, sign);
  return w + sign * o.learning_rate * (o.weight_decay * w + sign_of(direction));
}

long double next(const Rprop& o, Index, int sign, long double w, long double g, Slots& slot) {
  const int turned = sign_of(g) * sign_of(slot[0]);
  const long double factor = turned > 0 ? o.etas.values[1] : turned < 0 ? o.etas.values[0] : 1;
  const long double before = slot[1] == 0 ? o.learning_rate : slot[1];
  slot[1] =
      std::clamp<long double>(before * factor, o.step_sizes.values[0], o.step_sizes.values[1]);
  slot[0] = turned < 0 ? 0 : g;
  return w + sign * slot[1] * sign_of(slot[0]);
}

// The bound of the step divides by the root of magnitudes, which is larger than that of the values.
template <class F, class T>
bool follows_formula(const F& formula, Index updates_before, const test::Parameters<T>& before,
                     const T* g, const test::Parameters<T>& after) {
  for (Index i = 0; i < before.size(); ++i) {
    Slots slot{}, bound{};
    for (Index s = 0; s < F::n_slots; ++s) bound[s] = slot[s] = before.slots()[s][i];
    const long double w = next(formula, updates_before, -1, before.w()[i], g[i], slot);
    const long double most =
        next(formula, updates_before, 1, std::fabs(before.w()[i]), std::fabs(g[i]), bound);
    const long double unit = 16 * test::kUnit<T>;
    if (!(std::fabs(after.w()[i] - w) <= unit * most)) return false;
    for (Index s = 0; s < F::n_slots; ++s)
      if (!(std::fabs(after.slots()[s][i] - slot[s]) <= unit * bound[s])) return false;
  }
  return true;
}

}  // namespace

TEST(updates_follow_their_formulas) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    const test::Parameters<T> start(kLanes<T>, 5);
    const test::Guarded<T> gradient(1, start.size(), start.size(), 3);
    const test::Draw draw(46);
    test::fill(gradient.view(),
               [&](Index i, Index j) { return static_cast<T>(2 * draw.real(i, j)); });
    const T* g = gradient.view().data;
    for_each_type(Optimizers{}, [&]<class F>() {
      test::for_each_setting<F>([&](const F& formula, const std::string& name) {
        for (const Index updates_before : {0, 1, 10}) {
          const auto update = test::update_of(table, formula, updates_before, name);
          const test::Parameters<T> after = start, in_place = start;
          const T* c = update.coefficients.data();
          update.run(start.size(), g, start.w(), after.w(), after.slots(), c);
          update.run(start.size(), g, in_place.w(), in_place.w(),
                     test::used_slots(formula, in_place.slots()).data(), c);
          CHECK_FOR(update.name, follows_formula(formula, updates_before, start, g, after));
          CHECK_FOR(update.name, in_place.same_bytes_as(after));
        }
      });
    });
  });
}

// Padding has gradient +0 and state +0, and keeps them at the ends of every field's range, too.
TEST(updates_keep_padding_at_zero) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    for_each_type(Optimizers{}, [&]<class F>() {
      for_each_field(F{}, [&](const auto& field) {
        for (const double end : {field.range.low, field.range.high}) {
          F formula;
          if (!field.range.contains(end)) continue;
          using Value = typename std::decay_t<decltype(field)>::Value;
          if constexpr (std::is_same_v<Value, Numbers>)
            formula.*(field.member) = Numbers{end, end};
          else
            formula.*(field.member) = static_cast<Value>(end);
          const auto update =
              test::update_of(table, formula, 0, text(F::name, " ", field.name, "=", end));
          const AlignedBuffer<T> zero(5 * kLanes<T>);
          T* const slots[] = {zero.data() + kLanes<T>, zero.data() + 2 * kLanes<T>,
                              zero.data() + 3 * kLanes<T>};
          update.run(kLanes<T>, zero.data(), zero.data(), zero.data() + 4 * kLanes<T>, slots,
                     update.coefficients.data());
          const AlignedBuffer<T> expected(5 * kLanes<T>);
          CHECK_FOR(update.name,
                    std::memcmp(zero.data(), expected.data(),
                                static_cast<std::size_t>(zero.size()) * sizeof(T)) == 0);
        }
      });
    });
  });
}

TEST(updates_have_the_same_bits_on_every_tier_with_fma) {
  test::for_each_pair_with_equal_bits(
      []<class T>(const KernelTable<T>& best, const KernelTable<T>& other) {
        const test::Parameters<T> start(kLanes<T>, 5), gradient(kLanes<T>, 5);
        test::for_each_update<T>(best, [&](const test::Update<T>& update) {
          Index position = 0;
          while (best.optimizers[position].update != update.run) ++position;
          const test::Parameters<T> a = start, b = start;
          const T* c = update.coefficients.data();
          update.run(start.size(), gradient.w(), a.w(), a.w(), a.slots(), c);
          other.optimizers[position].update(start.size(), gradient.w(), b.w(), b.w(), b.slots(), c);
          CHECK_FOR(update.name, a.same_bytes_as(b));
        });
      });
}

}  // namespace chainrule
