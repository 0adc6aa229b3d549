// Runs the registered tests, all or those whose name contains the first argument; exit status 1
// when one failed.
#include <iostream>

#include "test.hpp"

namespace chainrule::test {

namespace {
long n_checks = 0;
long n_failed = 0;
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
  const std::string filter = argc > 1 ? argv[1] : "";
  long run = 0;
  for (const Test& test : tests()) {
    if (test.name.find(filter) == std::string::npos) continue;
    ++run;
    const long before = n_failed;
    try {
      test.run();
    } catch (const std::exception& error) {
      report(false, test.name.c_str(), 0, std::string("unexpected exception: ") + error.what());
    }
    std::cout << (n_failed == before ? "passed  " : "FAILED  ") << test.name << "\n";
  }
  std::cout << run << " tests, " << n_checks << " checks, " << n_failed << " failed\n";
  return n_failed == 0 && run > 0 ? 0 : 1;
}
