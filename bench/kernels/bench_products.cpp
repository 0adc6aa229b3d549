// What share of the machine do the products of a dense layer reach? GFLOP/s of each product beside
// the FMA peak of the same round, per tier and type.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <type_traits>

#include "base/float_environment.hpp"
#include "base/thread_pool.hpp"
#include "dense_layer.hpp"
#include "fma_peak.hpp"
#include "kernels/dispatch.hpp"
#include "options.hpp"
#include "stopwatch.hpp"

namespace chainrule::bench {

namespace {

constexpr double kSecondsPerSample = 0.02;
constexpr std::size_t kNProducts = std::size(kProducts);

struct Settings {
  Index n_threads, n_rounds;
  Clock clock;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Seconds of one run, from as many in a row as a sample takes.
template <class F>
double seconds_of(F&& run, Index repeats, Clock clock) {
  const Stopwatch stopwatch(clock);
  for (Index i = 0; i < repeats; ++i) run();
  return stopwatch.seconds() / static_cast<double>(repeats);
}

template <class T>
void measure(const std::string& tier, const Shape& shape, const Settings& settings) {
  DenseLayer<T> layer(tier, shape, settings.n_threads);
  const std::string error = layer.find_error();
  check(error.empty(), tier, ": differs from the reference, ", error);

  Index repeats[kNProducts];
  for (std::size_t p = 0; p < kNProducts; ++p) {
    const double once = seconds_of([&] { layer.run(kProducts[p]); }, 3, settings.clock);
    repeats[p] = std::max<Index>(1, static_cast<Index>(kSecondsPerSample / std::max(once, 1e-9)));
  }
  std::vector<double> peaks, rates[kNProducts], shares[kNProducts];
  for (Index round = 0; round < settings.n_rounds; ++round) {
    peaks.push_back(measure_peak<T>(tier, settings.n_threads, kSecondsPerSample, settings.clock));
    for (std::size_t p = 0; p < kNProducts; ++p) {
      rates[p].push_back(shape.flops() /
                         seconds_of([&] { layer.run(kProducts[p]); }, repeats[p], settings.clock) *
                         1e-9);
      shares[p].push_back(100.0 * rates[p].back() / peaks.back());
    }
  }

  std::ostringstream line;
  line << std::fixed << std::left << std::setw(8) << tier << std::setw(9)
       << (std::is_same_v<T, float> ? "float32" : "float64") << std::right << std::setw(6)
       << shape.batch << std::setw(6) << shape.n_in << std::setw(6) << shape.n_out
       << std::setprecision(1) << std::setw(9) << median(peaks);
  for (std::size_t p = 0; p < kNProducts; ++p)
    line << std::setw(13) << median(rates[p]) << std::setw(4) << std::setprecision(0)
         << median(shares[p]) << " %" << std::setprecision(1);
  std::cout << line.str() << std::endl;
}

void print_header(const Settings& settings) {
  std::cout << "GFLOP/s and share of the FMA peak of the same round; medians of "
            << settings.n_rounds << " rounds, " << settings.n_threads << " thread(s)\n"
            << std::left << std::setw(8) << "tier" << std::setw(9) << "type" << std::right
            << std::setw(6) << "batch" << std::setw(6) << "n_in" << std::setw(6) << "n_out"
            << std::setw(9) << "peak";
  for (const char* name : kProductNames) std::cout << std::setw(19) << name;
  std::cout << std::endl;
}

Shape to_shape(const std::string& given) {
  const std::vector<std::string> sizes = split_list(given, 'x');
  check(sizes.size() == 3, "--shapes: expected batch x n_in x n_out such as 1024x2048x2048, got ",
        given);
  return {to_count("batch", sizes[0]), to_count("n_in", sizes[1]), to_count("n_out", sizes[2])};
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ",") + name;
  return all;
}

void run(int argc, char** argv) {
  const Options options(argc, argv,
                        {{"--shapes", "1024x2048x2048"},
                         {"--tiers", joined(available_tiers())},
                         {"--types", "float32,float64"},
                         {"--threads", "1"},
                         {"--rounds", "15"},
                         {"--clock", "wall"}});
  const std::string& clock = options["--clock"];
  check(clock == "wall" || clock == "cpu", "--clock: expected wall or cpu, got ", clock);
  const Settings settings{options.count("--threads"), options.count("--rounds"),
                          clock == "cpu" ? Clock::cpu : Clock::wall};
  check(settings.n_threads == 1 || settings.clock == Clock::wall, "--clock: cpu is for one thread");
  const FloatEnvironment environment;
  const SpinScope keep_workers_awake;
  print_header(settings);
  for (const std::string& tier : options.list("--tiers"))
    for (const std::string& type : options.list("--types"))
      for (const std::string& shape : options.list("--shapes")) {
        check(type == "float32" || type == "float64", "--types: expected float32 or float64, got ",
              type);
        if (type == "float32")
          measure<float>(tier, to_shape(shape), settings);
        else
          measure<double>(tier, to_shape(shape), settings);
      }
}

}  // namespace

}  // namespace chainrule::bench

int main(int argc, char** argv) {
  try {
    chainrule::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_products: " << error.what() << "\n";
    return 1;
  }
}
