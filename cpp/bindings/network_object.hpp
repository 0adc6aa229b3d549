// What does Python hold? One object with a network of either type behind it, empty until it is
// built: a class that derives from it may be made without __init__, by copying or unpickling.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "bindings/arrays.hpp"
#include "bindings/bound_formula.hpp"
#include "bindings/gil_release.hpp"
#include "bindings/own_loss.hpp"
#include "network/network.hpp"

namespace chainrule {

class NetworkObject {
 public:
  // Either of them once: gradients and fits under way refer to the network that is there.
  // `given` as in initialize().
  void build(const NetworkSpec& spec, std::span<const void* const> given);
  template <class T>
  void hold(std::unique_ptr<Network<T>> network) {
    if (!std::holds_alternative<std::monostate>(network_))
      throw std::runtime_error("this network is built already; make another object");
    network_ = std::move(network);
  }

  // f(Network<T>&) for the type behind it; RuntimeError if nothing was built.
  template <class F>
  decltype(auto) visit(F&& f) const {
    if (const auto* f32 = std::get_if<std::unique_ptr<Network<float>>>(&network_)) return f(**f32);
    if (const auto* f64 = std::get_if<std::unique_ptr<Network<double>>>(&network_)) return f(**f64);
    throw std::runtime_error(
        "this network was never built; make one with chainrule.Network(...) or chainrule.mlp(...)");
  }

 private:
  std::variant<std::monostate, std::unique_ptr<Network<float>>, std::unique_ptr<Network<double>>>
      network_;
};

template <class N>
struct ScalarOf;
template <class T>
struct ScalarOf<Network<T>> {
  using type = T;
};
template <class N>
using Scalar = typename ScalarOf<std::remove_cvref_t<N>>::type;

// Releases the interpreter for calls of more than about 20 us of work, or when the call may have to
// wait: while the network is being trained, or for its lock behind a function of the caller's.
// While it lives, no py::object is made, copied or destroyed.
class ReleaseForWork {
 public:
  template <class T>
  ReleaseForWork(const Network<T>& network, Index rows)
      : ReleaseForWork(network.table(), rows, network.is_training()) {}
  template <class T>
  ReleaseForWork(const Network<T>& network, const Examples<T>& examples)
      : ReleaseForWork(network.table(), examples.rows(),
                       network.is_training() || examples.own != nullptr) {}
  template <class T>
  ReleaseForWork(const ParameterTable<T>& table, Index rows, bool may_wait) {
    constexpr double kSmallWork = 5e5;
    if (may_wait ||
        static_cast<double>(rows) * static_cast<double>(table.n_parameters) > kSmallWork)
      release_.emplace();
  }

 private:
  std::optional<GilRelease> release_;
};

template <class T>
LossForm form_for(const Network<T>& network, const FormulaSpec& loss) {
  const ParameterTable<T>& table = network.table();
  return loss_form(loss, table.output_name(), table.n_outputs());
}

// The arrays of a call as examples of a network and loss: x (d, n), y (d, k) or int64 classes (d),
// weights None, (d) or (d, k) in float64. The caller keeps the arrays alive.
template <class T>
Examples<T> to_examples(const Network<T>& network, const FormulaSpec& loss, const py::array& x,
                        const py::array& y, const py::object& weights) {
  const LossForm form = form_for(network, loss);
  const Index n = network.table().n_features(), m = form.n_targets;
  Examples<T> examples;
  examples.x = input_matrix<T>(x, "x", -1, n);
  const Index d = examples.x.rows;
  check(d > 0, "x: expected at least one row, got none");
  if (form.takes_classes() && y.ndim() == 1) {
    examples.classes = checked_data<std::int64_t>(y, "y", {d}, false);
    for (Index i = 0; i < d; ++i)
      check(examples.classes[i] >= 0 && examples.classes[i] < m, "y: expected classes in 0..",
            m - 1, ", got ", examples.classes[i], " in row ", i);
  } else {
    examples.y = input_matrix<T>(y, "y", d, m);
  }
  if (weights.is_none()) return examples;
  const auto array = weights.cast<py::array>();
  if (array.ndim() == 1)
    examples.weights = {checked_data<double>(array, "sample_weight", {d}, false), d, 1, 1};
  else
    examples.weights = input_matrix<double>(array, "sample_weight", d, m);
  return examples;
}

// What a call makes small: a loss of examples. An OwnLoss takes y as it is, with weights (d).
template <class T>
struct Objective {
  FormulaSpec loss;
  std::shared_ptr<PythonLoss<T>> own;  // null for a formula
  Examples<T> examples;
};

template <class T>
Objective<T> to_objective(const Network<T>& network, const py::object& loss, const py::array& x,
                          const py::array& y, const py::object& weights) {
  if (py::isinstance<BoundFormula>(loss)) {
    const FormulaSpec& spec = loss.cast<const BoundFormula&>().spec;
    return {spec, nullptr, to_examples(network, spec, x, y, weights)};
  }
  Objective<T> objective{own_loss_spec(loss), std::make_shared<PythonLoss<T>>(loss, y), {}};
  Examples<T>& examples = objective.examples;
  examples.x = input_matrix<T>(x, "x", -1, network.table().n_features());
  const Index d = examples.x.rows;
  check(d > 0, "x: expected at least one row, got none");
  check(y.ndim() > 0 && y.shape(0) == d, "y: expected ", d, " rows");
  examples.own = objective.own.get();
  if (!weights.is_none())
    examples.weights = {
        checked_data<double>(weights.cast<py::array>(), "sample_weight", {d}, false), d, 1, 1};
  return objective;
}

// The logical tensors of a block, copied, under the names of files.
template <class T>
py::dict tensors_of(const std::vector<Segment>& segments, const T* block) {
  py::dict tensors;
  for (const Segment& segment : segments) {
    py::array_t<T> array(segment.is_weight ? std::vector<Index>{segment.n_out, segment.n_in}
                                           : std::vector<Index>{segment.n_out});
    read_tensor(segment, block, array.mutable_data());
    tensors[py::str(segment.name)] = array;
  }
  return tensors;
}

void bind_network(py::module_& module);
void bind_predictor(py::module_& module);
void bind_training(py::module_& module);
void bind_runtime(py::module_& module);
void bind_schedules(py::module_& module);

}  // namespace chainrule
