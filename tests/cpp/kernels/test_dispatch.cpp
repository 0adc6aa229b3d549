#include "kernels/dispatch.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "formulas/registry.hpp"
#include "kernels/isa/cpu_features.hpp"
#include "kernels/tables.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

constexpr const char* kVariable = "CHAINRULE_ISA";

bool is_available(const std::string& tier) {
  const std::vector<std::string> tiers = available_tiers();
  return std::find(tiers.begin(), tiers.end(), tier) != tiers.end();
}

// Exit status of the test `name` in a process of its own, where CHAINRULE_ISA is `value`. Its
// output, which would count as ours, is dropped.
int run_with(const char* value, const char* name) {
  const char* before = std::getenv(kVariable);
  const std::optional<std::string> kept =
      before == nullptr ? std::nullopt : std::optional<std::string>(before);
  setenv(kVariable, value, 1);
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    execl("/proc/self/exe", "chainrule_tests", name, nullptr);
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  if (kept)
    setenv(kVariable, kept->c_str(), 1);
  else
    unsetenv(kVariable);
  return status;
}

}  // namespace

TEST(tiers_are_listed_best_first) {
  const std::vector<std::string> tiers = available_tiers();
#if defined(__aarch64__)
  CHECK((tiers == std::vector<std::string>{"neon", "scalar"}));
#else
  const CpuFeatures cpu = cpu_features();
  CHECK_EQUAL(static_cast<int>(tiers.size()), 1 + cpu.avx2_fma + cpu.avx512);
  CHECK_EQUAL(tiers.back(), "scalar");
  CHECK_EQUAL(tiers.front(), cpu.avx512 ? "avx512" : cpu.avx2_fma ? "avx2" : "scalar");
#endif
}

TEST(tables_say_what_they_are) {
  test::for_each_float([]<class T>() {
    for (const std::string& tier : available_tiers()) {
      const KernelTable<T>& table = kernels_of<T>(tier);
      CHECK_EQUAL(table.tier, tier);
      CHECK(table.blocks.rows > 0 && table.blocks.rows % kLanes<T> == 0);
      CHECK(table.blocks.panels > 0);
      Index i = 0;
      for (const std::string& name : names(Activations{}))
        CHECK_EQUAL(table.activations[i++].name, name);
      i = 0;
      for (const std::string& name : names(LossForms{})) CHECK_EQUAL(table.losses[i++].name, name);
      i = 0;
      for (const std::string& name : names(Optimizers{}))
        CHECK_EQUAL(table.optimizers[i++].name, name);
    }
  });
}

TEST(tiers_that_are_not_there_are_refused) {
  CHECK_THROWS(kernels_of<float>("sse9"), "expected one that this processor has, got 'sse9'");
  CHECK_THROWS(kernels_of<double>(""), "got ''");
}

TEST(choice_follows_the_environment) {
  const char* asked = std::getenv(kVariable);
  const std::string value = asked == nullptr ? "" : asked;
  CHECK_EQUAL(chosen_tier(), is_available(value) ? value : available_tiers().front());
  CHECK_EQUAL(tier_notice().empty(), value.empty() || is_available(value));
  if (!tier_notice().empty())
    CHECK(tier_notice().find(std::string(kVariable) + "=" + value + " is not ") == 0);
  CHECK(&kernels<float>() == &kernels_of<float>(chosen_tier()));
  CHECK(&kernels<double>() == &kernels_of<double>(chosen_tier()));
}

TEST(choices_in_other_environments) {
  for (const char* value : {"", "avx512", "avx2", "scalar", "AVX2", "avx", "nonsense"})
    CHECK_FOR(std::string(value), run_with(value, "choice_follows_the_environment") == 0);
}

}  // namespace chainrule
