// How does work go on without the interpreter, and come back to it? As with
// pybind11::gil_scoped_release and gil_scoped_acquire, except at exit: CPython before 3.14 then
// unwinds the stack of a thread that wants to come back, which no destructor survives, so such a
// thread waits for the end of the process.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace chainrule {

// What `f` of Python's C interface returns, in which this thread may wait for the interpreter. What
// has a destructor is made outside.
template <class F>
auto wait_for_interpreter(F&& f) {
  try {
    return f();
  } catch (...) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() {
    wait_for_interpreter([&] { PyEval_RestoreThread(state_); });
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

// Whether or not this thread has it already.
class GilAcquire {
 public:
  GilAcquire() : state_(wait_for_interpreter([] { return PyGILState_Ensure(); })) {}
  ~GilAcquire() { PyGILState_Release(state_); }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace chainrule
