#include "kernels/panels.hpp"

namespace chainrule {

template <class T>
void pack(MatrixView<const T> w, T* panels) {
  for (Index o = 0; o < round_up(w.rows, kLanes<T>); ++o)
    for (Index i = 0; i < w.cols; ++i)
      panels[panel_offset<T>(w.cols, o, i)] = o < w.rows ? w(o, i) : T(0);
}

template <class T>
void unpack(const T* panels, MatrixView<T> w) {
  for (Index o = 0; o < w.rows; ++o)
    for (Index i = 0; i < w.cols; ++i) w(o, i) = panels[panel_offset<T>(w.cols, o, i)];
}

template void pack(MatrixView<const float>, float*);
template void pack(MatrixView<const double>, double*);
template void unpack(const float*, MatrixView<float>);
template void unpack(const double*, MatrixView<double>);

}  // namespace chainrule
