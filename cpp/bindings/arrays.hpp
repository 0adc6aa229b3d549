// How does a NumPy array become a view, and a vector an array? No conversion happens here: Python
// has made the array what it must be, and this checks what memory safety needs.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>
#include <vector>

#include "base/check.hpp"
#include "base/matrix_view.hpp"

namespace chainrule {

namespace py = pybind11;

// `array` as data of T in C order, with the given shape; -1 takes any length.
template <class T>
T* checked_data(const py::array& array, const char* name, std::initializer_list<Index> shape,
                bool writeable) {
  // The message is put together only when it is needed: the names of dtypes take Python
  // microseconds.
  if (!array.dtype().equal(py::dtype::of<T>()))
    throw std::invalid_argument(text(name, ": expected dtype ",
                                     std::string(py::str(py::dtype::of<T>())), ", got ",
                                     std::string(py::str(array.dtype()))));
  check((array.flags() & py::array::c_style) != 0, name, ": expected C order");
  check(reinterpret_cast<std::uintptr_t>(array.data()) % alignof(T) == 0, name,
        ": expected aligned data");
  check(!writeable || array.writeable(), name, ": expected a writeable array");
  check(array.ndim() == static_cast<Index>(shape.size()), name, ": expected ", shape.size(),
        " dimensions, got ", array.ndim());
  Index axis = 0;
  for (const Index length : shape) {
    check(length < 0 || array.shape(axis) == length, name, ": expected length ", length,
          " along axis ", axis, ", got ", array.shape(axis));
    ++axis;
  }
  return static_cast<T*>(const_cast<void*>(array.data()));
}

template <class T>
MatrixView<const T> input_matrix(const py::array& array, const char* name, Index rows, Index cols) {
  const T* data = checked_data<T>(array, name, {rows, cols}, false);
  return {data, array.shape(0), array.shape(1), array.shape(1)};
}

template <class T>
MatrixView<T> output_matrix(const py::array& array, const char* name, Index rows, Index cols) {
  T* data = checked_data<T>(array, name, {rows, cols}, true);
  return {data, array.shape(0), array.shape(1), array.shape(1)};
}

template <class T>
py::array_t<T> to_array(const std::vector<T>& values, std::vector<Index> shape) {
  py::array_t<T> array(std::move(shape));
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

}  // namespace chainrule
