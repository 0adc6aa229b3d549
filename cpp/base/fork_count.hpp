// Is this the process that we were in before? For what a fork leaves in disorder: a count of forks
// that differs from a remembered one says that other threads have gone, whatever they were doing.
#pragma once

#include <cstdint>

namespace chainrule {

// How many forks this process descends from, since the first call.
std::uint32_t fork_count();

}  // namespace chainrule
