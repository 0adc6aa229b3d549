#include "base/fair_shared_mutex.hpp"

#include <mutex>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace chainrule {

namespace {

// Without destructors, as objects of the program may be at exit later than this file.
constinit std::mutex all_mutex;
constinit FairSharedMutex* first_of_all = nullptr;

}  // namespace

struct ForkHandlers {
  template <class F>
  static void for_each(F&& f) {
    for (FairSharedMutex* each = first_of_all; each != nullptr; each = each->next_) f(*each);
  }
  static void before() {
    all_mutex.lock();
    for_each([](FairSharedMutex& each) {
      if (each.at_fork_ == AtFork::wait) each.lock();
    });
  }
  static void after_in_parent() {
    for_each([](FairSharedMutex& each) {
      if (each.at_fork_ == AtFork::wait) each.unlock();
    });
    all_mutex.unlock();
  }
  static void after_in_child() {
    for_each([](FairSharedMutex& each) { each.renew(); });
    std::construct_at(&all_mutex);
  }
};

FairSharedMutex::FairSharedMutex(AtFork at_fork) : at_fork_(at_fork) {
#if !defined(_WIN32)
  static const int registered = pthread_atfork(
      &ForkHandlers::before, &ForkHandlers::after_in_parent, &ForkHandlers::after_in_child);
  (void)registered;
#endif
  const std::lock_guard lock(all_mutex);
  next_ = first_of_all;
  if (next_ != nullptr) next_->previous_ = this;
  first_of_all = this;
}

FairSharedMutex::~FairSharedMutex() {
  const std::lock_guard lock(all_mutex);
  (previous_ != nullptr ? previous_->next_ : first_of_all) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace chainrule
