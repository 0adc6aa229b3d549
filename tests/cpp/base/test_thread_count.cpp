#include "base/thread_count.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "test.hpp"

namespace chainrule {

namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr CpuLimits kEightCpus{8, kUnlimited};

Index count(const CpuLimits& limits, const char* own, const char* omp) {
  return thread_count(limits, own, omp).n_threads;
}

std::string warning(const char* own, const char* omp) {
  return thread_count(kEightCpus, own, omp).warning;
}

// A folder that looks like /sys/fs/cgroup; removed at the end.
class CgroupTree {
 public:
  CgroupTree()
      : root_(std::filesystem::temp_directory_path() / ("cgroups_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(root_);
  }
  ~CgroupTree() { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& content) const {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content << "\n";
  }
  double quota(const std::string& groups) const { return cgroup_quota(groups, root_.string()); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST(default_thread_count) {
  CHECK_EQUAL(count(kEightCpus, nullptr, nullptr), 8);
  CHECK_EQUAL(count({8, 2.0}, nullptr, nullptr), 2);
  CHECK_EQUAL(count({8, 2.1}, nullptr, nullptr), 3);
  CHECK_EQUAL(count({8, 0.5}, nullptr, nullptr), 1);
  CHECK_EQUAL(count({8, 7.5}, nullptr, nullptr), 8);
  CHECK_EQUAL(count({2, 4.0}, nullptr, nullptr), 2);
  CHECK_EQUAL(count({4096, kUnlimited}, nullptr, nullptr), kMaxThreads);
}

TEST(omp_num_threads_only_lowers) {
  CHECK_EQUAL(count(kEightCpus, nullptr, "3"), 3);
  CHECK_EQUAL(count(kEightCpus, nullptr, "12"), 8);
  CHECK_EQUAL(count(kEightCpus, nullptr, "100000"), 8);
  CHECK_EQUAL(count({8, 2.0}, nullptr, "3"), 2);
  CHECK_EQUAL(count(kEightCpus, nullptr, " 4 , 2"), 4);
  CHECK_EQUAL(count(kEightCpus, nullptr, ""), 8);
}

TEST(own_variable_is_taken_as_given) {
  CHECK_EQUAL(count({2, 1.0}, "16", "1"), 16);
  CHECK_EQUAL(count(kEightCpus, " 2 ", nullptr), 2);
  CHECK_EQUAL(count(kEightCpus, "1024", nullptr), 1024);
  CHECK_EQUAL(count(kEightCpus, "", "2"), 2);
}

TEST(invalid_variables_are_ignored_with_a_warning) {
  for (const char* value :
       {"0", "-1", "two", "2x", "1.5", "4,2", " ", "1025", "99999999999999999999"}) {
    CHECK_EQUAL(count(kEightCpus, value, nullptr), 8);
    CHECK_EQUAL(warning(value, nullptr),
                "CHAINRULE_NUM_THREADS: expected an integer from 1 to 1024, got '" +
                    std::string(value) + "', which is ignored");
  }
  CHECK_EQUAL(count(kEightCpus, nullptr, "many"), 8);
  CHECK_EQUAL(
      warning(nullptr, "many,2"),
      "OMP_NUM_THREADS: expected an integer from 1 to 2147483647, got 'many', which is ignored");
  CHECK(warning("a", "b").find("; CHAINRULE_NUM_THREADS") != std::string::npos);
  CHECK_EQUAL(warning("4", "2"), "");
}

TEST(set_num_threads_wins) {
  const Index before = max_threads();
  CHECK(before >= 1);
  set_num_threads(3);
  CHECK_EQUAL(max_threads(), 3);
  CHECK_THROWS(set_num_threads(0), "n_threads: expected an integer from 1 to 1024, got 0");
  CHECK_THROWS(set_num_threads(1025), "got 1025");
  CHECK_EQUAL(max_threads(), 3);
  set_num_threads(before);
}

TEST(limits_of_this_machine) {
  const CpuLimits limits = read_cpu_limits();
  CHECK(limits.n_cpus >= 1);
  CHECK(limits.quota > 0);
}

TEST(cgroup_version_2) {
  const CgroupTree tree;
  CHECK_EQUAL(tree.quota("0::/\n"), kUnlimited);
  tree.write("cpu.max", "max 100000");
  CHECK_EQUAL(tree.quota("0::/\n"), kUnlimited);
  tree.write("a/cpu.max", "150000 100000");
  tree.write("a/b/cpu.max", "max 100000");
  CHECK_EQUAL(tree.quota("0::/a/b\n"), 1.5);
  CHECK_EQUAL(tree.quota("0::/a/b/missing/c\n"), 1.5);
  CHECK_EQUAL(tree.quota("0::/other\n"), kUnlimited);
  tree.write("a/b/cpu.max", "50000 100000");
  CHECK_EQUAL(tree.quota("0::/a/b\n"), 0.5);
}

TEST(cgroup_version_1) {
  const CgroupTree tree;
  tree.write("cpu/cpu.cfs_quota_us", "-1");
  tree.write("cpu/cpu.cfs_period_us", "100000");
  CHECK_EQUAL(tree.quota("3:cpu,cpuacct:/x\n2:memory:/x\n"), kUnlimited);
  tree.write("cpu/x/cpu.cfs_quota_us", "300000");
  tree.write("cpu/x/cpu.cfs_period_us", "100000");
  CHECK_EQUAL(tree.quota("3:cpu,cpuacct:/x\n2:memory:/x\n"), 3.0);
  CHECK_EQUAL(tree.quota("2:memory:/x\n3:cpuacct:/x\n4:cpuset:/x\n"), kUnlimited);
  tree.write("cpu,cpuacct/cpu.cfs_quota_us", "200000");
  tree.write("cpu,cpuacct/cpu.cfs_period_us", "100000");
  CHECK_EQUAL(tree.quota("3:cpu,cpuacct:/not/mounted/here\n"), 2.0);
}

TEST(cgroup_files_may_be_anything) {
  const CgroupTree tree;
  for (const char* content : {"", "nonsense", "100000", "0 0", "-5 100", "100000 0"}) {
    tree.write("cpu.max", content);
    CHECK_EQUAL(tree.quota("0::/\n"), kUnlimited);
  }
  CHECK_EQUAL(tree.quota(""), kUnlimited);
  CHECK_EQUAL(tree.quota("garbage\n::\n:\n\n0:"), kUnlimited);
}

}  // namespace chainrule
