#include "base/fork_count.hpp"

#include <atomic>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace chainrule {

namespace {

std::atomic<std::uint32_t> n_forks{0};

}  // namespace

std::uint32_t fork_count() {
#if !defined(_WIN32)
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++n_forks; });
  (void)registered;
#endif
  return n_forks;
}

}  // namespace chainrule
