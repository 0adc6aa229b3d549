#include "bindings/own_loss.hpp"

#include "bindings/gil_release.hpp"
#include "bindings/text.hpp"

namespace chainrule {

// The function gets a copy, which is its own to keep or to write into.
template <class T>
void PythonLoss<T>::ask(MatrixView<const T> y_hat, Selection rows, T* losses,
                        MatrixView<T> gradient) {
  const GilAcquire acquired;
  const FloatEnvironment callers(callers_);
  py::array_t<T> predictions({y_hat.rows, y_hat.cols});
  copy_rows<T>(y_hat, output_matrix<T>(predictions, "predictions", y_hat.rows, y_hat.cols));
  py::object which = py::none();
  if (rows.indices != nullptr) which = py::array_t<std::int64_t>(rows.count, rows.indices);
  const py::object function = loss_.attr("of_batch");
  const py::tuple arguments = py::make_tuple(predictions, y_, which);
  PyObject* returned =
      wait_for_interpreter([&] { return PyObject_CallObject(function.ptr(), arguments.ptr()); });
  if (returned == nullptr) throw py::error_already_set();
  const auto result = py::reinterpret_steal<py::tuple>(returned);
  const auto l = py::object(result[0]).cast<py::array>();
  const auto dl = py::object(result[1]).cast<py::array>();
  std::copy_n(checked_data<T>(l, "losses", {y_hat.rows}, false), y_hat.rows, losses);
  copy_rows<T>(input_matrix<T>(dl, "derivatives", y_hat.rows, y_hat.cols), gradient);
}

FormulaSpec own_loss_spec(const py::object& loss) {
  return {to_utf8(loss.attr("name")), {loss.attr("number").cast<double>()}};
}

py::tuple own_loss_to_python(const FormulaSpec& spec) {
  if (spec.values.empty()) return py::make_tuple(spec.name, py::none());
  return py::make_tuple(spec.name, static_cast<std::int64_t>(spec.values.front()));
}

template class PythonLoss<float>;
template class PythonLoss<double>;

}  // namespace chainrule
