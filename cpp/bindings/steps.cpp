// How does Python make one step, or its parts, and begin a fit?
#include "bindings/description.hpp"
#include "bindings/network_class.hpp"
#include "bindings/training.hpp"

namespace chainrule {

void bind_steps(NetworkClass& cls) {
  cls.def(
         "_train_step",
         [](NetworkObject& self, const py::array& x, const py::array& y, const py::object& loss,
            const OptionalFormula& optimizer, const py::object& weights,
            std::optional<double> learning_rate, double clip_value, double clip_norm, double l1,
            double l2) {
           return self.visit([&](auto& net) {
             const auto objective = to_objective(net, loss, x, y, weights);
             const ReleaseForWork release(net, objective.examples);
             return net.train_step(objective.examples, objective.loss,
                                   pointer_or_null(learning_rate), spec_or_null(optimizer),
                                   {clip_value, clip_norm}, {l1, l2});
           });
         },
         py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("optimizer"), py::arg("weights"),
         py::arg("learning_rate"), py::arg("clip_value"), py::arg("clip_norm"), py::arg("l1"),
         py::arg("l2"))
      .def(
          "_gradients",
          [](const py::object& self, const py::array& x, const py::array& y, const py::object& loss,
             const py::object& weights, bool training) {
            return self.cast<const NetworkObject&>().visit([&](auto& net) {
              const auto objective = to_objective(net, loss, x, y, weights);
              auto gradients = [&] {
                const ReleaseForWork release(net, objective.examples);
                return net.gradients(objective.examples, objective.loss, training);
              }();
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
              auto gradients = [&] {
                const ReleaseForWork release(net, gradient.rows);
                return net.backward(gradient);
              }();
              return std::make_unique<GradientsObject>(GradientsObject{self, std::move(gradients)});
            });
          },
          py::arg("dA"))
      .def(
          "_apply",
          [](NetworkObject& self, const GradientsObject& gradients,
             const OptionalFormula& optimizer, std::optional<double> learning_rate,
             double clip_value, double clip_norm, double l1, double l2) {
            self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              const auto* same = std::get_if<Gradients<T>>(&gradients.gradients);
              const bool same_layout = gradients.network.cast<const NetworkObject&>().visit(
                  [&](auto& other) { return other.table().segments == net.table().segments; });
              check(same != nullptr && same_layout,
                    "gradients: expected those of a network with the same layers and dtype");
              const ReleaseForWork release(net, 1);
              net.apply(same->flat.data(), pointer_or_null(learning_rate), spec_or_null(optimizer),
                        {clip_value, clip_norm}, {l1, l2});
            });
          },
          py::arg("gradients"), py::arg("optimizer"), py::arg("learning_rate"),
          py::arg("clip_value"), py::arg("clip_norm"), py::arg("l1"), py::arg("l2"))
      .def(
          "_penalty",
          [](const NetworkObject& self, double l1, double l2) {
            return self.visit([&](auto& net) { return net.penalty({l1, l2}); });
          },
          py::arg("l1"), py::arg("l2"),
          "What the weights cost beside J, with what a call adds; None if nothing is penalised.")
      .def(
          "_trace",
          [](const NetworkObject& self, const py::array& x, const py::array& y,
             const py::object& loss, double learning_rate, bool training) {
            return self.visit([&](auto& net) {
              const auto objective = to_objective(net, loss, x, y, py::none());
              const auto& examples = objective.examples;
              auto trace = [&] {
                const ReleaseForWork release(net, examples);
                return net.trace(examples, objective.loss, learning_rate, training);
              }();
              return trace_to_python(net, examples.rows(), trace);
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("learning_rate"),
          py::arg("training"))
      .def(
          "_start_training",
          [](const py::object& self, const py::array& x, const py::array& y, const py::object& loss,
             const OptionalFormula& optimizer, const py::object& weights,
             std::optional<Index> batch_size, bool shuffle, bool keep_predictions,
             double clip_value, double clip_norm, double l1, double l2, Index accumulate,
             double ema, const py::object& before) {
            return self.cast<const NetworkObject&>().visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              check(!batch_size || *batch_size > 0, "batch_size: expected a positive number, got ",
                    batch_size.value_or(0));
              check(accumulate > 0, "accumulate: expected a positive number, got ", accumulate);
              const auto objective = to_objective(net, loss, x, y, weights);
              const TrainingOptions options{batch_size.value_or(0),
                                            shuffle,
                                            keep_predictions,
                                            spec_or_null(optimizer),
                                            &objective.loss,
                                            {clip_value, clip_norm},
                                            {l1, l2},
                                            accumulate,
                                            ema};
              auto& snapshot = snapshot_of<T>(before.cast<SnapshotObject&>());
              auto run = [&] {
                const ReleaseForWork release(net.table(), 1, false);
                return std::make_unique<TrainingRun<T>>(net, objective.examples, options,
                                                        &snapshot);
              }();
              return std::make_unique<TrainingRunObject>(
                  TrainingRunObject{self, x, y, weights, before, objective.own, std::move(run)});
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("optimizer"), py::arg("weights"),
          py::arg("batch_size"), py::arg("shuffle"), py::arg("keep_predictions"),
          py::arg("clip_value"), py::arg("clip_norm"), py::arg("l1"), py::arg("l2"),
          py::arg("accumulate"), py::arg("ema"), py::arg("before"),
          "Begin a fit; `before` gets the state before it, which comes back if it comes to no "
          "update.");
}

}  // namespace chainrule
