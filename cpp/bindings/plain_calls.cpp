// Which steps and predictions of a network need no conversion and no words? Those whose arrays are
// as the core takes them, and right. Any other call is not taken and has changed nothing; it goes
// the way through Python, which converts or says what is wrong.
#include <cmath>

#include "bindings/network_class.hpp"
#include "bindings/plain_first.hpp"
#include "bindings/plain_prediction.hpp"

namespace chainrule {

namespace {

// `object` as `n` classes in [0, m); null if it is not that.
const std::int64_t* plain_classes(PyObject* object, Index n, Index m) {
  const auto array = plain_array(object);
  if (!array || !array->holds<std::int64_t>() || array->n_dimensions != 1 || array->shape[0] != n)
    return nullptr;
  const auto* classes = static_cast<const std::int64_t*>(array->data);
  bool in_range = true;
  for (Index i = 0; i < n; ++i) in_range &= classes[i] >= 0 && classes[i] < m;
  return in_range ? classes : nullptr;
}

// Python allows sums that are off by 1e-4; a little less, so that the order of adding does not
// matter.
template <class T>
bool are_probabilities(MatrixView<const T> y) {
  for (Index i = 0; i < y.rows; ++i) {
    double sum = 0.0;
    for (Index j = 0; j < y.cols; ++j) {
      if (y(i, j) < T(0)) return false;
      sum += static_cast<double>(y(i, j));
    }
    if (!(sum > 1.0 - 0.99e-4 && sum < 1.0 + 0.99e-4)) return false;
  }
  return true;
}

template <class T>
bool are_targets(std::string_view kind, MatrixView<const T> y) {
  if (kind == "numbers") return true;
  if (kind == "classes" || kind == "probabilities") return are_probabilities(y);
  bool all = true;
  for (Index i = 0; i < y.rows; ++i)
    for (Index j = 0; j < y.cols; ++j) all &= is_target(kind, static_cast<double>(y(i, j)));
  return all;
}

template <class T>
std::optional<Examples<T>> plain_examples(const Network<T>& network, const FormulaSpec& loss,
                                          PyObject* x, PyObject* y) {
  const Index m = network.table().n_outputs();
  const auto inputs = plain_matrix<T>(plain_array(x), network.table().n_features());
  if (!inputs || inputs->rows == 0) return std::nullopt;
  Examples<T> examples;
  examples.x = *inputs;
  const LossForm form = form_for(network, loss);
  const bool by_class = form.takes_classes();
  if (by_class) examples.classes = plain_classes(y, inputs->rows, m);
  if (examples.classes != nullptr) return examples;
  const auto targets = plain_matrix<T>(plain_array(y), form.n_targets, !by_class);
  if (!targets || targets->rows != inputs->rows) return std::nullopt;
  if (!are_targets(form.targets, *targets)) return std::nullopt;
  examples.y = *targets;
  return examples;
}

// An optimiser or the name of one; null if it is neither.
const FormulaSpec* optimizer_or_null(py::handle given) {
  const auto* spec =
      py::isinstance<BoundFormula>(given) ? &given.cast<const BoundFormula&>().spec : nullptr;
  if (spec == nullptr && !PyUnicode_Check(given.ptr())) return nullptr;
  for (const FamilyInfo& family : formula_families()) {
    if (family.name != std::string_view("optimizers")) continue;
    for (const FormulaInfo& member : family.members) {
      if (spec != nullptr && spec->name == member.name) return spec;
      if (spec == nullptr && PyUnicode_CompareWithASCIIString(given.ptr(), member.name) == 0)
        return &member.defaults;
    }
  }
  return nullptr;
}

// The arguments of train_step(x, y, *, optimizer=None, learning_rate=None), or null: the others are
// for Python.
struct StepArguments {
  PyObject* x = nullptr;
  PyObject* y = nullptr;
  const FormulaSpec* optimizer = nullptr;
  std::optional<double> learning_rate;
};
std::optional<StepArguments> step_arguments(PyObject* const* given, py::ssize_t n_by_position,
                                            PyObject* names) {
  if (n_by_position != 3) return std::nullopt;
  StepArguments arguments;
  arguments.x = given[1];
  arguments.y = given[2];
  const py::ssize_t n_named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  for (py::ssize_t i = 0; i < n_named; ++i) {
    PyObject* const name = PyTuple_GET_ITEM(names, i);
    const py::handle value = given[n_by_position + i];
    if (PyUnicode_CompareWithASCIIString(name, "optimizer") == 0) {
      if (value.is_none()) continue;
      arguments.optimizer = optimizer_or_null(value);
      if (arguments.optimizer == nullptr) return std::nullopt;
    } else if (PyUnicode_CompareWithASCIIString(name, "learning_rate") == 0) {
      if (value.is_none()) continue;
      if (!PyFloat_CheckExact(value.ptr())) return std::nullopt;
      arguments.learning_rate = PyFloat_AS_DOUBLE(value.ptr());
      if (!(std::isfinite(*arguments.learning_rate) && *arguments.learning_rate >= 0.0))
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// J, if the arrays are plain and nobody trains the network.
template <class T>
std::optional<double> plain_step(Network<T>& network, const StepArguments& given) {
  if (network.is_training()) return std::nullopt;
  // From here on, so that the network's loss stays what it is.
  const ExclusiveTraining exclusive(network.training_flag());
  const FormulaSpec* loss = network.loss();
  if (loss == nullptr || is_own(*loss)) return std::nullopt;
  const auto examples = plain_examples(network, *loss, given.x, given.y);
  if (!examples) return std::nullopt;
  const ReleaseForWork release(network.table(), examples->rows(), false);
  return network.train_step(exclusive, *examples, *loss, pointer_or_null(given.learning_rate),
                            given.optimizer);
}

PyTypeObject* network_type = nullptr;

PyObject* call_train_step(PyObject* const* given, py::ssize_t n_by_position, PyObject* names) {
  const auto arguments = step_arguments(given, n_by_position, names);
  auto* self = arguments ? object_or_null<NetworkObject>(given[0], network_type) : nullptr;
  if (self == nullptr) return nullptr;
  const auto value = self->visit([&](auto& network) { return plain_step(network, *arguments); });
  if (!value) return nullptr;
  if (!std::isfinite(*value)) py::handle(given[0]).attr("_diverge")(arguments->learning_rate);
  return PyFloat_FromDouble(*value);
}

PyObject* call_predict(PyObject* const* given, py::ssize_t n_by_position, PyObject* names) {
  const auto arguments = input_and_output(given, n_by_position, 2, names);
  const auto* self = arguments ? object_or_null<NetworkObject>(given[0], network_type) : nullptr;
  if (self == nullptr) return nullptr;
  return self->visit([&](auto& network) { return plain_predict(network, *arguments); });
}

}  // namespace

void bind_plain_calls(py::module_& module, const NetworkClass& cls) {
  network_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  module.def(
      "plain_step", [](const py::function& slow) { return plain_first(&call_train_step, slow); },
      py::arg("slow"), "Network.train_step, whose plain calls the core answers at once.");
  module.def(
      "plain_network_predict",
      [](const py::function& slow) { return plain_first(&call_predict, slow); }, py::arg("slow"),
      "Network.predict, likewise.");
}

}  // namespace chainrule
