#include "base/thread_count.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "base/check.hpp"

namespace chainrule {

namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// 0: not given by set_num_threads, not yet worked out.
std::atomic<Index> given_number = 0;
std::atomic<Index> default_number = 0;

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "max 100000" or "150000 100000": microseconds of CPU time per period.
double version_2_quota(const std::string& folder) {
  std::istringstream file(read_text(folder + "/cpu.max"));
  double time = 0, period = 0;
  return file >> time >> period && time > 0 && period > 0 ? time / period : kNoQuota;
}

// A time of -1 means no limit.
double version_1_quota(const std::string& folder) {
  std::istringstream time_file(read_text(folder + "/cpu.cfs_quota_us"));
  std::istringstream period_file(read_text(folder + "/cpu.cfs_period_us"));
  double time = 0, period = 0;
  const bool limited = time_file >> time && period_file >> period && time > 0 && period > 0;
  return limited ? time / period : kNoQuota;
}

// Inside a container the path may be the host's: whatever part of it is missing is skipped.
template <class Quota>
double least_quota(const std::string& mount, std::string path, Quota&& quota_of) {
  double least = quota_of(mount);
  while (!path.empty() && path != "/") {
    least = std::min(least, quota_of(mount + path));
    path.erase(std::min(path.rfind('/'), path.size()));
  }
  return least;
}

bool lists_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

Index affinity_count() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max<Index>(1, std::thread::hardware_concurrency());
}

// The whole of `value`, blanks around it aside, as a number from 1 to `highest`.
std::optional<Index> parse(std::string_view value, Index highest) {
  const std::size_t first = value.find_first_not_of(" \t"), last = value.find_last_not_of(" \t");
  if (first == value.npos) return std::nullopt;
  const char* const end = value.data() + last + 1;
  Index n = 0;
  const auto [stop, error] = std::from_chars(value.data() + first, end, n);
  const bool ok = error == std::errc() && stop == end && n >= 1 && n <= highest;
  return ok ? std::optional(n) : std::nullopt;
}

// An empty value counts as not set.
std::optional<Index> variable(const char* name, std::string_view value, Index highest,
                              std::string& warning) {
  if (value.empty()) return std::nullopt;
  const std::optional<Index> n = parse(value, highest);
  if (!n)
    warning += text(warning.empty() ? "" : "; ", name, ": expected an integer from 1 to ", highest,
                    ", got '", value, "', which is ignored");
  return n;
}

ThreadCount default_count() {
  return thread_count(read_cpu_limits(), std::getenv("CHAINRULE_NUM_THREADS"),
                      std::getenv("OMP_NUM_THREADS"));
}

}  // namespace

double cgroup_quota(const std::string& proc_self_cgroup, const std::string& cgroup_root) {
  double least = kNoQuota;
  std::istringstream lines(proc_self_cgroup);
  // "number:controllers:path"; version 2 has number 0 and no controllers.
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty())
      least = std::min(least, least_quota(cgroup_root, path, version_2_quota));
    if (!lists_cpu(controllers)) continue;
    for (const std::string& mount : {"/" + controllers, std::string("/cpu")})
      least = std::min(least, least_quota(cgroup_root + mount, path, version_1_quota));
  }
  return least;
}

CpuLimits read_cpu_limits() {
  return {affinity_count(), cgroup_quota(read_text("/proc/self/cgroup"), "/sys/fs/cgroup")};
}

ThreadCount thread_count(const CpuLimits& limits, const char* own, const char* omp) {
  constexpr Index kMaxOmpThreads = std::numeric_limits<int>::max();
  ThreadCount count{std::min(limits.n_cpus, kMaxThreads), ""};
  if (limits.has_quota())
    count.n_threads = std::min(count.n_threads, static_cast<Index>(std::ceil(limits.quota)));
  // OMP_NUM_THREADS may list a number for each level of nesting, as in "4,2": the first is ours.
  const std::string_view levels = omp == nullptr ? "" : omp;
  const std::string_view outermost = levels.substr(0, levels.find(','));
  const auto bound = variable("OMP_NUM_THREADS", outermost, kMaxOmpThreads, count.warning);
  if (bound) count.n_threads = std::min(count.n_threads, *bound);
  const std::string_view value = own == nullptr ? "" : own;
  const auto given = variable("CHAINRULE_NUM_THREADS", value, kMaxThreads, count.warning);
  if (given) count.n_threads = *given;
  return count;
}

// Two threads may both work the default out, with the same result: a lock could be held during a
// fork.
Index max_threads() {
  const Index given = given_number.load(std::memory_order_relaxed);
  if (given > 0) return given;
  Index n = default_number.load(std::memory_order_relaxed);
  if (n == 0) default_number.store(n = default_count().n_threads, std::memory_order_relaxed);
  return n;
}

void set_num_threads(Index n) {
  check(n >= 1 && n <= kMaxThreads, "n_threads: expected an integer from 1 to ", kMaxThreads,
        ", got ", n);
  given_number.store(n, std::memory_order_relaxed);
}

std::string thread_count_warning() { return default_count().warning; }

}  // namespace chainrule
