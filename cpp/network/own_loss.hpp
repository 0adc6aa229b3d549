// What if the loss is a function of the caller's? It is asked for the losses of a batch and their
// derivatives; weights, masks and the mean are added to what it says.
#pragma once

#include "network/execution.hpp"

namespace chainrule {

template <class T>
struct Examples;
struct Selection;

template <class T>
class OwnLoss {
 public:
  OwnLoss() = default;
  OwnLoss(const OwnLoss&) = delete;
  OwnLoss& operator=(const OwnLoss&) = delete;

  // l (d) and dl/dY_hat (d, m) of these rows of the examples for Y_hat (d, m). Nobody holds the
  // lock of the network meanwhile; what it throws ends the call.
  virtual void ask(MatrixView<const T> y_hat, Selection rows, T* losses,
                   MatrixView<T> gradient) = 0;

 protected:
  ~OwnLoss() = default;
};

// Behind a forward pass: total + sum_i w_i l_i of the batch in float64, in the order of
// weighted_loss_sum, and dJ/dY_hat = w_i / d dl_i/dY_hat for an update by d rows, which is 0 where
// the weight is. std::invalid_argument if the sum is finite and a derivative is not.
template <class T>
double ask_own_loss(const Run<T>& run, const Examples<T>& examples, Selection rows, Index d,
                    double total);

}  // namespace chainrule
