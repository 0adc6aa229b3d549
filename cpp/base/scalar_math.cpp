#include "base/scalar_math.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace chainrule {

namespace {

// Horner's rule, highest power first. The polynomials interpolate at the Chebyshev nodes of the
// reduced interval, computed with 60 digits.
template <std::size_t n>
double polynomial(double x, const double (&c)[n]) {
  double sum = c[0];
  for (std::size_t i = 1; i < n; ++i) sum = sum * x + c[i];
  return sum;
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2
constexpr double kExp[] = {2.51003854955103191e-8, 2.76200884454097482e-7, 2.75572684599970648e-6,
                           2.48015212959543751e-5, 1.98412698630536169e-4, 1.38888889172137169e-3,
                           8.33333333333006183e-3, 4.16666666666241279e-2, 1.66666666666666675e-1,
                           5.00000000000000102e-1};
// (2 atanh(s) / s - 2) / z for z = s^2, s = f / (2 + f), 1 + f in [sqrt(1/2), sqrt(2)); error 4e-16
constexpr double kLog[] = {0.14616585424888622, 0.153317106182107716, 0.18182889455674946,
                           0.22222211130259877, 0.285714286260032687, 0.399999999998994432,
                           0.666666666666666969};
// (sin(r) / r - 1) / z and (cos(r) - 1 + z/2) / z^2 for z = r^2, |r| <= pi/4; errors 2e-17 and
// 2e-18
constexpr double kSin[] = {1.59181012302741203e-10, -2.50511314554279474e-8,
                           2.75573161006830291e-6,  -1.984126983675497e-4,
                           8.3333333333309461e-3,   -1.66666666666666646e-1};
constexpr double kCos[] = {-1.13826148685563246e-11, 2.08761460246897466e-9,
                           -2.75573172705603241e-7,  2.48015872987634332e-5,
                           -1.38888888888873957e-3,  4.16666666666666654e-2};

constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// x = quadrant pi/2 + r + rest with |r| <= pi/4. pi/2 comes in three parts, 33 bits each in the
// first two, whose multiples are exact: near a multiple of pi/2 they cancel, and what is left is
// all there is of the result.
struct Reduced {
  int quadrant;
  double r, rest;
};
Reduced reduce(double x) {
  constexpr double kHalfPiHigh = 0x1.921fb544p0;
  constexpr double kHalfPiMiddle = 0x1.0b4611a6p-34;
  constexpr double kHalfPiLow = 0x1.3198a2e037073p-69;
  const int quadrant = static_cast<int>(x * 0x1.45f306dc9c883p-1 + 0.5);
  const double high = x - quadrant * kHalfPiHigh, middle = quadrant * kHalfPiMiddle;
  const double r = high - middle;
  return {quadrant, r, ((high - r) - middle) - quadrant * kHalfPiLow};
}

// sin(r + rest) and cos(r + rest), to first order in rest.
double sin_near_0(double r, double rest) {
  const double z = r * r;
  return r + (r * z * polynomial(z, kSin) + rest * (1.0 - 0.5 * z));
}

double cos_near_0(double r, double rest) {
  const double z = r * r, half = 0.5 * z;
  const double head = 1.0 - half;
  return head + (((1.0 - head) - half) + (z * z * polynomial(z, kCos) - r * rest));
}

}  // namespace

// e^x = 2^k e^r with x = k ln 2 + r, |r| <= ln(2)/2; k ln 2 comes in two parts, the first exact.
double exp(double x) {
  constexpr double kLeast = -708.3964185322641, kMost = 709.782712893384;
  if (x < kLeast) return 0.0;
  if (!(x <= kMost)) return x + __builtin_huge_val();  // inf, or NaN from NaN
  const double k =
      static_cast<double>(static_cast<int>(x * 0x1.71547652b82fep0 + (x < 0 ? -0.5 : 0.5)));
  const double high = x - k * kLn2High, low = k * kLn2Low;
  const double r = high - low;
  const double e = 1.0 + (high - (low - r * r * polynomial(r, kExp)));
  // k goes straight into the exponent: 2^k itself may be too large where e^x is not.
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(e) +
                               (static_cast<std::uint64_t>(static_cast<std::int64_t>(k)) << 52));
}

// log(2^k m) = k ln 2 + log(1 + f), log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), after FreeBSD's
// msun.
double log(double x) {
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000;
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (kOne - kSqrtHalf);
  const double k = static_cast<double>(static_cast<std::int64_t>(shifted >> 52) - 1023);
  const double f = std::bit_cast<double>((shifted & 0x000fffffffffffff) + kSqrtHalf) - 1.0;
  const double s = f / (2.0 + f), z = s * s, half_square = 0.5 * f * f;
  return k * kLn2High +
         (f - (half_square - (s * (half_square + z * polynomial(z, kLog)) + k * kLn2Low)));
}

double sin(double x) {
  const auto [quadrant, r, rest] = reduce(x);
  const double magnitude = quadrant % 2 == 0 ? sin_near_0(r, rest) : cos_near_0(r, rest);
  return quadrant % 4 < 2 ? magnitude : -magnitude;
}

double cos(double x) {
  const auto [quadrant, r, rest] = reduce(x);
  const double magnitude = quadrant % 2 == 0 ? cos_near_0(r, rest) : sin_near_0(r, rest);
  return quadrant % 4 == 0 || quadrant % 4 == 3 ? magnitude : -magnitude;
}

}  // namespace chainrule
