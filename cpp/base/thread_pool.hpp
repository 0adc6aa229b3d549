// How is work shared between threads? In regions: a number of independent items, claimed by the
// calling thread and by workers that wait for the next region.
//
// Each thread first claims items from a contiguous share of its own, so that from region to region
// it tends to work on the same weights, and then from the shares of others. The caller is thread 0;
// it can finish alone and never waits for a worker that has not begun. One region runs at a time: a
// second caller does all of its work on its own thread. Workers are started on first use, and anew
// after a fork. No result depends on any of this.
#pragma once

#include <atomic>
#include <memory>
#include <type_traits>

#include "base/index.hpp"

namespace chainrule {

using RegionWork = void (*)(void* context, Index item, Index thread) noexcept;

// What parallel_for calls, without a template; n_items and n_threads are at least 2.
void run_region(Index n_items, Index n_threads, RegionWork work, void* context);

// Calls f(item, thread) for each item from 0 to n_items - 1, on at most n_threads threads, of which
// `thread` says which, from 0; calls with the same `thread` do not overlap.
template <class F>
void parallel_for(Index n_items, Index n_threads, F&& f) {
  static_assert(noexcept(f(Index{}, Index{})), "no exception may leave a worker: make f noexcept");
  if (n_threads <= 1 || n_items <= 1) {
    for (Index item = 0; item < n_items; ++item) f(item, Index{0});
    return;
  }
  using Function = std::remove_reference_t<F>;
  const RegionWork work = [](void* context, Index item, Index thread) noexcept {
    (*static_cast<Function*>(context))(item, thread);
  };
  auto* const context = const_cast<std::remove_const_t<Function>*>(std::addressof(f));
  run_region(n_items, n_threads, work, context);
}

// While one lives, as during training, workers keep spinning between regions; without, they park
// 100 microseconds after a region. Where CPUs are scarce they park at once in any case.
class SpinScope {
 public:
  SpinScope();
  ~SpinScope();
  SpinScope(const SpinScope&) = delete;
  SpinScope& operator=(const SpinScope&) = delete;

 private:
  std::atomic<Index>* n_scopes_ = nullptr;
};

// What this thread has called, for tests. Loops that run inline (one item or one thread) are not
// regions; one that found the pool busy is a region of one thread.
struct RegionReport {
  Index n_regions = 0;            // since reset_region_report()
  Index n_threads_took_part = 0;  // in the last one: threads that worked on at least one item
};
RegionReport region_report();
void reset_region_report();

// For tests: while set, no thread of a region begins to work before each has claimed an item, so
// that all of them take part (at most as many as there are items).
void set_wait_for_all_workers(bool wait);

}  // namespace chainrule
