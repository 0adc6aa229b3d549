// How does Python ask for the factors of a schedule? For some steps in a row.
#include <pybind11/stl.h>

#include "bindings/network_object.hpp"
#include "formulas/schedules.hpp"

namespace chainrule {

namespace {

// f(t) for `count` steps from `first` on.
template <class F>
py::array_t<double> factors(Index first, Index count, F&& f) {
  py::array_t<double> result(count);
  for (Index i = 0; i < count; ++i) result.mutable_data()[i] = f(first + i);
  return result;
}

}  // namespace

void bind_schedules(py::module_& parent) {
  py::module_ module = parent.def_submodule("schedules", "Factors of the learning rate.");
  module.def(
      "step",
      [](Index first, Index count, Index step_size, double gamma) {
        return factors(first, count, [&](Index t) { return step_factor(t, step_size, gamma); });
      },
      py::arg("first"), py::arg("count"), py::arg("step_size"), py::arg("gamma"));
  module.def(
      "multi_step",
      [](Index first, Index count, const std::vector<Index>& milestones, double gamma) {
        return factors(first, count,
                       [&](Index t) { return multi_step_factor(t, milestones, gamma); });
      },
      py::arg("first"), py::arg("count"), py::arg("milestones"), py::arg("gamma"));
  module.def(
      "exponential",
      [](Index first, Index count, double gamma) {
        return factors(first, count, [&](Index t) { return exponential_factor(t, gamma); });
      },
      py::arg("first"), py::arg("count"), py::arg("gamma"));
  module.def(
      "inverse",
      [](Index first, Index count, double decay, double power) {
        return factors(first, count, [&](Index t) { return inverse_factor(t, decay, power); });
      },
      py::arg("first"), py::arg("count"), py::arg("decay"), py::arg("power"));
  module.def(
      "polynomial",
      [](Index first, Index count, Index total, double power, double end) {
        return factors(first, count,
                       [&](Index t) { return polynomial_factor(t, total, power, end); });
      },
      py::arg("first"), py::arg("count"), py::arg("total"), py::arg("power"), py::arg("end"));
  module.def(
      "cosine",
      [](Index first, Index count, Index total, double end) {
        return factors(first, count, [&](Index t) { return cosine_factor(t, total, end); });
      },
      py::arg("first"), py::arg("count"), py::arg("total"), py::arg("end"));
  module.def(
      "cosine_with_restarts",
      [](Index first, Index count, Index period, Index growth, double end) {
        return factors(first, count, [&](Index t) {
          return cosine_factor_with_restarts(t, period, growth, end);
        });
      },
      py::arg("first"), py::arg("count"), py::arg("period"), py::arg("growth"), py::arg("end"));
  module.def(
      "one_cycle",
      [](Index first, Index count, Index total, double pct_start, double div_factor,
         double final_div_factor, bool three_phase, bool linear) {
        const OneCycleShape shape{pct_start, div_factor, final_div_factor, three_phase, linear};
        return factors(first, count, [&](Index t) { return one_cycle_factor(t, total, shape); });
      },
      py::arg("first"), py::arg("count"), py::arg("total"), py::arg("pct_start"),
      py::arg("div_factor"), py::arg("final_div_factor"), py::arg("three_phase"),
      py::arg("linear"));
  py::list public_names;
  for (const auto& item : module.attr("__dict__").cast<py::dict>())
    if (item.first.cast<std::string>()[0] != '_') public_names.append(item.first);
  module.attr("__all__") = public_names;
}

}  // namespace chainrule
