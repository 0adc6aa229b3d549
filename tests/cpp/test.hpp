// How is the C++ core tested? Tests register themselves by name; a failed check reports and the
// rest goes on.
#pragma once

#include <exception>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chainrule::test {

struct Test {
  std::string name;
  std::function<void()> run;
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline bool add(std::string name, std::function<void()> run) {
  tests().push_back({std::move(name), std::move(run)});
  return true;
}

// Counts a check and reports it when it failed; defined in main.cpp.
void report(bool passed, const char* file, int line, const std::string& what);

template <class A, class B>
void check_equal(const A& a, const B& b, const char* file, int line, const char* what) {
  std::ostringstream message;
  message.precision(17);
  message << what << ": " << a << " is not " << b;
  report(a == b, file, line, message.str());
}

template <class F>
void check_throws(F&& f, std::string_view expected, const char* file, int line) {
  try {
    f();
  } catch (const std::exception& error) {
    const std::string message = error.what();
    report(message.find(expected) != std::string::npos, file, line,
           "message '" + message + "' lacks '" + std::string(expected) + "'");
    return;
  }
  report(false, file, line, "nothing was thrown");
}

}  // namespace chainrule::test

#define CHAINRULE_TEST_JOIN(a, b) a##b
#define CHAINRULE_TEST_ID(line) CHAINRULE_TEST_JOIN(chainrule_test_, line)
#define TEST(name)                                                                      \
  static void name();                                                                   \
  static const bool CHAINRULE_TEST_ID(__LINE__) = ::chainrule::test::add(#name, &name); \
  static void name()
#define CHECK(condition) ::chainrule::test::report(bool(condition), __FILE__, __LINE__, #condition)
#define CHECK_EQUAL(a, b) ::chainrule::test::check_equal(a, b, __FILE__, __LINE__, #a " == " #b)
#define CHECK_THROWS(expression, expected) \
  ::chainrule::test::check_throws([&] { (void)(expression); }, expected, __FILE__, __LINE__)
