// How do readers that never pause leave room for a writer? Each one lets those writers go first
// that came before it. (std::shared_mutex may let new readers in for as long as there are some.)
//
// A fork waits until nobody has any of them, so that a child finds them free, and what they guard
// whole: the threads that would have gone on with it are not there any more. Where a half of it
// does no harm, the child has a new one instead.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>

namespace chainrule {

enum class AtFork { wait, renew };

// For std::unique_lock and std::shared_lock. As readers wait for writers, a thread must not take it
// twice, nor fork while it has one, nor wait for anything else while it has one that a fork waits
// for.
class FairSharedMutex {
 public:
  explicit FairSharedMutex(AtFork at_fork = AtFork::wait);
  ~FairSharedMutex();
  FairSharedMutex(const FairSharedMutex&) = delete;
  FairSharedMutex& operator=(const FairSharedMutex&) = delete;

  void lock() {
    n_came_.fetch_add(1);
    mutex_.lock();
    n_entered_.fetch_add(1);
    n_entered_.notify_all();
  }
  void unlock() { mutex_.unlock(); }

  // Waits for one entry only: writers in a row must not keep readers out for ever.
  void lock_shared() {
    const std::uint32_t entered = n_entered_.load();
    if (n_came_.load() != entered) n_entered_.wait(entered);
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  friend struct ForkHandlers;

  // In a child: as new, for whoever waited for it is not there.
  void renew() {
    std::construct_at(&mutex_);
    n_came_ = n_entered_ = 0;
  }

  const AtFork at_fork_;
  std::shared_mutex mutex_;
  std::atomic<std::uint32_t> n_came_ = 0, n_entered_ = 0;  // writers
  FairSharedMutex *next_ = nullptr, *previous_ = nullptr;  // all there are
};

}  // namespace chainrule
