// How far is a result from the exact one? In units of the last place of the exact result.
#pragma once

#include <cmath>
#include <limits>

namespace chainrule::test {

// |got - exact| over the distance of neighbouring numbers of type T at `exact`, and infinite where
// one is NaN and the other is not. Results below the smallest normal number count as 0, as in the
// core's floating-point state, and what rounds to infinity is infinite.
template <class T>
double ulps(T got, long double exact) {
  using Limits = std::numeric_limits<T>;
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(got) || std::isnan(exact)) return std::isnan(got) && std::isnan(exact) ? 0 : wrong;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const bool is_small = exact == 0 || exponent < Limits::min_exponent;
  const int last_place = (is_small ? Limits::min_exponent : exponent) - Limits::digits;
  const long double unit = std::ldexp(1.0L, last_place);
  const bool overflows = std::fabs(exact) >= static_cast<long double>(Limits::max()) + unit / 2;
  if (std::isinf(got) || overflows)
    return std::isinf(got) && overflows && std::signbit(got) == std::signbit(exact) ? 0 : wrong;
  if (is_small && got == 0) return 0;
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / unit);
}

}  // namespace chainrule::test
