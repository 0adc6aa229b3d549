#include "network/clipping.hpp"

namespace chainrule {

template <class T>
void clip(const ParameterTable<T>& table, const Clipping& clipping, T* gradient) {
  if (clipping.value < kInfinity) {
    const T most = static_cast<T>(clipping.value);
    for (Index i = 0; i < table.size; ++i) {  // NaN stays
      const T g = gradient[i];
      gradient[i] = g > most ? most : g < -most ? -most : g;
    }
  }
  if (clipping.norm == kInfinity) return;
  const double norm = chainrule::norm(table, gradient);
  if (!(norm > clipping.norm)) return;
  const T factor = static_cast<T>(clipping.norm / norm);
  for (Index i = 0; i < table.size; ++i) gradient[i] *= factor;
}

template void clip(const ParameterTable<float>&, const Clipping&, float*);
template void clip(const ParameterTable<double>&, const Clipping&, double*);

}  // namespace chainrule
