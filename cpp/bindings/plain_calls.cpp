// Which calls need no conversion and no words? Those whose arrays are as the core takes them, and
// right: one entry does the work. Any other call is not taken (None) and has changed nothing; it
// goes the way through Python, which converts or says what is wrong.
#include "bindings/network_class.hpp"
#include "bindings/plain_arrays.hpp"

namespace chainrule {

namespace {

// `object` as `n` classes in [0, m); null if it is not that.
const std::int64_t* plain_classes(const py::object& object, Index n, Index m) {
  const auto array = plain_array(object.ptr());
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
                                          const py::object& x, const py::object& y) {
  const Index m = network.table().n_outputs();
  const auto inputs = plain_matrix<T>(plain_array(x.ptr()), network.table().n_features());
  if (!inputs || inputs->rows == 0) return std::nullopt;
  Examples<T> examples;
  examples.x = *inputs;
  const LossForm form = form_for(network, loss);
  const bool by_class = form.takes_classes();
  if (by_class) examples.classes = plain_classes(y, inputs->rows, m);
  if (examples.classes != nullptr) return examples;
  const auto targets = plain_matrix<T>(plain_array(y.ptr()), form.n_targets, !by_class);
  if (!targets || targets->rows != inputs->rows) return std::nullopt;
  if (!are_targets(form.targets, *targets)) return std::nullopt;
  examples.y = *targets;
  return examples;
}

// J, if the arrays are plain and nobody trains the network.
template <class T>
std::optional<double> plain_step(Network<T>& network, const py::object& x, const py::object& y,
                                 const FormulaSpec* optimizer, const double* learning_rate) {
  if (network.is_training()) return std::nullopt;
  // From here on, so that the network's loss stays what it is.
  const ExclusiveTraining exclusive(network.training_flag());
  const FormulaSpec* loss = network.loss();
  if (loss == nullptr) return std::nullopt;
  const auto examples = plain_examples(network, *loss, x, y);
  if (!examples) return std::nullopt;
  const ReleaseForWork release(network.table(), examples->rows(), false);
  return network.train_step(exclusive, *examples, *loss, learning_rate, optimizer);
}

// `out` or a new array with the outputs, if the arrays are plain.
template <class T>
py::object plain_predict(const Network<T>& network, const py::object& x, const py::object& out) {
  const Index m = network.table().n_outputs();
  const auto inputs = plain_matrix<T>(plain_array(x.ptr()), network.table().n_features());
  if (!inputs) return py::none();
  const Index d = inputs->rows;
  py::object result = out;
  if (out.is_none()) result = py::array_t<T>({d, m});
  T* data = plain_output<T>(plain_array(result.ptr()), {d, m}, inputs->data,
                            d * inputs->cols * static_cast<Index>(sizeof(T)));
  if (data == nullptr) return py::none();
  const ReleaseForWork release(network, d);
  network.predict(*inputs, {data, d, m, m});
  return result;
}

}  // namespace

void bind_plain_calls(NetworkClass& cls) {
  cls.def(
         "_plain_step",
         [](NetworkObject& self, const py::object& x, const py::object& y,
            const OptionalFormula& optimizer, std::optional<double> learning_rate) {
           return self.visit([&](auto& net) {
             return plain_step(net, x, y, spec_or_null(optimizer), pointer_or_null(learning_rate));
           });
         },
         py::arg("x"), py::arg("y"), py::arg("optimizer") = py::none(),
         py::arg("learning_rate") = py::none(),
         "Make a step if the arrays need no conversion; None if not.")
      .def(
          "_plain_predict",
          [](const NetworkObject& self, const py::object& x, const py::object& out) {
            return py::typing::Optional<py::array>(
                self.visit([&](auto& net) { return plain_predict(net, x, out); }));
          },
          py::arg("x"), py::arg("out"), "Predict if the arrays need no conversion; None if not.");
}

}  // namespace chainrule
