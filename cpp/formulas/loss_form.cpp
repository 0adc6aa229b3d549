#include "formulas/loss_form.hpp"

namespace chainrule {

namespace {

template <class F>
LossForm form_of(const F& loss, std::string_view output_activation, Index n_outputs) {
  LossForm form{};
  form.fused = has_fused_form<F> && output_activation == F::Matching::name;
  form.averages_outputs = F::averages_outputs;
  form.gradient_factor = F::gradient_factor;
  form.targets = loss.targets();
  form.n_outputs = form.n_targets = n_outputs;
  form.n_terms = terms_of<F>(n_outputs);
  if constexpr (requires { loss.outputs_per_target(); }) {
    const Index each = loss.outputs_per_target();
    check(n_outputs % each == 0, "loss: ", F::name, " needs ", each,
          " outputs for each target, so a multiple of that, got ", n_outputs);
    form.n_targets = n_outputs / each;
  }
  if constexpr (requires { loss.quantiles; })
    form.levels.assign(loss.quantiles.begin(), loss.quantiles.end());
  if constexpr (requires { loss.label_smoothing; }) {
    form.smoothing = loss.label_smoothing;
    form.smooth_target = F::averages_outputs ? 0.5 : 1.0 / static_cast<double>(n_outputs);
  }
  return form;
}

}  // namespace

LossForm loss_form(const FormulaSpec& loss, std::string_view output_activation, Index n_outputs) {
  LossForm form{};
  bool found = false;
  Index index = 0;
  for_each_type(LossForms{}, [&]<class F>() {
    if (loss.name == F::name && (!found || output_activation == F::Matching::name)) {
      form = form_of(from_spec<F>(loss), output_activation, n_outputs);
      form.index = index;
      found = true;
    }
    ++index;
  });
  if (!found) throw_unknown("loss", loss.name, names(Losses{}));
  return form;
}

bool is_target(std::string_view kind, double y) {
  if (kind == "not_negative") return y >= 0.0;
  if (kind == "positive") return y > 0.0;
  if (kind == "shares") return y >= 0.0 && y <= 1.0;
  if (kind == "signs") return y == 1.0 || y == -1.0;
  return true;
}

}  // namespace chainrule
