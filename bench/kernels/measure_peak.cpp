// What is the FMA peak now? GFLOP/s of the best tier or of a given one; with a number on each line
// of the input, one measurement of that many milliseconds per line, for programs that interleave
// it.
#include <exception>
#include <iostream>
#include <string>

#include "base/thread_pool.hpp"
#include "fma_peak.hpp"
#include "kernels/dispatch.hpp"
#include "options.hpp"

namespace chainrule::bench {

namespace {

double peak(const Options& options, double milliseconds) {
  const std::string& tier = options["--tier"];
  const Index n_threads = options.count("--threads");
  return options["--type"] == "float32"
             ? measure_peak<float>(tier, n_threads, milliseconds * 1e-3, Clock::wall)
             : measure_peak<double>(tier, n_threads, milliseconds * 1e-3, Clock::wall);
}

void run(int argc, char** argv) {
  const Options options(argc, argv,
                        {{"--tier", available_tiers().front()},
                         {"--type", "float32"},
                         {"--threads", "1"},
                         {"--serve", "no"}});
  const std::string& type = options["--type"];
  check(type == "float32" || type == "float64", "--type: expected float32 or float64, got ", type);
  if (options["--serve"] == "no") {
    std::cout << options["--tier"] << " " << type << " " << peak(options, 100.0) << " GFLOP/s\n";
    return;
  }
  for (double milliseconds = 0.0; std::cin >> milliseconds;) {
    const SpinScope keep_workers_awake;
    std::cout << peak(options, milliseconds) << std::endl;
  }
}

}  // namespace

}  // namespace chainrule::bench

int main(int argc, char** argv) {
  try {
    chainrule::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "measure_peak: " << error.what() << "\n";
    return 1;
  }
}
