// Which arrays can be worked on as they are? What is looked at are the fields of NumPy's own
// struct: a short call has no time for more.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "base/finite.hpp"
#include "bindings/gil_release.hpp"
#include "bindings/arrays.hpp"

namespace chainrule {

// An array of NumPy's own class (others, as masked arrays, may mean more): aligned, in C order, in
// the byte order of the machine.
struct PlainArray {
  void* data;
  Index n_dimensions;
  const py::ssize_t* shape;
  int type_number;
  bool writeable;

  bool has_shape(std::initializer_list<Index> expected) const {
    return std::equal(expected.begin(), expected.end(), shape, shape + n_dimensions);
  }
  template <class T>
  bool holds() const {
    using py::detail::npy_api;
    if constexpr (std::is_same_v<T, std::int64_t>)  // C has two names for it
      return type_number == npy_api::NPY_INT64_ || type_number == npy_api::NPY_LONGLONG_;
    else
      return type_number == (std::is_same_v<T, float> ? npy_api::NPY_FLOAT_ : npy_api::NPY_DOUBLE_);
  }
};
static_assert(sizeof(long long) == sizeof(std::int64_t));

inline std::optional<PlainArray> plain_array(PyObject* object) {
  using py::detail::npy_api;
  if (Py_TYPE(object) != npy_api::get().PyArray_Type_) return std::nullopt;
  constexpr int kFlags = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_;
  const auto* array = py::detail::array_proxy(object);
  const auto* type = py::detail::array_descriptor_proxy(array->descr);
  if ((array->flags & kFlags) != kFlags || type->byteorder != '=') return std::nullopt;
  return PlainArray{array->data, array->nd, array->dimensions, type->type_num,
                    (array->flags & npy_api::NPY_ARRAY_WRITEABLE_) != 0};
}

// `array` as (rows, cols) of finite numbers; a vector is taken for one column if `vector_will_do`.
template <class T>
std::optional<MatrixView<const T>> plain_matrix(const std::optional<PlainArray>& array, Index cols,
                                                bool vector_will_do = false) {
  if (!array || !array->holds<T>()) return std::nullopt;
  const bool is_column = vector_will_do && cols == 1 && array->n_dimensions == 1;
  if (!is_column && (array->n_dimensions != 2 || array->shape[1] != cols)) return std::nullopt;
  const auto* data = static_cast<const T*>(array->data);
  const Index rows = array->shape[0], size = rows * cols;
  constexpr Index kSmall = 1 << 16;
  std::optional<GilRelease> release;
  if (size > kSmall) release.emplace();
  if (!all_finite(MatrixView<const T>{data, 1, size, size})) return std::nullopt;
  return MatrixView<const T>{data, rows, cols, cols};
}

// The data of `array`, if results of T in that shape may be written there while `input` is read.
template <class T>
T* plain_output(const std::optional<PlainArray>& array, std::initializer_list<Index> shape,
                const void* input, Index input_bytes) {
  if (!array || !array->holds<T>() || !array->writeable || !array->has_shape(shape)) return nullptr;
  Index bytes = sizeof(T);
  for (const Index length : shape) bytes *= length;
  const auto* from = static_cast<const std::byte*>(input);
  const auto* to = static_cast<const std::byte*>(array->data);
  const std::less_equal<> before;
  const bool apart = before(from + input_bytes, to) || before(to + bytes, from);
  return apart ? static_cast<T*>(array->data) : nullptr;
}

}  // namespace chainrule
