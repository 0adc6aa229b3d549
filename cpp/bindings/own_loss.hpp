// How does a function of Python's become a loss of the core? It comes as an OwnLoss of
// chainrule/_own_loss.py, which checks what the function returns and says what is wrong.
#pragma once

#include "base/float_environment.hpp"
#include "bindings/arrays.hpp"
#include "network/batch.hpp"

namespace chainrule {

// Made, like everything of Python, by whoever has the interpreter; it may be asked without.
template <class T>
class PythonLoss final : public OwnLoss<T> {
 public:
  PythonLoss(py::object loss, py::array y) : loss_(std::move(loss)), y_(std::move(y)) {}

  void ask(MatrixView<const T> y_hat, Selection rows, T* losses, MatrixView<T> gradient) override;

 private:
  py::object loss_;
  py::array y_;
  FloatEnvironment::State callers_ = FloatEnvironment::now();
};

// How descriptions call an OwnLoss: by its name, and in memory by its number.
FormulaSpec own_loss_spec(const py::object& loss);
// (name, number); the number is None if a file brought the name.
py::tuple own_loss_to_python(const FormulaSpec& spec);

extern template class PythonLoss<float>;
extern template class PythonLoss<double>;

}  // namespace chainrule
