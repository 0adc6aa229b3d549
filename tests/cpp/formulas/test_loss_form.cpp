#include "formulas/loss_form.hpp"

#include "test.hpp"

namespace chainrule {

// A form is taken behind the activation that it matches, and there it is fused.
TEST(loss_forms_by_the_activation_of_the_outputs) {
  Index index = 0;
  for_each_type(LossForms{}, [&]<class Form>() {
    for_each_type(Activations{}, [&]<class Output>() {
      const bool matches = std::is_same_v<Output, typename Form::Matching>;
      if (index >= Losses::size && !matches) return;
      const LossForm form = loss_form(to_spec(Form{}), Output::name, 4);
      const bool other_form = form.index != index && !matches;
      if (other_form) return;
      CHECK_EQUAL(form.index, index);
      CHECK_EQUAL(form.fused, has_fused_form<Form> && matches);
      CHECK_EQUAL(form.averages_outputs, Form::averages_outputs);
      CHECK_EQUAL(form.gradient_factor, Form::gradient_factor);
      CHECK_EQUAL(form.targets, Form{}.targets());
    });
    ++index;
  });
  CHECK_THROWS(loss_form({"msee", {}}, "identity", 1),
               "loss: unknown name 'msee'; did you mean mse");
}

TEST(loss_forms_of_focal) {
  const auto form = [](const char* output) { return loss_form(to_spec(Focal{}), output, 3); };
  CHECK(form("softmax").takes_classes() && !form("softmax").averages_outputs);
  for (const char* output : {"sigmoid", "tanh", "identity"})
    CHECK(!form(output).takes_classes() && form(output).averages_outputs);
  CHECK(form("sigmoid").fused && form("softmax").fused && !form("tanh").fused);
}

TEST(loss_forms_of_cross_entropy) {
  const auto form = [](const char* output) {
    return loss_form(to_spec(CrossEntropy{}), output, 3);
  };
  CHECK(form("softmax").fused && form("log_softmax").fused && !form("sigmoid").fused);
  CHECK(form("softmax").index != form("log_softmax").index);
  CHECK_EQUAL(form("softmax").index, form("sigmoid").index);
}

TEST(loss_forms_of_fields) {
  const auto targets = [](double power) {
    return loss_form({"tweedie", {power}}, "relu", 1).targets;
  };
  CHECK_EQUAL(targets(0.0), "numbers");
  CHECK_EQUAL(targets(1.0), "not_negative");
  CHECK_EQUAL(targets(1.9), "not_negative");
  CHECK_EQUAL(targets(2.0), "positive");
  CHECK_THROWS(targets(0.5), "Tweedie: power: no distribution has one between 0 and 1");
}

TEST(loss_forms_of_several_outputs_for_a_target) {
  Quantile quantile;
  quantile.quantiles = {0.1, 0.5, 0.9};
  const LossForm form = loss_form(to_spec(quantile), "identity", 6);
  CHECK_EQUAL(form.n_targets, 2);
  CHECK_EQUAL(form.n_terms, 6);
  CHECK_EQUAL(form.y_columns(), 12);
  CHECK(form.levels == std::vector<double>({0.1, 0.5, 0.9}));
  CHECK_THROWS(loss_form(to_spec(quantile), "identity", 4),
               "loss: quantile needs 3 outputs for each target, so a multiple of that, got 4");
  const LossForm normal = loss_form(to_spec(GaussianNll{}), "identity", 6);
  CHECK_EQUAL(normal.n_targets, 3);
  CHECK_EQUAL(normal.n_terms, 3);
  CHECK_EQUAL(normal.y_columns(), 3);
}

TEST(targets_are_of_a_kind) {
  const auto kinds_of = [](double y) {
    std::string kinds;
    for (const char* kind : {"numbers", "not_negative", "positive", "shares", "signs"})
      if (is_target(kind, y)) kinds += text(kind, " ");
    return kinds;
  };
  CHECK_EQUAL(kinds_of(-1.0), "numbers signs ");
  CHECK_EQUAL(kinds_of(-0.5), "numbers ");
  CHECK_EQUAL(kinds_of(0.0), "numbers not_negative shares ");
  CHECK_EQUAL(kinds_of(0.5), "numbers not_negative positive shares ");
  CHECK_EQUAL(kinds_of(1.0), "numbers not_negative positive shares signs ");
  CHECK_EQUAL(kinds_of(2.0), "numbers not_negative positive ");
}

}  // namespace chainrule
