#include "base/published.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "test.hpp"

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace chainrule {

namespace {

using Numbers = std::vector<int>;
using PublishedNumbers = Published<Numbers>;

void set_all(Numbers& numbers, int value) { numbers.assign(numbers.size(), value); }

// Readers see all of an update or nothing, and never an older one after a newer.
TEST(published_updates_are_seen_whole_and_in_order_by_every_thread) {
  PublishedNumbers published(Numbers(1000, 0), Numbers(1000, 0));
  std::atomic<bool> done = false;
  std::atomic<int> n_wrong = 0, n_reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      int last = 0;
      while (!done) {
        const PublishedNumbers::Reading reading(published);
        const Numbers& numbers = *reading;
        for (const int number : numbers) n_wrong += number != numbers.front();
        n_wrong += numbers.front() < last;
        last = numbers.front();
        ++n_reads;
      }
    });
  for (int value = 1; value <= 2000 || n_reads < 100; ++value)
    published.update([&](Numbers& numbers) { set_all(numbers, value); });
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK_EQUAL(n_wrong.load(), 0);
}

TEST(published_updates_leave_what_is_being_read) {
  PublishedNumbers published(Numbers(3, 1), Numbers(3, 0));
  const PublishedNumbers::Reading before(published);
  published.update([](Numbers& numbers) { set_all(numbers, 2); });
  const PublishedNumbers::Reading after(published);
  CHECK_EQUAL((*before).front(), 1);
  CHECK_EQUAL((*after).front(), 2);
}

#if !defined(_WIN32)

// A writer may wait for a lock that the fork has taken.
TEST(a_fork_while_an_update_is_written_does_not_wait_for_it) {
  PublishedNumbers published(Numbers(3, 1), Numbers(3, 0));
  std::atomic<bool> is_writing = false, has_forked = false;
  std::thread writer([&] {
    published.update([&](Numbers& numbers) {
      set_all(numbers, 7);
      is_writing = true;
      while (!has_forked) std::this_thread::yield();
    });
  });
  while (!is_writing) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that waits for ever is killed
    const bool was_old = (*PublishedNumbers::Reading(published)).front() == 1;
    published.update([](Numbers& numbers) { set_all(numbers, 2); });
    _exit(was_old && (*PublishedNumbers::Reading(published)).front() == 2 ? 0 : 1);
  }
  has_forked = true;
  writer.join();
  CHECK_EQUAL((*PublishedNumbers::Reading(published)).front(), 7);
  int status = -1;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
}

// What a reader in another thread had at the time of a fork is nobody's in the child.
TEST(published_updates_do_not_wait_for_readers_that_a_forked_child_has_not) {
  PublishedNumbers published(Numbers(3, 1), Numbers(3, 0));
  const PublishedNumbers::Reading reading(published);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that waits for ever is killed
    for (int value = 2; value <= 4; ++value)
      published.update([&](Numbers& numbers) { set_all(numbers, value); });
    const PublishedNumbers::Reading mine(published);
    _exit((*mine).front() == 4 ? 0 : 1);
  }
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  CHECK_EQUAL((*reading).front(), 1);
}

#endif

}  // namespace

}  // namespace chainrule
