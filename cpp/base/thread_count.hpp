// How many threads may be used? Given numbers are taken as given; the default respects what the
// system, a container or OMP_NUM_THREADS allows.
#pragma once

#include <string>

#include "base/index.hpp"

namespace chainrule {

inline constexpr Index kMaxThreads = 1024;

// The number last set by set_num_threads, else CHAINRULE_NUM_THREADS, else the default: the least
// of CPUs in the affinity mask, CPU quota rounded up, and OMP_NUM_THREADS. The environment is read
// once.
Index max_threads();

// std::invalid_argument unless 1 <= n <= kMaxThreads.
void set_num_threads(Index n);

// What is wrong with variables of the environment that are ignored for that; empty if nothing.
std::string thread_count_warning();

struct CpuLimits {
  Index n_cpus;  // in the affinity mask of this process
  double quota;  // CPUs' worth of time that cgroups grant; infinite without a limit

  bool has_quota() const { return quota < static_cast<double>(n_cpus); }
};

CpuLimits read_cpu_limits();

// The two steps of the above that do not ask the system, for tests.
struct ThreadCount {
  Index n_threads;
  std::string warning;
};

// The number that follows from limits and the texts of both variables (null when not set).
ThreadCount thread_count(const CpuLimits& limits, const char* own, const char* omp);

// The least quota of the cgroups named in `proc_self_cgroup` (the text of that file) and their
// parents, read below the folder `cgroup_root`.
double cgroup_quota(const std::string& proc_self_cgroup, const std::string& cgroup_root);

}  // namespace chainrule
