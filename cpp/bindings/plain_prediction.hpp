// Which predictions does the core answer at once? Of rows of finite numbers that NumPy holds in C
// order, written into an array of the right kind.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/float_environment.hpp"
#include "bindings/network_object.hpp"
#include "bindings/plain_arrays.hpp"
#include "network/predictor.hpp"

namespace chainrule {

template <class T>
struct ScalarOf<Predictor<T>> {
  using type = T;
};

// The arguments of predict(x, *, out=None) and predict_one(x, out=None), or null.
struct InputAndOutput {
  PyObject* x = nullptr;
  PyObject* out = Py_None;
};
inline std::optional<InputAndOutput> input_and_output(PyObject* const* given,
                                                      py::ssize_t n_by_position,
                                                      py::ssize_t most_by_position,
                                                      PyObject* names) {
  const py::ssize_t n_named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  if (n_by_position < 2 || n_by_position > most_by_position || n_by_position + n_named > 3)
    return std::nullopt;
  if (n_named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "out") != 0)
    return std::nullopt;
  return InputAndOutput{given[1], n_by_position + n_named == 3 ? given[2] : Py_None};
}

// As many numbers of the other type are converted right here; more are NumPy's business.
inline constexpr Index kMostConverted = 4096;

// The numbers of rows, which `converted` has if they were of the other type; null if there are
// none.
template <class T>
const T* plain_rows(const PlainArray& x, Index size, T* converted) {
  using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
  if (x.holds<T>()) return static_cast<const T*>(x.data);
  if (!x.holds<Other>() || size > kMostConverted) return nullptr;
  const FloatEnvironment environment;
  const Other* const numbers = static_cast<const Other*>(x.data);
  std::transform(numbers, numbers + size, converted,
                 [](Other number) { return static_cast<T>(number); });
  return converted;
}

template <class T>
bool may_wait(const Network<T>& network) {
  return network.is_training();
}
template <class T>
bool may_wait(const Predictor<T>& /*predictor*/) {
  return false;
}

// What `model`, a network or predictor, predicts for some rows; null if an array is not plain.
// `shape` is that of the outputs: of those rows, or of one.
template <class Model>
PyObject* plain_predict(const Model& model, const PlainArray& x, Index rows,
                        std::initializer_list<Index> shape, PyObject* out) {
  using T = Scalar<Model>;
  const Index n = model.table().n_features(), m = model.table().n_outputs();
  T converted[kMostConverted];
  const T* data = plain_rows<T>(x, rows * n, converted);
  if (data == nullptr) return nullptr;
  auto result = py::reinterpret_borrow<py::object>(out);
  if (result.is_none()) result = py::array_t<T>(std::vector<Index>(shape));
  const Index bytes = rows * n * (x.holds<double>() ? Index{sizeof(double)} : Index{sizeof(float)});
  T* to = plain_output<T>(plain_array(result.ptr()), shape, x.data, bytes);
  if (to == nullptr) return nullptr;
  {
    const ReleaseForWork release(model.table(), rows, may_wait(model));
    if (!all_finite(MatrixView<const T>{data, rows, n, n})) return nullptr;
    model.predict({data, rows, n, n}, {to, rows, m, m});
  }
  return result.release().ptr();
}

template <class Model>
PyObject* plain_predict(const Model& model, const InputAndOutput& arguments) {
  const auto x = plain_array(arguments.x);
  if (!x || x->n_dimensions != 2 || x->shape[1] != model.table().n_features()) return nullptr;
  const Index rows = x->shape[0];
  return plain_predict(model, *x, rows, {rows, model.table().n_outputs()}, arguments.out);
}

}  // namespace chainrule
