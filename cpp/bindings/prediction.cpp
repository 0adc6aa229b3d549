// What does Python ask of a network? Outputs, losses over a whole set, losses of examples.
#include <pybind11/stl.h>

#include <tuple>

#include "bindings/network_class.hpp"

namespace chainrule {

namespace {

using Sums = std::tuple<Index, double, double>;

}  // namespace

void bind_prediction(NetworkClass& cls) {
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
             const std::optional<py::array>& predictions, Sums before, double max_seconds) {
            return self.visit([&](auto& net) {
              using T = Scalar<decltype(net)>;
              auto examples = to_examples(net, loss.spec, x, y, weights);
              MatrixView<T> y_hat;
              if (predictions)
                y_hat = output_matrix<T>(*predictions, "predictions", examples.rows(),
                                         net.table().n_outputs());
              const ReleaseForWork release(net, examples.rows());
              // Only their ratios matter: no product of weights is to leave the range of numbers.
              examples.mean_weight = mean_of_weights(examples);
              const auto [rows, loss_sum, weight_sum] = before;
              check(rows >= 0, "before: expected rows from 0, got ", rows);
              const LossSums sums = net.evaluate(examples, loss.spec, y_hat,
                                                 {rows, loss_sum, weight_sum}, max_seconds);
              return Sums{sums.rows, sums.loss, sums.weight};
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"), py::arg("weights") = py::none(),
          py::arg("predictions") = py::none(), py::arg("before") = Sums{},
          py::arg("max_seconds") = kNoLimit,
          "Rows, sum of w l and sum of w, where w has the mean 1, going on from those of an "
          "earlier call that ended early.")
      .def(
          "_example_losses",
          [](const NetworkObject& self, const py::array& x, const py::array& y,
             const BoundFormula& loss) {
            return self.visit([&](auto& net) -> py::array {
              using T = Scalar<decltype(net)>;
              const auto examples = to_examples(net, loss.spec, x, y, py::none());
              py::array_t<T> losses(examples.rows());
              T* data = losses.mutable_data();
              const ReleaseForWork release(net, examples.rows());
              net.example_losses(examples, loss.spec, data);
              return losses;
            });
          },
          py::arg("x"), py::arg("y"), py::arg("loss"));
}

}  // namespace chainrule
