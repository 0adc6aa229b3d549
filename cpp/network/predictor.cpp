#include "network/predictor.hpp"

#include <bit>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "base/thread_count.hpp"
#include "base/thread_memory.hpp"
#include "network/prediction.hpp"

namespace chainrule {

template <class T>
Predictor<T>::Predictor(const Network<T>& network)
    : table_(network.table()),
      n_threads_(network.n_threads()),
      parameters_(AlignedBuffer<T>(table_.block_size), AlignedBuffer<T>(table_.block_size)) {
  for (Index rows = 1; rows <= kPredictRows; rows *= 2)
    plans_.push_back(make_plan(table_, {PlanPurpose::infer, rows}));
  update(network);
}

template <class T>
void Predictor<T>::predict(MatrixView<const T> x, MatrixView<T> y_hat) const {
  const FloatEnvironment environment;
  const Index n_threads = n_threads_ > 0 ? n_threads_ : max_threads();
  const RowTiles tiles = row_tiles(table_, x.rows, n_threads);
  const auto capacity = static_cast<std::size_t>(plan_capacity(tiles.rows));
  const Plan<T>& plan = plans_[static_cast<std::size_t>(std::countr_zero(capacity))];
  T* const workspace = reinterpret_cast<T*>(thread_memory(plan.workspace_bytes()));
  const typename Published<AlignedBuffer<T>>::Reading parameters(parameters_);
  chainrule::predict<T>(plan, table_, (*parameters).data(), workspace, tiles, x, y_hat);
}

template <class T>
void Predictor<T>::update(const Network<T>& network) {
  check(network.table() == table_,
        "network: expected one with the layers of the network that the predictor was made from");
  parameters_.update([&](AlignedBuffer<T>& copy) { network.copy_parameters(copy); });
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace chainrule
