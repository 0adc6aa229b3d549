// How does Python see a predictor? Its class, and the two calls of a hot loop.
#include "network/predictor.hpp"

#include "bindings/checked_object.hpp"
#include "bindings/network_object.hpp"
#include "bindings/plain_arrays.hpp"
#include "bindings/plain_first.hpp"

namespace chainrule {

template <class T>
struct ScalarOf<Predictor<T>> {
  using type = T;
};

struct PredictorObject {
  std::variant<std::unique_ptr<Predictor<float>>, std::unique_ptr<Predictor<double>>> predictor;

  // f(Predictor<T>&) for the type behind it.
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit([&](auto& held) -> decltype(auto) { return f(*held); }, predictor);
  }
};

}  // namespace chainrule

template <>
class pybind11::detail::type_caster<chainrule::PredictorObject>
    : public chainrule::CheckedCaster<chainrule::PredictorObject> {};

namespace chainrule {

namespace {

PyTypeObject* predictor_type = nullptr;

// Null if it is none, or one whose constructor has not run.
const PredictorObject* predictor_or_null(PyObject* object) {
  if (!PyObject_TypeCheck(object, predictor_type)) return nullptr;
  auto* instance = reinterpret_cast<py::detail::instance*>(object);
  if (!instance->simple_layout) return nullptr;
  return static_cast<const PredictorObject*>(instance->get_value_and_holder().value_ptr());
}

// As many numbers of the other type are converted right here; more are NumPy's business.
constexpr Index kMostConverted = 4096;

// Rows of finite numbers; `converted` has them if they were of the other type.
template <class T>
const T* plain_rows(const PlainArray& x, Index size, T* converted) {
  using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
  const T* data = nullptr;
  if (x.holds<T>())
    data = static_cast<const T*>(x.data);
  else if (x.holds<Other>() && size <= kMostConverted)
    data =
        std::transform(static_cast<const Other*>(x.data), static_cast<const Other*>(x.data) + size,
                       converted, [](Other number) { return static_cast<T>(number); }) -
        size;
  const bool finite = data != nullptr && all_finite(MatrixView<const T>{data, 1, size, size});
  return finite ? data : nullptr;
}

// `shape` is that of the outputs: of some rows, or of one.
template <class T>
PyObject* plain_predict(const Predictor<T>& predictor, const PlainArray& x, Index rows,
                        std::initializer_list<Index> shape, PyObject* out) {
  const Index n = predictor.table().n_features(), m = predictor.table().n_outputs();
  T converted[kMostConverted];
  const T* data = plain_rows<T>(x, rows * n, converted);
  if (data == nullptr) return nullptr;
  auto result = py::reinterpret_borrow<py::object>(out);
  if (result.is_none()) result = py::array_t<T>(std::vector<Index>(shape));
  const Index bytes = rows * n * (x.holds<double>() ? Index{sizeof(double)} : Index{sizeof(float)});
  T* to = plain_output<T>(plain_array(result.ptr()), shape, x.data, bytes);
  if (to == nullptr) return nullptr;
  {
    const ReleaseForWork release(predictor.table(), rows, false);
    predictor.predict({data, rows, n, n}, {to, rows, m, m});
  }
  return result.release().ptr();
}

// predict(x, *, out=None), predict_one(x, out=None): the arguments, or null.
struct Arguments {
  const PredictorObject* self = nullptr;
  PyObject* x = nullptr;
  PyObject* out = Py_None;
};
std::optional<Arguments> read_arguments(PyObject* const* arguments, py::ssize_t n_by_position,
                                        py::ssize_t most_by_position, PyObject* names) {
  const py::ssize_t n_named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  if (n_by_position < 2 || n_by_position > most_by_position || n_by_position + n_named > 3)
    return std::nullopt;
  if (n_named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "out") != 0)
    return std::nullopt;
  const PredictorObject* self = predictor_or_null(arguments[0]);
  if (self == nullptr) return std::nullopt;
  return Arguments{self, arguments[1], n_by_position + n_named == 3 ? arguments[2] : Py_None};
}

PyObject* predict(PyObject* const* given, py::ssize_t n_by_position, PyObject* names) {
  const auto arguments = read_arguments(given, n_by_position, 2, names);
  if (!arguments) return nullptr;
  const auto x = plain_array(arguments->x);
  if (!x || x->n_dimensions != 2) return nullptr;
  return arguments->self->visit([&](auto& predictor) -> PyObject* {
    const Index rows = x->shape[0];
    if (x->shape[1] != predictor.table().n_features()) return nullptr;
    return plain_predict(predictor, *x, rows, {rows, predictor.table().n_outputs()},
                         arguments->out);
  });
}

PyObject* predict_one(PyObject* const* given, py::ssize_t n_by_position, PyObject* names) {
  const auto arguments = read_arguments(given, n_by_position, 3, names);
  if (!arguments) return nullptr;
  const auto x = plain_array(arguments->x);
  if (!x) return nullptr;
  return arguments->self->visit([&](auto& predictor) -> PyObject* {
    if (!x->has_shape({predictor.table().n_features()})) return nullptr;
    return plain_predict(predictor, *x, 1, {predictor.table().n_outputs()}, arguments->out);
  });
}

std::unique_ptr<PredictorObject> make_predictor(const NetworkObject& network) {
  return network.visit([](auto& net) {
    using T = Scalar<decltype(net)>;
    return std::make_unique<PredictorObject>(PredictorObject{std::make_unique<Predictor<T>>(net)});
  });
}

void update(PredictorObject& self, const NetworkObject& network) {
  network.visit([&](auto& net) {
    using T = Scalar<decltype(net)>;
    auto* predictor = std::get_if<std::unique_ptr<Predictor<T>>>(&self.predictor);
    check(predictor != nullptr, "network: expected the predictor's dtype, got ", net.spec().dtype);
    const GilRelease release;
    (*predictor)->update(net);
  });
}

}  // namespace

void bind_predictor(py::module_& module) {
  py::class_<PredictorObject> cls(module, "Predictor",
                                  "The compiled core behind chainrule.Predictor.");
  predictor_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  refuse_pickling(cls);
  cls.def(py::init(&make_predictor), py::arg("network"))
      .def("_update", &update, py::arg("network"))
      .def(
          "_predict",
          [](const PredictorObject& self, const py::array& x, const py::array& out) {
            self.visit([&](auto& predictor) {
              using T = Scalar<decltype(predictor)>;
              const ParameterTable<T>& table = predictor.table();
              const auto input = input_matrix<T>(x, "x", -1, table.n_features());
              const auto output = output_matrix<T>(out, "out", input.rows, table.n_outputs());
              const ReleaseForWork release(table, input.rows, false);
              predictor.predict(input, output);
            });
          },
          py::arg("x"), py::arg("out"))
      .def_property_readonly(
          "n_features",
          [](const PredictorObject& self) {
            return self.visit([](auto& predictor) { return predictor.table().n_features(); });
          },
          "Number of features n of an example.")
      .def_property_readonly(
          "n_outputs",
          [](const PredictorObject& self) {
            return self.visit([](auto& predictor) { return predictor.table().n_outputs(); });
          },
          "Number of outputs m.")
      .def_property_readonly(
          "dtype",
          [](const PredictorObject& self) {
            return self.visit([](auto& predictor) -> std::string {
              return std::is_same_v<Scalar<decltype(predictor)>, float> ? "float32" : "float64";
            });
          },
          "The dtype of parameters and outputs, \"float32\" or \"float64\".");
  module.def(
      "plain_predict", [](const py::function& slow) { return plain_first(&predict, slow); },
      py::arg("slow"), "Predictor.predict, whose plain calls the core answers at once.");
  module.def(
      "plain_predict_one", [](const py::function& slow) { return plain_first(&predict_one, slow); },
      py::arg("slow"), "Predictor.predict_one, likewise.");
}

}  // namespace chainrule
