// Which weights come out of a training? For every type, every loss with Adam, every optimiser with
// the first loss, and a few shapes, a line with the name of the case and the bytes of its
// parameters in hexadecimal: the same on every processor and tier with FMA.
// tests/trained_weights.py compares them with what was recorded.
#include <iostream>

#include "network/fixtures.hpp"
#include "network/training_run.hpp"

namespace chainrule {
namespace {

struct Shape {
  Index rows, features, hidden, outputs, batch;
};

// One inside a tile; one of several panels, tiles and batches, the last of them short; one whose
// batch has more rows than a chunk.
constexpr Shape kShapes[] = {{7, 3, 5, 2, 7}, {150, 35, 70, 21, 64}, {700, 18, 40, 3, 600}};

template <class T>
void print_bytes(const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) {
    text += kDigits[bytes[i] / 16];
    text += kDigits[bytes[i] % 16];
  }
  std::cout << text << "\n";
}

template <class T, class Loss, class Optimizer>
void train(const Shape& shape) {
  const FormulaSpec loss = to_spec(Loss{}), optimizer = to_spec(lively<Optimizer>());
  Network<T> network(network_spec<T>(
      shape.features, {dense(shape.hidden, "tanh"), dense(shape.hidden / 2, "relu", false),
                       dense(shape.outputs, output_of<Loss>())}));
  const TestData<T> data(shape.rows, shape.features, shape.outputs);
  const std::vector<double> weights = random_weights(shape.rows, 1);
  TrainingOptions options;
  options.batch_size = std::is_same_v<Optimizer, Lbfgs> ? 0 : shape.batch;
  options.optimizer = &optimizer;
  options.loss = &loss;
  TrainingRun<T> run(network, weighted(data.examples(), weights), options);
  for (int epoch = 0; epoch < 3; ++epoch) {
    run.begin_epoch();
    run.run(0, 3600.0, 0.01);
    run.end_epoch();
  }
  std::cout << (sizeof(T) == 4 ? "float32 " : "float64 ") << Loss::name << " " << Optimizer::name
            << " " << shape.rows << "x" << shape.features << " ";
  print_bytes(parameters_of(network));
}

}  // namespace
}  // namespace chainrule

int main() {
  using namespace chainrule;
  for_each_dtype([]<class T>() {
    for (const Shape& shape : kShapes)
      for_each_loss(shape.outputs, [&]<class Loss>() {
        for_each_type(AllOptimizers{}, [&]<class Optimizer>() {
          // Every optimiser with one loss, every loss with one optimiser.
          if (std::is_same_v<Loss, Mse> || std::is_same_v<Optimizer, Adam>)
            train<T, Loss, Optimizer>(shape);
        });
      });
  });
}
