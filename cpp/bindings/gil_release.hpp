// How does work go on without the interpreter, and come back to it? As with
// pybind11::gil_scoped_release, except at exit: CPython before 3.14 then unwinds the stack of a
// thread that wants to come back, which no destructor survives, so such a thread waits for the end
// of the process.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace chainrule {

class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace chainrule
