// Is a derivative right to the last digits? f'(x) = Im f(x + ih) / h for a tiny h, where nothing
// cancels: Squire and Trapp (1998), Using complex variables to estimate derivatives of real
// functions. The formulas are compiled once more, for numbers that are complex.
#pragma once

#include <cmath>
#include <complex>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/fields.hpp"
#include "base/type_list.hpp"
#include "kernels/isa/target_region.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/tables.hpp"

namespace chainrule::complex_step {

// Takes the place of a Vec, with the operations that activations and losses use; a formula that
// uses another one needs it here, too. Numbers compare by their real parts.
struct Complex {
  using Scalar = double;
  using Number = double;
  static constexpr Index width = 1;
  std::complex<double> v;
};

template <class T>
using Vec = Complex;
template <class T>
inline constexpr Index kSquare = 1;  // side of the squares that gather_columns transposes

template <class V>
V splat(double x)
  requires std::is_same_v<V, Complex>
{
  return {x};
}
inline Complex operator+(Complex a, Complex b) { return {a.v + b.v}; }
inline Complex operator-(Complex a, Complex b) { return {a.v - b.v}; }
inline Complex operator*(Complex a, Complex b) { return {a.v * b.v}; }
inline Complex operator/(Complex a, Complex b) { return {a.v / b.v}; }
inline Complex operator-(Complex a) { return {-a.v}; }
inline bool less(Complex a, Complex b) { return a.v.real() < b.v.real(); }
inline bool less_equal(Complex a, Complex b) { return a.v.real() <= b.v.real(); }
inline bool equal(Complex a, Complex b) { return a.v.real() == b.v.real(); }
inline Complex select(bool mask, Complex a, Complex b) { return mask ? a : b; }
inline Complex sqrt(Complex x) { return {std::sqrt(x.v)}; }
inline Complex exp(Complex x) { return {std::exp(x.v)}; }
inline Complex expm1(Complex x) {  // for a tiny imaginary part
  return {{std::expm1(x.v.real()), std::exp(x.v.real()) * std::sin(x.v.imag())}};
}
inline Complex log(Complex x) { return {std::log(x.v)}; }
inline Complex log1p(Complex x) { return {std::log(1.0 + x.v)}; }
inline Complex tanh(Complex x) { return {std::tanh(x.v)}; }
// By its derivative, since the library has no erf of complex numbers.
inline Complex normal_cdf(Complex x) {
  const double z = x.v.real(), density = std::exp(-z * z / 2) / std::sqrt(8 * std::atan(1.0));
  return {{std::erfc(-z / std::sqrt(2.0)) / 2, density * x.v.imag()}};
}
inline Complex sigmoid(Complex x) { return {1.0 / (1.0 + std::exp(-x.v))}; }

#include "kernels/generic/column.inl"
#include "kernels/generic/rows.inl"
#include "formulas/activations.inl"
#include "formulas/losses.inl"
#include "kernels/generic/loss.inl"

// What row-wise formulas take: a row of complex numbers.
using RowVec = Column<Complex>;
using Row = std::vector<Complex>;

inline constexpr double kStep = 1e-30;
inline const std::vector<Index> kLengths{1, 2, 7, 15, 16, 17, 40};

// n numbers f(j)
template <class F>
Row row_of(Index n, F f) {
  Row row;
  for (Index j = 0; j < n; ++j) row.push_back({f(j)});
  return row;
}

// x + ih; a row with x_j + ih in place of x_j.
inline Complex stepped(Complex x) { return {x.v + std::complex<double>(0, kStep)}; }
inline Row stepped(Row row, Index j) {
  Complex& x = row[static_cast<std::size_t>(j)];
  x = stepped(x);
  return row;
}

inline double derivative(Complex f) { return f.v.imag() / kStep; }

inline bool agree(double got, double expected) {
  return std::fabs(got - expected) <= 1e-12 * std::fabs(expected);
}

}  // namespace chainrule::complex_step
