// Which version is this? CMake reads it from python/chainrule/_version.py and defines the macro.
#pragma once

namespace chainrule {

inline constexpr auto kLibraryVersion = CHAINRULE_VERSION;

}  // namespace chainrule
