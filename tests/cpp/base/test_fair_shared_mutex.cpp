#include "base/fair_shared_mutex.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

using namespace std::chrono_literals;

// Four readers of which there is always one inside; none leaves before the writer was there, or
// after ten seconds.
TEST(fair_shared_mutex_lets_a_writer_in_among_readers_without_a_pause) {
  FairSharedMutex mutex;
  std::atomic<bool> written = false;
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      while (!written && std::chrono::steady_clock::now() < end) {
        const std::shared_lock lock(mutex);
        std::this_thread::sleep_for(2ms);
      }
    });
  std::this_thread::sleep_for(20ms);
  for (int i = 0; i < 20; ++i) const std::unique_lock lock(mutex);
  const bool in_time = std::chrono::steady_clock::now() < end;
  written = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(in_time);
}

TEST(fair_shared_mutex_lets_readers_in_among_writers_without_a_pause) {
  FairSharedMutex mutex;
  std::atomic<bool> read = false;
  int n_writes = 0;
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::thread writer([&] {
    while (!read && std::chrono::steady_clock::now() < end) {
      const std::unique_lock lock(mutex);
      ++n_writes;
    }
  });
  for (int i = 0; i < 20; ++i) const std::shared_lock lock(mutex);
  const bool in_time = std::chrono::steady_clock::now() < end;
  read = true;
  writer.join();
  CHECK(in_time);
}

}  // namespace

}  // namespace chainrule
