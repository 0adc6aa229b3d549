// Which elementary functions does the core trust? Its own, in float64 and without fma, so that
// every machine gets the same bits; errors below 1 ULP.
#pragma once

namespace chainrule {

// e^x for every x; results below the smallest normal number are 0.
double exp(double x);

// The natural logarithm of a positive, normal, finite x.
double log(double x);

// Sine and cosine of x in [0, 2 pi].
double sin(double x);
double cos(double x);

}  // namespace chainrule
