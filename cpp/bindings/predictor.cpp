// How does Python see a predictor? Its class, and the two calls of a hot loop.
#include "network/predictor.hpp"

#include "bindings/checked_object.hpp"
#include "bindings/plain_first.hpp"
#include "bindings/plain_prediction.hpp"

namespace chainrule {

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

PyObject* call_predictor(PyObject* const* given, py::ssize_t n_by_position, PyObject* names) {
  const auto arguments = input_and_output(given, n_by_position, 2, names);
  const auto* self =
      arguments ? object_or_null<PredictorObject>(given[0], predictor_type) : nullptr;
  if (self == nullptr) return nullptr;
  return self->visit([&](auto& predictor) { return plain_predict(predictor, *arguments); });
}

PyObject* call_predictor_with_one(PyObject* const* given, py::ssize_t n_by_position,
                                  PyObject* names) {
  const auto arguments = input_and_output(given, n_by_position, 3, names);
  const auto* self =
      arguments ? object_or_null<PredictorObject>(given[0], predictor_type) : nullptr;
  const auto x = self != nullptr ? plain_array(arguments->x) : std::nullopt;
  if (!x) return nullptr;
  return self->visit([&](auto& predictor) -> PyObject* {
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
      "plain_predict", [](const py::function& slow) { return plain_first(&call_predictor, slow); },
      py::arg("slow"), "Predictor.predict, whose plain calls the core answers at once.");
  module.def(
      "plain_predict_one",
      [](const py::function& slow) { return plain_first(&call_predictor_with_one, slow); },
      py::arg("slow"), "Predictor.predict_one, likewise.");
}

}  // namespace chainrule
