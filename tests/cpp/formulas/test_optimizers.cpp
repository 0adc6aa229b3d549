// Do updates follow the formulas of their optimisers, written once more in long double?
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

long double next(const Adam& o, Index updates_before, int sign, long double w, long double g,
                 Slots& slot) {
  g += o.weight_decay * w;
  slot[0] += (1 - static_cast<long double>(o.beta_1)) * (g + sign * slot[0]);
  slot[1] = o.beta_2 * slot[1] + (1 - static_cast<long double>(o.beta_2)) * g * g;
  const long double rate = o.learning_rate / (1 - power_of(o.beta_1, updates_before));
  const long double root = std::sqrt(slot[1] / (1 - power_of(o.beta_2, updates_before)));
  return w + sign * rate * slot[0] / (root + o.epsilon);
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
          update.run(start.size(), g, in_place.w(), in_place.w(), in_place.slots(), c);
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
          formula.*(field.member) = static_cast<typename std::decay_t<decltype(field)>::Value>(end);
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
