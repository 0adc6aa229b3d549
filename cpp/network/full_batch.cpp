// How does a network learn by a line search? One iteration of L-BFGS on a batch that stays the
// same.
#include <cmath>

#include "network/network.hpp"
#include "network/penalty.hpp"

namespace chainrule {

template <class T>
bool Network<T>::descends(const FormulaSpec* given) const {
  if (given == nullptr) return optimizer_ && optimizer_->spec.formula.name == Lbfgs::name;
  return given->name == Lbfgs::name;
}

template <class T>
void Network<T>::set_descent(bool descends) {
  if (!descends)
    descent_.reset();
  else if (!descent_)
    descent_.emplace(table_);
  descent_version_ = -1;
}

// J and its penalties over a batch, with the noise of one step.
template <class T>
class Network<T>::BatchCost final : public Cost<T> {
 public:
  BatchCost(const Network& network, const Run<T>& run, const Examples<T>& examples, Selection rows,
            const Penalty& penalty, Lock& lock)
      : network_(network),
        run_(run),
        examples_(examples),
        rows_(rows),
        penalty_(penalty),
        lock_(lock) {}

  double at(T* block, T* gradient) override {
    run_.parameters = run_.updated_parameters = block;
    const double sum =
        network_.forward_and_sum(run_, examples_, rows_, BatchGroup{rows_.count}, lock_);
    if (run_.refused_row >= 0) return kInfinity;
    const double j = sum / static_cast<double>(rows_.count);
    if (std::isfinite(j)) backward(gradient);
    return with_penalty(j);
  }
  // Behind a forward pass at the parameters of the run.
  void backward(T* gradient) {
    run_.gradient = gradient;
    execute(run_, run_.plan.n_forward, run_.plan.n_backward);
    chainrule::add_penalty(network_.table_, *run_.plan.kernels, penalty_, run_.parameters,
                           gradient);
  }
  double with_penalty(double j) const {
    if (!is_penalised(network_.table_, penalty_)) return j;
    return j + chainrule::penalty(network_.table_, run_.parameters, penalty_);
  }

 private:
  const Network& network_;
  Run<T> run_;
  const Examples<T>& examples_;
  Selection rows_;
  const Penalty& penalty_;
  Lock& lock_;
};

// An update by a line search, behind a forward pass with the finite loss `j`. The gradient that the
// last step has ended with is that with which this one begins, unless noise or somebody else has
// changed it. Returns j or, if the gradient is not finite, infinity.
template <class T>
double Network<T>::descend(const Run<T>& run, const Examples<T>& examples, Selection rows, double j,
                           const double* learning_rate, const Penalty& penalty, Lock& lock) {
  if (!descends(nullptr)) throw std::runtime_error("optimizer: LBFGS is set no more");
  const auto rate = learning_rate != nullptr
                        ? *learning_rate
                        : from_spec<Lbfgs>(optimizer_->spec.formula).learning_rate;
  BatchCost cost(*this, run, examples, rows, penalty, lock);
  if (descent_version_ != version_) cost.backward(descent_->gradient());
  descent_version_ = -1;
  if (!std::isfinite(norm(table_, descent_->gradient()))) {
    note_failure(run);
    return kInfinity;
  }
  if (descent_->step(*optimizer_, cost, cost.with_penalty(j), rate, parameters_.data(), threads()))
    parameters_changed();
  if (!table_.changes_in_training && examples.own == nullptr) descent_version_ = version_;
  return j;
}

#define CHAINRULE_INSTANTIATE(T)                                                            \
  template bool Network<T>::descends(const FormulaSpec*) const;                             \
  template void Network<T>::set_descent(bool);                                              \
  template double Network<T>::descend(const Run<T>&, const Examples<T>&, Selection, double, \
                                      const double*, const Penalty&, Lock&);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule
