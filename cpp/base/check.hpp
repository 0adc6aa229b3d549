// How does the core refuse? The one place that builds messages and throws.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace chainrule {

// All parts, written one after the other.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.exceptions(std::ios::badbit);  // without memory there is no text, rather than half of it
  (out << ... << parts);
  return out.str();
}

// The caller's mistake becomes Python's ValueError: "what: expected ..., got ...".
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw std::invalid_argument(text(parts...));
}

}  // namespace chainrule
