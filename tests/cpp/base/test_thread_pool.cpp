#include "base/thread_pool.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "allocations.hpp"
#include "base/float_environment.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

struct WaitForAll {
  WaitForAll() { set_wait_for_all_workers(true); }
  ~WaitForAll() { set_wait_for_all_workers(false); }
};

// How often each item was worked on.
std::vector<int> visits(Index n_items, Index n_threads) {
  std::vector<std::atomic<int>> counts(static_cast<std::size_t>(n_items));
  parallel_for(n_items, n_threads,
               [&](Index item, Index) noexcept { ++counts[static_cast<std::size_t>(item)]; });
  return {counts.begin(), counts.end()};
}

bool each_once(const std::vector<int>& counts) {
  return std::all_of(counts.begin(), counts.end(), [](int count) { return count == 1; });
}

// Runs `f` in a forked child; whether it returned true, within ten seconds.
template <class F>
bool succeeds_in_child(F&& f) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(f() ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace

TEST(one_thread_or_one_item_runs_inline) {
  reset_region_report();
  std::vector<Index> order;
  parallel_for(4, 1,
               [&](Index item, Index thread) noexcept { order.push_back(item + 10 * thread); });
  parallel_for(1, 8,
               [&](Index item, Index thread) noexcept { order.push_back(item + 10 * thread); });
  parallel_for(0, 8, [&](Index, Index) noexcept { order.push_back(-1); });
  CHECK(order == std::vector<Index>({0, 1, 2, 3, 0}));
  CHECK_EQUAL(region_report().n_regions, 0);
}

TEST(every_item_is_worked_on_once) {
  for (const Index n_threads : {2, 3, 4, 7})
    for (const Index n_items : {2, 3, 5, 8, 64, 1000}) CHECK(each_once(visits(n_items, n_threads)));
}

TEST(all_threads_take_part_when_waited_for) {
  const WaitForAll wait;
  for (const Index n_threads : {2, 3, 4, 7}) {
    for (const Index n_items : {2, 3, 7, 50}) {
      CHECK(each_once(visits(n_items, n_threads)));
      CHECK_EQUAL(region_report().n_threads_took_part, std::min(n_items, n_threads));
    }
  }
}

TEST(each_thread_begins_with_its_own_share) {
  const WaitForAll wait;
  for (int round = 0; round < 20; ++round) {
    std::vector<Index> first(4, -1);
    parallel_for(10, 4, [&](Index item, Index thread) noexcept {
      Index& mine = first[static_cast<std::size_t>(thread)];
      if (mine < 0) mine = item;
    });
    CHECK(first == std::vector<Index>({0, 2, 5, 7}));
  }
}

TEST(threads_have_indices_of_their_own) {
  std::vector<std::atomic<int>> inside(4);
  std::atomic<int> n_overlaps = 0;
  parallel_for(2000, 4, [&](Index, Index thread) noexcept {
    std::atomic<int>& mine = inside[static_cast<std::size_t>(thread)];
    if (++mine != 1) ++n_overlaps;
    --mine;
  });
  CHECK_EQUAL(n_overlaps.load(), 0);
}

TEST(what_is_written_before_and_in_a_region_is_seen_after_it) {
  std::vector<Index> values(300), doubled(300);
  for (Index round = 0; round < 200; ++round) {
    std::iota(values.begin(), values.end(), round);
    parallel_for(300, 3, [&](Index item, Index) noexcept {
      const auto i = static_cast<std::size_t>(item);
      doubled[i] = 2 * values[i];
    });
    const Index sum = std::accumulate(doubled.begin(), doubled.end(), Index{0});
    CHECK_EQUAL(sum, 2 * (300 * round + 299 * 150));
  }
}

TEST(a_region_inside_a_region_runs_on_its_thread) {
  std::atomic<Index> total = 0, n_elsewhere = 0;
  parallel_for(20, 3, [&](Index, Index) noexcept {
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(10, 3, [&](Index item, Index) noexcept {
      total += item;
      n_elsewhere += std::this_thread::get_id() != here;
    });
  });
  CHECK_EQUAL(total.load(), 20 * 45);
  CHECK_EQUAL(n_elsewhere.load(), 0);
}

TEST(callers_at_once_all_finish) {
  std::atomic<Index> n_wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      const SpinScope spin;
      for (int round = 0; round < 200; ++round) n_wrong += !each_once(visits(17, 3));
      n_wrong += region_report().n_regions != 200;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK_EQUAL(n_wrong.load(), 0);
}

TEST(spin_scopes_nest) {
  const WaitForAll wait;
  const SpinScope outer;
  {
    const SpinScope inner;
    CHECK(each_once(visits(8, 2)));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(each_once(visits(8, 2)));
}

TEST(parked_workers_wake) {
  const WaitForAll wait;
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    CHECK(each_once(visits(8, 3)));
    CHECK_EQUAL(region_report().n_threads_took_part, 3);
  }
}

TEST(more_threads_than_cpus) {
  const WaitForAll wait;
  const SpinScope spin;
  for (int round = 0; round < 3; ++round) CHECK(each_once(visits(64, 32)));
  CHECK_EQUAL(region_report().n_threads_took_part, 32);
}

TEST(workers_have_the_float_environment) {
  const WaitForAll wait;
  const FloatEnvironment environment;
  std::atomic<int> n_flushed = 0;
  parallel_for(4, 4, [&](Index, Index) noexcept {
    volatile double tiny = 1e-300;
    n_flushed += tiny * 1e-20 == 0.0;
  });
  CHECK_EQUAL(n_flushed.load(), 4);
}

TEST(workers_leave_signals_to_the_program) {
  const WaitForAll wait;
  std::atomic<int> n_blocked = 0;
  parallel_for(3, 3, [&](Index, Index) noexcept {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    n_blocked += sigismember(&blocked, SIGINT);
  });
  CHECK_EQUAL(n_blocked.load(), 2);
}

TEST(a_forked_child_has_workers_of_its_own) {
  const WaitForAll wait;
  CHECK(each_once(visits(8, 3)));
  const auto works = [] {
    return each_once(visits(8, 3)) && region_report().n_threads_took_part == 3;
  };
  CHECK(succeeds_in_child(works));
  const SpinScope spin;
  CHECK(succeeds_in_child([&] { return works() && succeeds_in_child(works); }));
  CHECK(works());
}

TEST(fork_while_a_region_runs) {
  std::atomic<bool> stop = false;
  std::thread busy([&] {
    const SpinScope spin;
    while (!stop) visits(50, 3);
  });
  for (int round = 0; round < 20; ++round)
    CHECK(succeeds_in_child([] { return each_once(visits(20, 3)); }));
  stop = true;
  busy.join();
}

// Where there is no memory for a pool or a thread, the caller does all of it.
TEST(a_forked_child_without_memory_works_alone) {
  const auto works_alone = [] {
    std::atomic<int> n_visits = 0;
    const test::OutOfMemory failure(1, test::OutOfMemory::from_then_on);
    const SpinScope spin;
    parallel_for(8, 3, [&](Index, Index) noexcept { ++n_visits; });
    return failure.happened() && n_visits == 8 && region_report().n_threads_took_part == 1;
  };
  CHECK(each_once(visits(8, 3)));
  CHECK(succeeds_in_child(works_alone));  // which has neither yet
}

}  // namespace chainrule
