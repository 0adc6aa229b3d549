// How does L-BFGS go down? Along a direction made of the pairs of its last steps, to where a line
// search says.
#pragma once

#include <span>

#include "network/clipping.hpp"
#include "network/line_search.hpp"
#include "network/optimizer_state.hpp"

namespace chainrule {

// What is to be made small.
template <class T>
class Cost {
 public:
  Cost() = default;
  Cost(const Cost&) = delete;
  Cost& operator=(const Cost&) = delete;

  // The value at a whole block of parameters and, if it is finite, the gradient; running statistics
  // of the block may move.
  virtual double at(T* block, T* gradient) = 0;

 protected:
  ~Cost() = default;
};

// The vectors of an iteration, one iteration after the other. The table outlives them.
template <class T>
class Descent {
 public:
  explicit Descent(const ParameterTable<T>& table);

  // Where each step begins: the gradient at the parameters.
  T* gradient() { return gradient_.data(); }
  // Takes the parameters `block`, where the cost is `value`, and the pairs of the state one
  // iteration further, with the gradient; `rate` is the first step of the line search, which counts
  // for less where there are no pairs. False if they stay: there is no way down, or none that could
  // be seen.
  bool step(OptimizerState<T>& state, Cost<T>& cost, double value, double rate, T* block,
            Index n_threads);

 private:
  class TrialLine;
  using Slots = std::vector<AlignedBuffer<T>>;

  struct Way {
    double slope, first_step;  // of the line, and for a rate of 1
    bool goes_down() const { return slope < 0.0 && slope > -kInfinity; }
  };
  Way set_direction(const Slots& pairs);
  void remember(Slots& pairs, const T* block);
  template <class F>
  void over_parameters(F&& f) const;
  void clear_frozen(T* vector) const;

  const ParameterTable<T>& table_;
  AlignedBuffer<T> gradient_, direction_, trial_, trial_gradient_;
  Index n_threads_ = 1;
};

// std::invalid_argument if steps by a line search do not go together with what layers or a call
// ask for.
template <class T>
void check_descent(const ParameterTable<T>& table, const Clipping& clipping);

extern template class Descent<float>;
extern template class Descent<double>;

}  // namespace chainrule
