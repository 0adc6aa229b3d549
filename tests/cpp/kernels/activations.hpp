// How is every activation tested, with its defaults and with other fields? As a call that knows its
// fields.
#pragma once

#include <vector>

#include "formulas/registry.hpp"
#include "formulas/settings.hpp"
#include "kernels/kernel_table.hpp"

namespace chainrule::test {

template <class T>
struct Activation {
  ActivationCall<T> call;
  std::string name;  // with the values of its fields: "leaky_relu 0.01"

  bool row_wise() const { return call.kernels->row_wise; }
  bool takes_whole_rows() const { return call.kernels->takes_whole_rows(); }
  void forward(MatrixView<const T> z, MatrixView<T> a) const {
    call.kernels->forward(z, a, call.fields);
  }
  void backward(MatrixView<const T> z, MatrixView<const T> a, MatrixView<const T> da,
                MatrixView<T> dz) const {
    call.kernels->backward(z, a, da, dz, call.fields);
  }
};

// Calls f(activation, i) for each activation of the table with each of its settings.
template <class T, class F>
void for_each_activation(const KernelTable<T>& table, F&& f) {
  Index i = 0;
  for_each_type(Activations{}, [&]<class A>() {
    for (const A& formula : settings<A>()) {
      const FormulaSpec spec = to_spec(formula);
      std::vector<T> fields(spec.values.begin(), spec.values.end());
      if constexpr (has_slopes<A>)  // of more units than any test has
        for (int j = 0; j < 256; ++j) fields.push_back(static_cast<T>(0.25 - 0.01 * j));
      std::string name = spec.name;
      for (const double value : spec.values) name += text(" ", value);
      f(Activation<T>{{&table.activations[i], fields.data()}, name}, i);
    }
    ++i;
  });
}

// The same activation of another table.
template <class T>
Activation<T> of_table(const KernelTable<T>& table, const Activation<T>& activation, Index i) {
  return {{&table.activations[i], activation.call.fields}, activation.name};
}

}  // namespace chainrule::test
