#include "bindings/training.hpp"

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>
#include <pybind11/typing.h>

#include "base/files.hpp"
#include "bindings/bound_formula.hpp"
#include "bindings/description.hpp"
#include "network/model_file.hpp"
#include "network/state.hpp"

namespace chainrule {

void NetworkObject::build(const NetworkSpec& spec) {
  if (spec.dtype == "float32")
    hold(std::make_unique<Network<float>>(spec));
  else
    hold(std::make_unique<Network<double>>(spec));
}

namespace {

using Class = py::class_<NetworkObject>;

const double* pointer_to(const std::optional<double>& x) { return x ? &*x : nullptr; }

// "identity", "relu", or "relu, tanh" for activations that follow each other.
std::string name_of(const std::vector<ActivationUse>& activations) {
  if (activations.empty()) return Identity::name;
  std::string names;
  for (const ActivationUse& use : activations) names += (names.empty() ? "" : ", ") + use.spec.name;
  return names;
}

using OptionalFormula = py::typing::Optional<BoundFormula>;
const FormulaSpec* spec_or_null(const OptionalFormula& formula) {
  return formula.is_none() ? nullptr : &formula.cast<const BoundFormula&>().spec;
}

// A new object of the same Python type.
py::object empty_like(const py::object& self) {
  const py::object type = py::type::of(self);
  return type.attr("__new__")(type);
}

void bind_properties(Class& cls) {
  cls.def("_build",
          [](NetworkObject& self, const py::dict& description) {
            self.build(description_from_python(description).network);
          })
      .def(
          "_description",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return description_to_python(describe(net, true)); });
          })
      .def_property_readonly(
          "n_features",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return net.table().n_features(); });
          },
          "Number of features n of an example.")
      .def_property_readonly(
          "n_outputs",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return net.table().n_outputs(); });
          },
          "Number of outputs m.")
      .def_property_readonly(
          "n_parameters",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return net.table().n_parameters; });
          },
          "Number of weights and biases.")
      .def_property_readonly(
          "dtype",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return net.spec().dtype; });
          },
          "The dtype of parameters and outputs, \"float32\" or \"float64\".")
      .def_property_readonly(
          "seed",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) { return net.spec().seed; });
          },
          "The seed of everything random.")
      .def(
          "_set_seed",
          [](NetworkObject& self, std::uint64_t seed) {
            self.visit([&](auto& net) { net.set_seed(seed); });
          },
          py::arg("seed"))
      .def_property(
          "_n_threads",
          [](const NetworkObject& self) -> std::optional<Index> {
            return self.visit([](auto& net) {
              return net.n_threads() > 0 ? std::optional(net.n_threads()) : std::nullopt;
            });
          },
          [](NetworkObject& self, std::optional<Index> n) {
            self.visit([&](auto& net) { net.set_n_threads(n.value_or(0)); });
          })
      .def_property_readonly("_training_forwards",
                             [](const NetworkObject& self) {
                               return self.visit([](auto& net) { return net.training_forwards(); });
                             })
      .def_property_readonly("_epochs",
                             [](const NetworkObject& self) {
                               return self.visit([](auto& net) { return net.epochs(); });
                             })
      .def_property_readonly("_updates",
                             [](const NetworkObject& self) -> std::int64_t {
                               return self.visit([](auto& net) {
                                 return net.optimizer() ? net.optimizer()->updates : 0;
                               });
                             })
      .def_property_readonly("_optimizer",
                             [](const NetworkObject& self) -> py::object {
                               return self.visit([](auto& net) -> py::object {
                                 return net.optimizer()
                                            ? formula_to_python("optimizers", Optimizers{},
                                                                net.optimizer()->formula)
                                            : py::none();
                               });
                             })
      .def("_reset_optimizer",
           [](NetworkObject& self) {
             self.visit([](auto& net) {
               const ExclusiveTraining exclusive(net.training_flag());
               net.set_optimizer(std::nullopt);
             });
           })
      .def_property_readonly("_loss",
                             [](const NetworkObject& self) -> py::object {
                               return self.visit([](auto& net) -> py::object {
                                 return net.spec().loss ? formula_to_python("losses", Losses{},
                                                                            *net.spec().loss)
                                                        : py::none();
                               });
                             })
      .def(
          "_stage_activations",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              std::vector<std::string> names;
              for (const Stage& stage : net.table().stages)
                names.push_back(name_of(stage.activations));
              return names;
            });
          },
          "What follows the weights of each layer l = 1..L: the name of f, or of several as 'relu, "
          "tanh'.")
      .def_property_readonly(
          "_output_activation",
          [](const NetworkObject& self) -> std::string {
            return self.visit([](auto& net) -> std::string {
              const auto& last = net.table().stages.back().activations;
              return last.empty() ? Identity::name : last.back().spec.name;
            });
          },
          "The name of the last activation, of which the default loss depends.");
}

void bind_prediction(Class& cls) {
  cls.def(
         "_predict",
         [](const NetworkObject& self, const py::array& x, const py::array& out) {
           self.visit([&](auto& net) {
             using T = Scalar<decltype(net)>;
             const auto input = input_matrix<T>(x, "x", -1, net.table().n_features());
             const auto output = output_matrix<T>(out, "out", input.rows, net.table().n_outputs());
             const ReleaseForWork release(net, input.rows);
             net.predict(input, output);
           });
         },
         py::arg("x"), py::arg("out"))
      .def(
          "_evaluate",
          [](const NetworkObject& self, const py::array& x, const py::array& y,
             const BoundFormula& loss, const py::object& weights,
             const std::optional<py::array>& predictions) {
            return self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto examples = to_examples(net, x, y, weights);
              MatrixView<T> y_hat;
              if (predictions)
                y_hat = output_matrix<T>(*predictions, "predictions", examples.rows(),
                                         net.table().n_outputs());
              const ReleaseForWork release(net, examples.rows());
              const LossSums sums = net.evaluate(examples, loss.spec, y_hat);
              return std::make_pair(sums.loss, sums.weight);
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("weights") = py::none(),
          py::arg("predictions") = py::none())
      .def(
          "_example_losses",
          [](const NetworkObject& self, const py::array& x, const py::array& y,
             const BoundFormula& loss) {
            return self.visit([&](auto& net) -> py::array {
              using T = Scalar<decltype(net)>;
              const auto examples = to_examples(net, x, y, py::none());
              py::array_t<T> losses(examples.rows());
              T* data = losses.mutable_data();
              const ReleaseForWork release(net, examples.rows());
              net.example_losses(examples, loss.spec, data);
              return losses;
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"));
}

void bind_steps(Class& cls) {
  cls.def(
         "_train_step",
         [](NetworkObject& self, const py::array& x, const py::array& y, const BoundFormula& loss,
            const OptionalFormula& optimizer, const py::object& weights,
            std::optional<double> learning_rate) {
           return self.visit([&](auto& net) {
             const auto examples = to_examples(net, x, y, weights);
             const ReleaseForWork release(net, examples.rows());
             return net.train_step(examples, loss.spec, pointer_to(learning_rate),
                                   spec_or_null(optimizer));
           });
         },
         py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("optimizer"), py::arg("weights"),
         py::arg("learning_rate"))
      .def(
          "_gradients",
          [](const py::object& self, const py::array& x, const py::array& y,
             const BoundFormula& loss, const py::object& weights, bool training) {
            return self.cast<const NetworkObject&>().visit([&](auto& net) {
              const auto examples = to_examples(net, x, y, weights);
              const ReleaseForWork release(net, examples.rows());
              auto gradients = net.gradients(examples, loss.spec, training);
              return std::make_unique<GradientsObject>(GradientsObject{self, std::move(gradients)});
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("weights"), py::arg("training"))
      .def(
          "_forward",
          [](NetworkObject& self, const py::array& x, const py::array& out, bool training) {
            self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto input = input_matrix<T>(x, "x", -1, net.table().n_features());
              const auto output = output_matrix<T>(out, "out", input.rows, net.table().n_outputs());
              const ReleaseForWork release(net, input.rows);
              if (training)
                net.forward(input, output);
              else
                net.predict(input, output);
            });
          },
          py::arg("x"), py::arg("out"), py::arg("training"))
      .def(
          "_backward",
          [](const py::object& self, const py::array& da) {
            return self.cast<const NetworkObject&>().visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto gradient = input_matrix<T>(da, "dA", -1, net.table().n_outputs());
              const ReleaseForWork release(net, gradient.rows);
              auto gradients = net.backward(gradient);
              return std::make_unique<GradientsObject>(GradientsObject{self, std::move(gradients)});
            });
          },
          py::arg("dA"))
      .def(
          "_apply",
          [](NetworkObject& self, const GradientsObject& gradients,
             const OptionalFormula& optimizer, std::optional<double> learning_rate) {
            self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto* same = std::get_if<Gradients<T>>(&gradients.gradients);
              const bool same_layout = gradients.network.cast<const NetworkObject&>().visit(
                  [&](auto& other) { return other.table().segments == net.table().segments; });
              check(same != nullptr && same_layout,
                    "gradients: expected those of a network with the same layers and dtype");
              const ReleaseForWork release(net, 1);
              net.apply(same->flat.data(), pointer_to(learning_rate), spec_or_null(optimizer));
            });
          },
          py::arg("gradients"), py::arg("optimizer"), py::arg("learning_rate"))
      .def(
          "_trace",
          [](const NetworkObject& self, const py::array& x, const py::array& y,
             const BoundFormula& loss, double learning_rate) {
            return self.visit([&](auto& net) {
              const auto examples = to_examples(net, x, y, py::none());
              return trace_to_python(net, examples.rows(),
                                     net.trace(examples, loss.spec, learning_rate));
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("learning_rate"))
      .def(
          "_start_training",
          [](const py::object& self, const py::array& x, const py::array& y,
             const BoundFormula& loss, const OptionalFormula& optimizer, const py::object& weights,
             Index batch_size, bool shuffle, bool keep_predictions) {
            return self.cast<const NetworkObject&>().visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              check(batch_size > 0, "batch_size: expected a positive number, got ", batch_size);
              const TrainingOptions options{batch_size, shuffle, keep_predictions,
                                            spec_or_null(optimizer), &loss.spec};
              auto run =
                  std::make_unique<TrainingRun<T>>(net, to_examples(net, x, y, weights), options);
              return std::make_unique<TrainingRunObject>(
                  TrainingRunObject{self, x, y, weights, std::move(run)});
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("optimizer"), py::arg("weights"),
          py::arg("batch_size"), py::arg("shuffle"), py::arg("keep_predictions"));
}

void bind_state(Class& cls) {
  cls.def("_tensors",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              const std::shared_lock lock(net.mutex());
              return tensors_of(net.table(), net.parameters());
            });
          })
      .def("_state",
           [](const NetworkObject& self) {
             return self.visit([](auto& net) { return state_to_python(net); });
           })
      .def(
          "_set_tensors",
          [](NetworkObject& self, const py::dict& tensors) {
            self.visit([&](auto& net) {
              set_parameters(net, tensors_from_python(parameter_tensors(net.spec()), tensors));
            });
          },
          py::arg("tensors"))
      .def(
          "_set_state",
          [](NetworkObject& self, const std::string& description, const py::dict& tensors) {
            self.visit([&](auto& net) {
              const ModelDescription model = description_from_text(description);
              const auto data = tensors_from_python(expected_tensors(model), tensors);
              const ExclusiveTraining exclusive(net.training_flag());
              set_state(net, model, data);
            });
          },
          py::arg("description"), py::arg("tensors"))
      .def(
          "_initialize",
          [](NetworkObject& self, std::uint64_t seed) {
            self.visit([&](auto& net) {
              const ExclusiveTraining exclusive(net.training_flag());
              net.initialize(seed);
            });
          },
          py::arg("seed"))
      .def(
          "_first_nonfinite_parameters",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              const std::shared_lock lock(net.mutex());
              return first_nonfinite_stage(net.table(), net.parameters());
            });
          },
          "The document's l of the first layer with a parameter that is not finite; 0 if there is "
          "none.")
      .def("_first_nonfinite_layer",
           [](const NetworkObject& self) {
             return self.visit([](auto& net) { return net.first_nonfinite_layer(); });
           })
      .def("_snapshot",
           [](const NetworkObject& self) {
             return self.visit([](auto& net) {
               return std::make_unique<SnapshotObject>(SnapshotObject{net.snapshot()});
             });
           })
      .def(
          "_restore",
          [](NetworkObject& self, const SnapshotObject& snapshot) {
            self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto* same = std::get_if<Snapshot<T>>(&snapshot.snapshot);
              check(same != nullptr && same->parameters.size() == net.table().size,
                    "snapshot: expected one of this network");
              net.restore(*same);
            });
          },
          py::arg("snapshot"));
}

void bind_files(Class& cls) {
  cls.def(
         "_to_bytes",
         [](const NetworkObject& self, bool optimizer) {
           return self.visit([&](auto& net) {
             const std::vector<std::byte> bytes = to_bytes(net, optimizer);
             return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
           });
         },
         py::arg("optimizer"))
      .def(
          "_from_bytes",
          [](NetworkObject& self, const py::buffer& buffer) {
            const py::buffer_info info = buffer.request();
            check(PyBuffer_IsContiguous(info.view(), 'C') != 0,
                  "bytes: expected contiguous memory");
            const std::span bytes(static_cast<const std::byte*>(info.ptr),
                                  static_cast<std::size_t>(info.size * info.itemsize));
            std::visit([&](auto network) { self.hold(std::move(network)); },
                       network_from_bytes(bytes));
          },
          py::arg("bytes"))
      .def(
          "_save",
          [](const NetworkObject& self, const std::filesystem::path& path, bool optimizer) {
            self.visit([&](auto& net) {
              const std::vector<std::byte> bytes = to_bytes(net, optimizer);
              const py::gil_scoped_release release;
              save_file(path, bytes);
            });
          },
          py::arg("path"), py::arg("optimizer"))
      .def(
          "_load",
          [](NetworkObject& self, const std::filesystem::path& path) {
            std::visit([&](auto network) { self.hold(std::move(network)); },
                       network_from_bytes(read_file(path)));
          },
          py::arg("path"))
      .def("_copy", [](const py::object& self) {
        py::object copy = empty_like(self);
        self.cast<const NetworkObject&>().visit([&](auto& net) {
          auto twin = std::make_unique<Network<Scalar<decltype(net)>>>(net.spec());
          twin->restore(net.snapshot());
          twin->set_n_threads(net.n_threads());
          copy.cast<NetworkObject&>().hold(std::move(twin));
        });
        return copy;
      });
}

// A new object always has an (empty) core, whether or not __init__ runs.
PyObject* new_network(PyTypeObject* type, PyObject* /*args*/, PyObject* /*keywords*/) {
  PyObject* self = py::detail::make_new_instance(type);
  if (self == nullptr) return nullptr;
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  const py::detail::type_info* core = py::detail::get_type_info(typeid(NetworkObject), true);
  instance->get_value_and_holder(core).value_ptr() = std::make_unique<NetworkObject>().release();
  core->init_instance(instance, nullptr);
  return self;
}

}  // namespace

void bind_network(py::module_& module) {
  Class cls(
      module, "Network", "The compiled core behind chainrule.Network.",
      py::custom_type_setup([](PyHeapTypeObject* type) { type->ht_type.tp_new = new_network; }));
  bind_properties(cls);
  bind_prediction(cls);
  bind_steps(cls);
  bind_state(cls);
  bind_files(cls);
}

}  // namespace chainrule
