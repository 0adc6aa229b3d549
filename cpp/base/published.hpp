// How is something replaced that others are reading, who wait for nothing? There are two copies:
// readers take the current one, and say so; a writer changes the other one once its last readers
// have left, and then makes it the current one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

#include "base/fair_shared_mutex.hpp"
#include "base/fork_count.hpp"

namespace chainrule {

template <class T>
class Published {
 public:
  Published(T current, T other) : copies_{std::move(current), std::move(other)} {}

  // The current copy, which stays what it is as long as this lives.
  class Reading {
   public:
    explicit Reading(const Published& published) : published_(published) {
      for (;;) {
        copy_ = published_.current_;
        published_.enter(copy_);
        if (copy_ == published_.current_) return;
        published_.leave(copy_);  // a writer may not have seen us come
      }
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { published_.leave(copy_); }

    const T& operator*() const { return published_.copies_[copy_]; }

   private:
    const Published& published_;
    std::size_t copy_;
  };

  // write(copy) makes the next current copy of what was one before; readers find all of it, or
  // nothing. Waits for those who still read what was current before the last update.
  template <class F>
  void update(F&& write) {
    const std::unique_lock lock(writers_);
    const std::size_t next = 1 - current_;
    while (n_reading(next) > 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
    write(copies_[next]);
    current_ = next;
  }

 private:
  // The readers of a copy, and beside them the fork_count() of their process: the readers of
  // another one are not there any more.
  using Readers = std::uint64_t;
  static Readers nobody() { return static_cast<Readers>(fork_count()) << 32; }
  static bool are_here(Readers readers) { return readers >> 32 == fork_count(); }

  void enter(std::size_t copy) const {
    Readers before = readers_[copy];
    while (
        !readers_[copy].compare_exchange_weak(before, (are_here(before) ? before : nobody()) + 1)) {
    }
  }
  void leave(std::size_t copy) const { --readers_[copy]; }
  std::uint32_t n_reading(std::size_t copy) const {
    const Readers readers = readers_[copy];
    return are_here(readers) ? static_cast<std::uint32_t>(readers) : 0;
  }

  std::array<T, 2> copies_;
  std::atomic<std::size_t> current_ = 0;
  mutable std::array<std::atomic<Readers>, 2> readers_ = {};
  // Who waits for readers, or in write() for another lock, has it: no fork may wait for that, and
  // none needs to. What a writer has left half done is not the current copy.
  FairSharedMutex writers_{AtFork::renew};
};

}  // namespace chainrule
