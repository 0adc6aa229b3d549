#include "base/thread_pool.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif

#include "base/float_environment.hpp"
#include "base/thread_count.hpp"
#include "base/thread_memory.hpp"

namespace chainrule {

namespace {

// On a virtual AMD EPYC, a parked worker begins after some 100 microseconds, a spinning one within
// one.
constexpr std::chrono::microseconds kSpinTime{100};

std::atomic<bool> wait_for_all = false;
constinit thread_local RegionReport report;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Says whether kSpinTime has passed since its first look at the clock, which it reads at every 64th
// call only.
class SpinTimer {
 public:
  bool expired() {
    if (++n_calls_ % 64 != 0) return false;
    const auto now = std::chrono::steady_clock::now();
    if (n_calls_ == 64) end_ = now + kSpinTime;
    return now >= end_;
  }

 private:
  unsigned n_calls_ = 0;
  std::chrono::steady_clock::time_point end_;
};

// Signals go to the threads of the program, not to workers: Ctrl-C must wake Python's main thread.
// Faults are left to the thread they happen in, for the sake of faulthandler.
class SignalsBlocked {
 public:
#if defined(_WIN32)
  SignalsBlocked() {}
#else
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

// The state of the region, in one word so that it changes as a whole. From the lowest bit: the
// number of active workers, of those that worked on an item and have left, and of the threads of
// the region; whether it is open; which region it is. A worker begins by adding itself to the
// active ones of an open region; the caller closes the region, and then waits until no worker is
// active.
constexpr std::uint64_t kActive = 1;
constexpr std::uint64_t kTookPart = std::uint64_t{1} << 12;
constexpr std::uint64_t kThread = std::uint64_t{1} << 24;
constexpr std::uint64_t kOpen = std::uint64_t{1} << 36;
constexpr std::uint64_t kRegion = std::uint64_t{1} << 37;
constexpr std::uint64_t kNoRegion = ~std::uint64_t{0};
static_assert(kMaxThreads < 1 << 12);

constexpr Index n_active(std::uint64_t state) { return state / kActive % (1 << 12); }
constexpr Index n_took_part(std::uint64_t state) { return state / kTookPart % (1 << 12); }
constexpr Index n_threads_of(std::uint64_t state) { return state / kThread % (1 << 12); }

class ThreadPool {
 public:
  void run(Index n_items, Index n_threads, RegionWork work, void* context);
  std::atomic<Index>& n_spin_scopes() { return n_spin_scopes_; }

 private:
  struct Region {
    RegionWork work;
    void* context;
    Index n_threads;
    bool may_spin;
    bool gather;  // all threads meet before the first item
  };

  // What belongs to one thread, in two cache lines: its share of the items, and where it parks.
  struct Seat {
    alignas(64) std::atomic<Index> next = 0;
    Index end = 0;
    alignas(64) std::atomic<std::uint32_t> parked = 0;
  };

  // The caller's side.
  Index start_workers(Index n_threads);
  void open(Index n_items, const Region& region);
  Index close();

  // The workers' side. `last` is the number of the last region that the worker joined.
  void serve(Index thread);
  bool is_wanted(std::uint64_t state, Index thread, std::uint64_t last) const;
  bool join(Index thread, std::uint64_t& last);
  void leave(bool took_part);
  void park(Index thread, std::uint64_t last);

  // Both sides.
  bool work_on_region(Index thread);
  Index claim(Index share);
  void meet();
  Seat& seat(Index thread) { return seats_[static_cast<std::size_t>(thread)]; }

  alignas(64) std::atomic<std::uint64_t> state_ = 0;
  std::atomic<std::uint32_t> caller_parked_ = 0;
  alignas(64) Region region_ = {};  // written while nobody is active
  alignas(64) std::atomic<Index> n_spin_scopes_ = 0;
  std::atomic<Index> n_met_ = 0;
  std::array<Seat, kMaxThreads> seats_;

  // Only a caller that has set busy_ opens a region and uses what follows.
  std::atomic_flag busy_ = {};
  Index n_started_ = 1;  // threads, the caller included
  bool may_start_ = true;
  CpuLimits limits_ = read_cpu_limits();
};

void run_alone(Index n_items, RegionWork work, void* context) {
  report.n_threads_took_part = 1;
  for (Index item = 0; item < n_items; ++item) work(context, item, 0);
}

void ThreadPool::run(Index n_items, Index n_threads, RegionWork work, void* context) {
  if (busy_.test_and_set(std::memory_order_acquire)) {
    run_alone(n_items, work, context);
    return;
  }
  n_threads = start_workers(std::min({n_items, n_threads, kMaxThreads}));
  const bool may_spin = !limits_.has_quota() && n_threads <= limits_.n_cpus;
  open(n_items, {work, context, n_threads, may_spin, wait_for_all.load()});
  const bool took_part = work_on_region(0);
  report.n_threads_took_part = close() + (took_part ? 1 : 0);
  busy_.clear(std::memory_order_release);
}

// Starts the workers that are missing; returns how many of `n_threads` there are. A system that has
// refused a thread is not asked again.
Index ThreadPool::start_workers(Index n_threads) {
  if (n_started_ < n_threads && may_start_) {
    const SignalsBlocked blocked;
    try {
      for (; n_started_ < n_threads; ++n_started_)
        std::thread([this, thread = n_started_,
                     sums = AlignedBuffer<std::byte>(kBlockBytes)]() mutable {
          set_block_memory(std::move(sums));
          serve(thread);
        }).detach();
    } catch (const std::exception&) {
      may_start_ = false;
    }
  }
  return std::min(n_threads, n_started_);
}

void ThreadPool::open(Index n_items, const Region& region) {
  const Index n_threads = region.n_threads;
  region_ = region;
  n_met_.store(0, std::memory_order_relaxed);
  for (Index thread = 0; thread < n_threads; ++thread) {
    seat(thread).next.store(n_items * thread / n_threads, std::memory_order_relaxed);
    seat(thread).end = n_items * (thread + 1) / n_threads;
  }
  // Either the worker that parks sees the new state, or its flag is seen here: hence the order of
  // both accesses, on both sides, is sequentially consistent. And they are exchanges, not stores:
  // QEMU, as AArch64 on x86-64, lets a load pass a store before it, and a worker would sleep on.
  const std::uint64_t number = state_.load(std::memory_order_relaxed) / kRegion + 1;
  state_.exchange(number * kRegion + kOpen + static_cast<std::uint64_t>(n_threads) * kThread);
  for (Index thread = 1; thread < n_threads; ++thread) {
    std::atomic<std::uint32_t>& parked = seat(thread).parked;
    if (parked.load() == 0) continue;
    parked.exchange(0);
    parked.notify_one();
  }
}

// Waits for the workers that have begun; returns how many of them worked on an item.
Index ThreadPool::close() {
  std::uint64_t state = state_.fetch_and(~kOpen);
  for (SpinTimer timer; n_active(state) > 0; state = state_.load()) {
    if (region_.may_spin && !timer.expired()) {
      relax();
      continue;
    }
    caller_parked_.exchange(1);
    if (n_active(state_.load()) > 0) caller_parked_.wait(1);
  }
  return n_took_part(state);
}

void ThreadPool::serve(Index thread) {
  const FloatEnvironment environment;
  std::uint64_t last = kNoRegion;
  bool may_spin = false;
  for (;;) {
    SpinTimer timer;
    while (!join(thread, last)) {
      if (may_spin && !timer.expired()) {
        relax();
      } else if (may_spin && n_spin_scopes_.load(std::memory_order_relaxed) > 0) {
        std::this_thread::yield();
      } else {
        park(thread, last);
        timer = {};
      }
    }
    may_spin = region_.may_spin;
    leave(work_on_region(thread));
  }
}

bool ThreadPool::is_wanted(std::uint64_t state, Index thread, std::uint64_t last) const {
  return (state & kOpen) != 0 && state / kRegion != last && thread < n_threads_of(state);
}

bool ThreadPool::join(Index thread, std::uint64_t& last) {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  while (is_wanted(state, thread, last)) {
    if (!state_.compare_exchange_weak(state, state + kActive)) continue;
    last = state / kRegion;
    return true;
  }
  return false;
}

void ThreadPool::leave(bool took_part) {
  const std::uint64_t before = state_.fetch_add((took_part ? kTookPart : 0) - kActive);
  const bool is_last = n_active(before) == 1 && (before & kOpen) == 0;
  if (!is_last || caller_parked_.load() == 0) return;
  caller_parked_.exchange(0);
  caller_parked_.notify_one();
}

void ThreadPool::park(Index thread, std::uint64_t last) {
  std::atomic<std::uint32_t>& parked = seat(thread).parked;
  parked.exchange(1);
  if (!is_wanted(state_.load(), thread, last)) parked.wait(1);
  parked.store(0);
}

bool ThreadPool::work_on_region(Index thread) {
  const Region region = region_;
  const Index first = claim(thread);
  if (region.gather) meet();
  bool took_part = false;
  for (Index offset = 0; offset < region.n_threads; ++offset) {
    const Index share = (thread + offset) % region.n_threads;
    for (Index item = offset == 0 ? first : claim(share); item >= 0; item = claim(share)) {
      region.work(region.context, item, thread);
      took_part = true;
    }
  }
  return took_part;
}

// The next item of a thread's share, or -1.
Index ThreadPool::claim(Index share) {
  Seat& owner = seat(share);
  if (owner.next.load(std::memory_order_relaxed) >= owner.end) return -1;
  const Index item = owner.next.fetch_add(1, std::memory_order_relaxed);
  return item < owner.end ? item : -1;
}

void ThreadPool::meet() {
  n_met_.fetch_add(1);
  while (n_met_.load() < region_.n_threads) std::this_thread::yield();
}

// The pool of this process. It is never destroyed, so that workers may outlive everything else at
// exit.
std::atomic<ThreadPool*> the_pool = nullptr;

// A child has none of its parent's workers. Its first region makes a new pool; the old one, whose
// flags may be in any state, is left alone.
void forget_pool_in_child() {
#if !defined(_WIN32)
  static std::atomic<bool> is_registered = false;
  if (!is_registered.exchange(true)) pthread_atfork(nullptr, nullptr, [] { the_pool = nullptr; });
#endif
}

// Without a lock, which another thread could hold at the moment of a fork. Null if there is no
// memory for one: a region must not fail, for it may have begun to change parameters.
ThreadPool* pool() {
  ThreadPool* existing = the_pool.load(std::memory_order_acquire);
  if (existing != nullptr) return existing;
  forget_pool_in_child();
  try {
    auto fresh = std::make_unique<ThreadPool>();
    if (the_pool.compare_exchange_strong(existing, fresh.get())) return fresh.release();
    return existing;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace

void run_region(Index n_items, Index n_threads, RegionWork work, void* context) {
  assert(n_items > 1 && n_threads > 1);
  ++report.n_regions;
  if (ThreadPool* const workers = pool())
    workers->run(n_items, n_threads, work, context);
  else
    run_alone(n_items, work, context);
}

SpinScope::SpinScope() {
  if (ThreadPool* const workers = pool()) n_scopes_ = &workers->n_spin_scopes();
  if (n_scopes_ != nullptr) ++*n_scopes_;
}
SpinScope::~SpinScope() {
  if (n_scopes_ != nullptr) --*n_scopes_;
}

RegionReport region_report() { return report; }
void reset_region_report() { report = {}; }

void set_wait_for_all_workers(bool wait) { wait_for_all = wait; }

}  // namespace chainrule
