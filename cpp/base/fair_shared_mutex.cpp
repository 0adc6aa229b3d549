#include "base/fair_shared_mutex.hpp"

#include <mutex>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace chainrule {

namespace {

// Never destroyed: objects of the program may be at exit later than this file.
struct All {
  std::mutex mutex;
  FairSharedMutex* first = nullptr;
};
All& all() {
  static All* const all = new All;
  return *all;
}

}  // namespace

struct ForkHandlers {
  template <class F>
  static void for_each(F&& f) {
    for (FairSharedMutex* each = all().first; each != nullptr; each = each->next_) f(*each);
  }
  static void before() {
    all().mutex.lock();
    for_each([](FairSharedMutex& each) { each.lock(); });
  }
  static void after_in_parent() {
    for_each([](FairSharedMutex& each) { each.unlock(); });
    all().mutex.unlock();
  }
  static void after_in_child() {
    for_each([](FairSharedMutex& each) { each.renew(); });
    std::construct_at(&all().mutex);
  }
};

FairSharedMutex::FairSharedMutex() {
#if !defined(_WIN32)
  static const int registered = pthread_atfork(
      &ForkHandlers::before, &ForkHandlers::after_in_parent, &ForkHandlers::after_in_child);
  (void)registered;
#endif
  const std::lock_guard lock(all().mutex);
  next_ = all().first;
  if (next_ != nullptr) next_->previous_ = this;
  all().first = this;
}

FairSharedMutex::~FairSharedMutex() {
  const std::lock_guard lock(all().mutex);
  (previous_ != nullptr ? previous_->next_ : all().first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace chainrule
