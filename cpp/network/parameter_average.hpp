// Where do the weights of a fit lie on average? e <- beta e + (1 - beta) w after every update, from
// e = w; the network holds either w or e.
#pragma once

#include "network/network.hpp"

namespace chainrule {

// The network outlives it, and is trained by nobody else meanwhile. Nothing but the constructor
// allocates memory.
template <class T>
class ParameterAverage {
 public:
  // `beta` is in [0, 1). The averages are the weights, and shown.
  ParameterAverage(Network<T>& network, double beta);

  void follow() { network_.move_average(beta_, other_); }  // after an update
  // The network has the averages, until hide().
  void show();
  // It has the weights again. If somebody has set others meanwhile, these are what training and
  // averages go on from.
  void hide();

 private:
  Network<T>& network_;
  double beta_;
  AlignedBuffer<T> other_;  // averages, or weights while the averages are shown
  bool shown_ = true;
  std::int64_t version_ = 0;  // of the parameters, when they were shown
};

extern template class ParameterAverage<float>;
extern template class ParameterAverage<double>;

}  // namespace chainrule
