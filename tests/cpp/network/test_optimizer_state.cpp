#include "network/optimizer_state.hpp"

#include "kernels/dispatch.hpp"
#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr Index kSize = 48;

}  // namespace

TEST(optimizer_state_begins_at_zero) {
  for_each_dtype([]<class T>() {
    for_each_type(Optimizers{}, []<class F>() {
      const OptimizerState<T> state(to_spec(F{}), kSize);
      CHECK_EQUAL(state.spec.updates, 0);
      CHECK(state.spec.formula == to_spec(F{}));
      CHECK_EQUAL(std::ssize(state.slots), F::n_slots);
      CHECK_EQUAL(std::ssize(state.powers), F::n_powers);
      for (Index s = 0; s < F::n_slots; ++s)
        CHECK(same_bits(state.slots[static_cast<std::size_t>(s)],
                        std::vector<T>(uses_slot(F{}, s) ? kSize : 0)));
      CHECK(state.powers == std::vector<double>(state.powers.size(), 1.0));
    });
  });
}

// Coefficients are computed in float64 from fields, powers and the number of updates, then rounded
// once; those of biases have no decay if decay_biases is off.
TEST(optimizer_state_coefficients) {
  for_each_dtype([]<class T>() {
    for_each_type(Optimizers{}, []<class F>() {
      for (const bool decay_biases : {true, false}) {
        F formula = lively<F>();
        if constexpr (requires { formula.decay_biases; }) formula.decay_biases = decay_biases;
        OptimizerState<T> state(to_spec(formula), kSize);
        std::vector<double> powers(static_cast<std::size_t>(F::n_powers), 1.0);
        for (Index t = 0; t < 5; ++t) {
          const double rate = 0.5 + static_cast<double>(t);
          const Update<T> update = state.begin_update(kernels<T>(), t % 2 == 0 ? nullptr : &rate);
          formula.advance(powers.data());
          F bias_formula = formula;
          if constexpr (requires { formula.weight_decay; })
            if (!decay_biases) bias_formula.weight_decay = 0.0;
          double exact[F::n_coefficients], of_bias[F::n_coefficients];
          formula.step(t % 2 == 0 ? formula.learning_rate : rate, t, powers.data(), exact);
          bias_formula.step(t % 2 == 0 ? formula.learning_rate : rate, t, powers.data(), of_bias);
          for (Index c = 0; c < F::n_coefficients; ++c) {
            CHECK_EQUAL(update.weight_coefficients[c], static_cast<T>(exact[c]));
            CHECK_EQUAL(update.bias_coefficients[c], static_cast<T>(of_bias[c]));
          }
          CHECK_EQUAL(state.spec.updates, t + 1);
          CHECK(same_bits(state.powers, powers));
          CHECK_EQUAL(update.n_slots, F::n_slots);
          for (std::size_t s = 0; s < state.slots.size(); ++s)
            CHECK(update.slots[s] == state.slots[s].data());
          const Index index = find_by_name(Optimizers{}, F::name);
          CHECK(update.kernel == kernels<T>().optimizers[index].update);
        }
      }
    });
  });
}

// A layer's multiplier is one of the learning rate, whatever that is made into.
TEST(optimizer_state_rates_of_layers) {
  for_each_dtype([]<class T>() {
    const ParameterTable<T> table(
        network_spec<T>(3, {with_rate(0.5, dense(2, "prelu")), dense(4),
                            frozen(with_rate(3.0, dense(4))), with_rate(0.5, dense(1))}));
    CHECK(table.rate_factors == (std::vector<double>{1.0, 0.5, 3.0}));
    for_each_type(Optimizers{}, [&]<class F>() {
      F formula = lively<F>();
      if constexpr (requires { formula.decay_biases; }) formula.decay_biases = false;
      OptimizerState<T> state(to_spec(formula), kSize);
      std::vector<T> memory(static_cast<std::size_t>(LayerRates<T>::size(table)));
      const Update<T> update =
          state.begin_update(kernels<T>(), nullptr, {table.rate_factors, memory.data()});
      for (const Segment& segment : table.segments) {
        const double factor = segment.layer == 1 ? 1.0 : segment.layer == 2 ? 3.0 : 0.5;
        const double rate = formula.learning_rate * factor;
        OptimizerState<T> alone(to_spec(formula), kSize);
        const Update<T> expected = alone.begin_update(kernels<T>(), &rate);
        const T* own =
            segment.is_weight ? expected.weight_coefficients : expected.bias_coefficients;
        CHECK(std::equal(own, own + F::n_coefficients, update.coefficients(segment)));
      }
    });
  });
}

// New fields of the same formula keep what is remembered; another formula starts at zero.
TEST(optimizer_state_changes) {
  for_each_type(Optimizers{}, []<class F>() {
    OptimizerState<double> state(to_spec(F{}), kSize);
    state.begin_update(kernels<double>(), nullptr);
    for (AlignedBuffer<double>& slot : state.slots)
      if (slot.size() > 0) slot.data()[1] = 2.0;
    const std::vector<double> powers = state.powers;
    state.change(to_spec(lively<F>()), kSize);
    CHECK(state.spec.formula == to_spec(lively<F>()));
    CHECK_EQUAL(state.spec.updates, 1);
    CHECK(state.powers == powers);
    // What was in use stays, what is only now in use begins at zero.
    for (Index s = 0; s < F::n_slots; ++s)
      if (uses_slot(lively<F>(), s))
        CHECK_EQUAL(state.slots[static_cast<std::size_t>(s)].data()[1],
                    uses_slot(F{}, s) ? 2.0 : 0.0);
    for_each_type(Optimizers{}, [&]<class G>() {
      if (std::is_same_v<F, G>) return;
      OptimizerState<double> other(to_spec(F{}), kSize);
      other.begin_update(kernels<double>(), nullptr);
      other.change(to_spec(G{}), kSize);
      CHECK_EQUAL(other.spec.updates, 0);
      CHECK_EQUAL(std::ssize(other.slots), G::n_slots);
      CHECK(other.powers == std::vector<double>(static_cast<std::size_t>(G::n_powers), 1.0));
    });
  });
}

// Two slots for each pair. An update of elements is none of L-BFGS.
TEST(optimizer_state_of_a_line_search) {
  for_each_dtype([]<class T>() {
    OptimizerState<T> state(to_spec(Lbfgs{1.0, 3}), kSize);
    CHECK_EQUAL(std::ssize(state.slots), 6);
    for (const AlignedBuffer<T>& slot : state.slots) CHECK(same_bits(slot, std::vector<T>(kSize)));
    CHECK(state.powers.empty());
    CHECK_THROWS(state.begin_update(kernels<T>(), nullptr), "optimizer: unknown name 'lbfgs'");
    CHECK_EQUAL(state.spec.updates, 0);
    state.slots[0].data()[0] = T(1);
    state.change(to_spec(Lbfgs{0.5, 3}), kSize);
    CHECK_EQUAL(state.slots[0].data()[0], T(1));
    state.change(to_spec(Adam{}), kSize);
    CHECK_EQUAL(std::ssize(state.slots), Adam::n_slots);
    state.change(to_spec(Lbfgs{}), kSize);
    CHECK_EQUAL(std::ssize(state.slots), 20);
    CHECK_EQUAL(state.slots[0].data()[0], T(0));
  });
}

TEST(optimizer_state_of_wrong_fields_is_refused) {
  for_each_type(AllOptimizers{}, []<class F>() {
    F wrong;
    wrong.learning_rate = -1.0;
    CHECK_THROWS(check_optimizer(to_spec(wrong)),
                 "learning_rate: expected a number in [0, inf), got -1");
    CHECK_THROWS(OptimizerState<float>(to_spec(wrong), kSize), "learning_rate");
    OptimizerState<float> state(to_spec(F{}), kSize);
    CHECK_THROWS(state.change(to_spec(wrong), kSize), "learning_rate");
    CHECK(state.spec.formula == to_spec(F{}));
  });
  Sgd contradiction;
  contradiction.nesterov = true;
  CHECK_THROWS(check_optimizer(to_spec(contradiction)), "nesterov=True needs momentum > 0");
  CHECK_THROWS(check_optimizer({"adm", {}}), "optimizer: unknown name 'adm'; did you mean adam");
}

}  // namespace chainrule
