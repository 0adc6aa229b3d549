// How does Python see and replace what a network has learnt? Tensors, whole states, snapshots.
#include "bindings/description.hpp"
#include "bindings/gil_release.hpp"
#include "bindings/network_class.hpp"
#include "bindings/text.hpp"
#include "bindings/training.hpp"
#include "network/model_file.hpp"

namespace chainrule {

void bind_state(NetworkClass& cls) {
  cls.def("_tensors",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              // Making Python objects may run any Python code, which must not find the lock taken.
              AlignedBuffer<Scalar<decltype(net)>> parameters;
              net.copy_parameters(parameters);
              return tensors_of(net.table().segments, parameters.data());
            });
          })
      .def("_statistics",
           [](const NetworkObject& self) {
             return self.visit([](auto& net) {
               AlignedBuffer<Scalar<decltype(net)>> parameters;
               net.copy_parameters(parameters);
               return tensors_of(net.table().statistics, parameters.data());
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
              constexpr bool kMayBeMissing = true;
              set_parameters(
                  net, tensors_from_python(parameter_tensors(net.spec()), tensors, kMayBeMissing));
            });
          },
          py::arg("tensors"), "Replace the parameters that are given.")
      .def(
          "_set_state",
          [](NetworkObject& self, const py::str& description, const py::dict& tensors) {
            self.visit([&](auto& net) {
              const ModelDescription model = description_from_text(to_utf8(description));
              const auto data = tensors_from_python(expected_tensors(model), tensors);
              const ExclusiveTraining exclusive(net.training_flag());
              set_state(net, model, data);
            });
          },
          py::arg("description"), py::arg("tensors"))
      .def(
          "_initialize",
          [](NetworkObject& self, std::uint64_t seed, const py::dict& arrays,
             const std::optional<py::array>& x) {
            self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto given = given_from_python(net.spec(), arrays);
              const auto rows = x ? input_matrix<T>(*x, "x", -1, net.table().n_features())
                                  : MatrixView<const T>{};
              const ExclusiveTraining exclusive(net.training_flag());
              const GilRelease release;
              net.initialize(seed, given, rows);
            });
          },
          py::arg("seed"), py::arg("arrays"), py::arg("x"),
          "Draw all parameters; those that wait for data are scaled by the rows of `x`.")
      .def(
          "_first_nonfinite_parameters",
          [](const NetworkObject& self) {
            return self.visit([](auto& net) {
              const std::shared_lock lock(net.mutex());
              return first_nonfinite_stage(net.table(), net.parameters());
            });
          },
          "The number l = 1..L of the first layer with a parameter that is not finite; 0 if there "
          "is none.")
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
          "_snapshot_into",
          [](const NetworkObject& self, SnapshotObject& snapshot) {
            self.visit([&](auto& net) {
              auto& same = snapshot_of<Scalar<decltype(net)>>(snapshot);
              const ReleaseForWork release(net.table(), 1, false);
              net.snapshot(same);
            });
          },
          py::arg("snapshot"), "Take a snapshot into the memory of an earlier one.")
      .def(
          "_restore",
          [](NetworkObject& self, SnapshotObject& snapshot) {
            self.visit([&](auto& net) {
              const auto& same = snapshot_of<Scalar<decltype(net)>>(snapshot);
              check(same.parameters.size() == net.table().block_size,
                    "snapshot: expected one of this network");
              net.restore(same);
            });
          },
          py::arg("snapshot"));
}

}  // namespace chainrule
