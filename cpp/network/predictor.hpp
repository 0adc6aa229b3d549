// How is a network served? A copy of its parameters with a plan for every size of batch, all made
// beforehand: a call takes no lock and, once its threads have worked with a batch of that size,
// allocates nothing.
#pragma once

#include "base/published.hpp"
#include "network/network.hpp"

namespace chainrule {

template <class T>
class Predictor {
 public:
  explicit Predictor(const Network<T>& network);

  const ParameterTable<T>& table() const { return table_; }
  // All rows from the same parameters. Several threads may call it, also beside an update.
  void predict(MatrixView<const T> x, MatrixView<T> y_hat) const;
  // From now on the parameters of that network, which must have the same layers:
  // std::invalid_argument if not.
  void update(const Network<T>& network);

 private:
  ParameterTable<T> table_;
  std::vector<Plan<T>> plans_;  // for 1, 2, 4, ... kPredictRows rows
  Index n_threads_;             // 0: the library's
  Published<AlignedBuffer<T>> parameters_;
};

extern template class Predictor<float>;
extern template class Predictor<double>;

}  // namespace chainrule
