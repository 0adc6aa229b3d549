#include "bindings/training.hpp"

#include <pybind11/stl.h>

#include "bindings/gil_release.hpp"

namespace chainrule {

namespace {

// f(Network<T>&, value of the same T) for a variant that goes with a network.
template <class Variant, class F>
decltype(auto) visit_with(const py::object& network, Variant& variant, F&& f) {
  return network.cast<const NetworkObject&>().visit([&](auto& net) -> decltype(auto) {
    using T = Scalar<decltype(net)>;
    return f(net, std::get<std::is_same_v<T, float> ? 0 : 1>(variant));
  });
}

// What an object of Python holds; null before its constructor has run.
GradientsObject* held(PyObject* self) {
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  return static_cast<GradientsObject*>(instance->get_value_and_holder().value_ptr());
}

// Lets the garbage collector see the network behind gradients, which a network may hold itself.
py::custom_type_setup collectable_gradients() {
  return py::custom_type_setup([](PyHeapTypeObject* heap_type) {
    PyTypeObject& type = heap_type->ht_type;
    type.tp_flags |= Py_TPFLAGS_HAVE_GC;
    type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
      Py_VISIT(Py_TYPE(self));
      if (const GradientsObject* gradients = held(self)) Py_VISIT(gradients->network.ptr());
      return 0;
    };
    type.tp_clear = [](PyObject* self) {
      if (GradientsObject* gradients = held(self)) gradients->network = py::none();
      return 0;
    };
  });
}

void bind_gradients(py::module_& module) {
  py::class_<GradientsObject> cls(module, "Gradients", "Gradients of all parameters for one batch.",
                                  collectable_gradients());
  refuse_pickling(cls);
  cls.def_property_readonly("loss",
                            [](const GradientsObject& self) {
                              return std::visit([](const auto& g) { return g.loss; },
                                                self.gradients);
                            })
      .def_property_readonly("weight_sum",
                             [](const GradientsObject& self) {
                               return std::visit([](const auto& g) { return g.weight_sum; },
                                                 self.gradients);
                             })
      .def_property_readonly("flat",
                             [](const py::object& self) {
                               return std::visit(
                                   [&](const auto& g) -> py::array {
                                     using T = std::remove_pointer_t<decltype(g.flat.data())>;
                                     return py::array_t<T>({g.flat.size()}, g.flat.data(), self);
                                   },
                                   self.cast<const GradientsObject&>().gradients);
                             })
      .def_property_readonly("norm",
                             [](const GradientsObject& self) {
                               return visit_with(self.network, self.gradients,
                                                 [](auto& net, const auto& g) {
                                                   return norm(net.table(), g.flat.data());
                                                 });
                             })
      .def("tensors",
           [](const GradientsObject& self) {
             return visit_with(self.network, self.gradients, [](auto& net, const auto& g) {
               return tensors_of(net.table().segments, g.flat.data());
             });
           })
      .def("inputs", [](GradientsObject& self) {
        return visit_with(self.network, self.gradients, [](auto& net, auto& g) -> py::array {
          using T = Scalar<decltype(net)>;
          py::array_t<T> dx({g.pass.rows, net.table().n_features()});
          net.input_gradients(g, output_matrix<T>(dx, "dX", -1, -1));
          return dx;
        });
      });
}

void bind_run(py::module_& module) {
  const auto all = [](TrainingRunObject& self, auto f) {
    return std::visit([&](auto& run) { return f(*run); }, self.run);
  };
  py::class_<TrainingRunObject> cls(module, "TrainingRun", "A fit under way, epoch by epoch.");
  refuse_pickling(cls);
  cls.def(
         "begin_epoch",
         [all](TrainingRunObject& self, const std::optional<py::array>& factors) {
           std::span<const double> given;
           if (factors)
             given = {checked_data<double>(*factors, "factors", {-1}, false),
                      static_cast<std::size_t>(factors->size())};
           const GilRelease release;  // the first one may scale weights by data
           all(self, [&](auto& run) { run.begin_epoch(given); });
         },
         py::arg("factors") = py::none())
      .def(
          "run",
          [all](TrainingRunObject& self, Index max_updates, double max_seconds,
                double learning_rate) {
            const GilRelease release;
            return all(self,
                       [&](auto& run) { return run.run(max_updates, max_seconds, learning_rate); });
          },
          py::arg("max_updates"), py::arg("max_seconds"), py::arg("learning_rate"))
      .def("show_averages",
           [all](TrainingRunObject& self) { all(self, [](auto& run) { run.show_averages(); }); })
      .def("end_epoch",
           [all](TrainingRunObject& self) { all(self, [](auto& run) { run.end_epoch(); }); })
      .def("close", [all](TrainingRunObject& self) { all(self, [](auto& run) { run.close(); }); })
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [all](TrainingRunObject& self,
                             const py::args&) { all(self, [](auto& run) { run.close(); }); })
      .def_property_readonly("n_updates",
                             [all](TrainingRunObject& self) {
                               return all(self, [](auto& run) { return run.n_updates(); });
                             })
      .def_property_readonly("updates_done",
                             [all](TrainingRunObject& self) {
                               return all(self, [](auto& run) { return run.updates_done(); });
                             })
      .def_property_readonly("diverged",
                             [all](TrainingRunObject& self) {
                               return all(self, [](auto& run) { return run.diverged(); });
                             })
      .def_property_readonly("last_loss",
                             [all](TrainingRunObject& self) {
                               return all(self, [](auto& run) { return run.last_loss(); });
                             })
      .def_property_readonly("epoch_loss",
                             [all](TrainingRunObject& self) {
                               return all(self, [](auto& run) { return run.epoch_loss(); });
                             })
      .def_property_readonly("predictions", [](const py::object& self) {
        return std::visit(
            [&](auto& run) -> py::object {
              const auto view = run->predictions();
              if (view.data == nullptr) return py::none();
              using T = std::remove_const_t<std::remove_pointer_t<decltype(view.data)>>;
              return py::array_t<T>({view.rows, view.cols}, view.data, self);
            },
            self.cast<TrainingRunObject&>().run);
      });
}

}  // namespace

void bind_training(py::module_& module) {
  py::class_<SnapshotObject> snapshot(module, "Snapshot",
                                      "Parameters, optimiser state and counters at one moment.");
  refuse_pickling(snapshot);
  bind_gradients(module);
  bind_run(module);
}

}  // namespace chainrule
