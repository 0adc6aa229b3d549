#include "network/parameter_average.hpp"

#include <algorithm>

namespace chainrule {

template <class T>
ParameterAverage<T>::ParameterAverage(Network<T>& network, double beta)
    : network_(network), beta_(beta) {
  {
    const std::shared_lock lock(network_.mutex());
    version_ = network_.version();
  }
  network_.copy_parameters(other_);
}

template <class T>
void ParameterAverage<T>::show() {
  if (shown_) return;
  const std::unique_lock lock(network_.mutex());
  network_.exchange_parameters(other_);
  version_ = network_.version();
  shown_ = true;
}

template <class T>
void ParameterAverage<T>::hide() {
  if (!shown_) return;
  const std::unique_lock lock(network_.mutex());
  if (network_.version() == version_)
    network_.exchange_parameters(other_);
  else
    std::copy_n(network_.parameters(), other_.size(), other_.data());
  shown_ = false;
}

template class ParameterAverage<float>;
template class ParameterAverage<double>;

}  // namespace chainrule
