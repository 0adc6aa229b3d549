// Runs the registered tests: all, or those whose name contains an argument; `-text` leaves out
// those whose name contains `text`, `--first` ends at the first test that fails. Exit status 1 if
// one failed, or if an argument fits no name.
#include <algorithm>
#include <iostream>
#include <span>

#include "base/thread_memory.hpp"
#include "test.hpp"

namespace chainrule::test {

namespace {
long n_checks = 0;
long n_failed = 0;

bool fits(std::string_view argument, const Test& test) {
  return test.name.find(argument.substr(argument.starts_with('-') ? 1 : 0)) != std::string::npos;
}

bool is_chosen(const Test& test, std::span<const std::string_view> arguments) {
  bool any_wanted = false, wanted = false;
  for (const std::string_view argument : arguments) {
    const bool leaves_out = argument.starts_with('-');
    if (leaves_out && fits(argument, test)) return false;
    any_wanted |= !leaves_out;
    wanted |= !leaves_out && fits(argument, test);
  }
  return wanted || !any_wanted;
}

}  // namespace

void report(bool passed, const char* file, int line, const std::string& what) {
  ++n_checks;
  if (passed) return;
  ++n_failed;
  if (n_failed <= 100) std::cerr << file << ":" << line << ": failed: " << what << "\n";
}

}  // namespace chainrule::test

int main(int argc, char** argv) {
  using namespace chainrule::test;
  chainrule::reserve_block_memory();  // for tests that call products themselves
  std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const bool ends_at_first = std::erase(arguments, "--first") > 0;
  for (const std::string_view argument : arguments)
    if (std::ranges::none_of(tests(), [&](const Test& test) { return fits(argument, test); }))
      report(false, "arguments", 0, "no test fits " + std::string(argument));
  long run = 0;
  for (const Test& test : tests()) {
    if (!is_chosen(test, arguments)) continue;
    ++run;
    const long before = n_failed;
    try {
      test.run();
    } catch (const std::exception& error) {
      report(false, test.name.c_str(), 0, std::string("unexpected exception: ") + error.what());
    }
    std::cout << (n_failed == before ? "passed  " : "FAILED  ") << test.name << std::endl;
    if (ends_at_first && n_failed > before) break;
  }
  std::cout << run << " tests, " << n_checks << " checks, " << n_failed << " failed\n";
  return n_failed == 0 && run > 0 ? 0 : 1;
}
