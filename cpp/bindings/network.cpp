// What is the class `Network`? How an object comes into being, and its properties.
#include "bindings/checked_object.hpp"
#include "bindings/description.hpp"
#include "bindings/gil_release.hpp"
#include "bindings/network_class.hpp"

namespace chainrule {

void NetworkObject::build(const NetworkSpec& spec, std::span<const void* const> given) {
  const auto drawn = [&]<class T>(T /*type*/) {
    const GilRelease release;  // the parameters of a large network take seconds
    return std::make_unique<Network<T>>(spec, Start::drawn, given);
  };
  if (spec.dtype == "float32")
    hold(drawn(float{}));
  else
    hold(drawn(double{}));
}

namespace {

// "identity", "relu", or "relu, dropout" for what follows each other.
std::string names_of(const std::vector<Link>& links) {
  if (links.empty()) return Identity::name;
  std::string names;
  for (const Link& link : links) names += (names.empty() ? "" : ", ") + name_of(link);
  return names;
}

void bind_properties(NetworkClass& cls) {
  cls.def(
         "_build",
         [](NetworkObject& self, const py::dict& description, const py::dict& arrays) {
           const NetworkSpec spec = description_from_python(description).network;
           self.build(spec, given_from_python(spec, arrays));
         },
         py::arg("description"), py::arg("arrays"))
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
          "Number of all parameters: weights, biases, slopes, factors.")
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
      .def_property_readonly(
          "_optimizer",
          [](const NetworkObject& self) -> py::object {
            return self.visit([](auto& net) -> py::object {
              return net.optimizer() ? formula_to_python(net.optimizer()->formula) : py::none();
            });
          })
      .def("_reset_optimizer",
           [](NetworkObject& self) {
             self.visit([](auto& net) {
               const ExclusiveTraining exclusive(net.training_flag());
               net.set_optimizer(std::nullopt);
             });
           })
      .def_property_readonly(
          "_loss",
          [](const NetworkObject& self) -> py::object {
            return self.visit([](auto& net) -> py::object {
              const std::optional<FormulaSpec>& loss = net.spec().loss;
              if (!loss) return py::none();
              return is_own(*loss) ? own_loss_to_python(*loss) : formula_to_python(*loss);
            });
          },
          "A formula, or name and number of the caller's own function; None if none was given.")
      .def(
          "_keep_own_loss",
          [](NetworkObject& self, const py::object& loss) {
            self.visit([&](auto& net) { net.set_loss(own_loss_spec(loss)); });
          },
          py::arg("loss"))
      .def(
          "_loss_form",
          [](const NetworkObject& self, const BoundFormula& loss) {
            return self.visit([&](auto& net) {
              const LossForm form = form_for(net, loss.spec);
              return std::tuple(std::string(form.targets), form.n_targets, form.averages_outputs);
            });
          },
          py::arg("loss"),
          "The kind of targets that a loss takes here, how many of them for an example, and "
          "whether it averages over outputs.")
      .def(
          "_trainable",
          [](const NetworkObject& self, std::size_t layer) {
            return self.visit([&](auto& net) {
              const std::shared_lock lock(net.mutex());
              return std::get<DenseSpec>(net.spec().layers.at(layer)).trainable;
            });
          },
          py::arg("layer"), "Whether training changes a Dense layer, by its position.")
      .def(
          "_set_trainable",
          [](NetworkObject& self, std::size_t layer, bool trainable) {
            self.visit([&](auto& net) {
              const ExclusiveTraining exclusive(net.training_flag());
              const std::unique_lock lock(net.mutex());
              (void)std::get<DenseSpec>(net.spec().layers.at(layer));
              net.set_trainable(static_cast<Index>(layer), trainable);
            });
          },
          py::arg("layer"), py::arg("trainable"))
      .def(
          "_stage_activations",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              std::vector<std::string> names;
              for (const Stage& stage : net.table().stages) names.push_back(names_of(stage.links));
              return names;
            });
          },
          "What follows the weights of each layer l = 1..L: the name of f, or of several as 'relu, "
          "tanh'.")
      .def_property_readonly(
          "_output_activation",
          [](const NetworkObject& self) -> std::string {
            return self.visit([](auto& net) { return std::string(net.table().output_name()); });
          },
          "The name of the last activation, of which the default loss depends.");
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
  NetworkClass cls(
      module, "Network", "The compiled core behind chainrule.Network.",
      py::custom_type_setup([](PyHeapTypeObject* type) { type->ht_type.tp_new = new_network; }));
  refuse_pickling(cls);  // the class of Python has its own way
  bind_properties(cls);
  bind_prediction(cls);
  bind_steps(cls);
  bind_state(cls);
  bind_saving(cls);
  bind_plain_calls(module, cls);
}

}  // namespace chainrule
