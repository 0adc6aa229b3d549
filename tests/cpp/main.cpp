// Runs the registered tests, all or those whose name contains an argument, without those that an
// argument with a minus before it names; exit status 1 when one failed.
#include <iostream>
#include <span>

#include "test.hpp"

namespace chainrule::test {

namespace {
long n_checks = 0;
long n_failed = 0;
bool is_chosen(const Test& test, std::span<char*> arguments) {
  bool any_wanted = false, wanted = false;
  for (const std::string_view argument : arguments) {
    const bool without = argument.starts_with('-');
    const bool here = test.name.find(argument.substr(without)) != std::string::npos;
    if (without && here) return false;
    any_wanted |= !without;
    wanted |= !without && here;
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
  const std::span arguments(argv + 1, static_cast<std::size_t>(argc - 1));
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
  }
  std::cout << run << " tests, " << n_checks << " checks, " << n_failed << " failed\n";
  return n_failed == 0 && run > 0 ? 0 : 1;
}
