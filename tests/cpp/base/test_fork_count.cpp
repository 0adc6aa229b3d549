#include "base/fork_count.hpp"

#include "test.hpp"

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace chainrule {

namespace {

#if !defined(_WIN32)

TEST(fork_count_differs_in_a_forked_child_alone) {
  const std::uint32_t here = fork_count();
  const pid_t child = fork();
  if (child == 0) _exit(fork_count() == here + 1 ? 0 : 1);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  CHECK_EQUAL(fork_count(), here);
}

#endif

}  // namespace

}  // namespace chainrule
