// What does Python ask of the core beside networks? Threads, kernels, test switches, data.
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>

#include "base/finite.hpp"
#include "base/random.hpp"
#include "base/thread_count.hpp"
#include "base/thread_pool.hpp"
#include "base/version.hpp"
#include "bindings/network_object.hpp"
#include "bindings/text.hpp"
#include "kernels/dispatch.hpp"
#include "network/metrics.hpp"

namespace chainrule {

namespace {

py::typing::Optional<py::str> unless_empty(const std::string& text) {
  return text.empty() ? py::object(py::none()) : py::object(to_python(text));
}

const char* compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

void bind_threads_and_tiers(py::module_& module) {
  module.def("set_num_threads", &set_num_threads, py::arg("n"));
  module.def("get_num_threads", &max_threads);
  module.def("thread_notice", [] { return unless_empty(thread_count_warning()); });
  module.def("isa", [] { return chosen_tier(); });
  module.def("available_isas", &available_tiers);
  module.def("isa_notice", [] { return unless_empty(tier_notice()); });
  module.def("compiler", [] { return compiler(); });
  module.def("version", [] { return kLibraryVersion; });
}

void bind_test_switches(py::module_& module) {
  module.def("path_counters", [] {
    const PathCounters counters = path_counters();
    py::dict all;
    all["fused_updates"] = counters.fused_updates;
    all["sweeps"] = counters.sweeps;
    all["threaded_operations"] = counters.threaded_operations;
    all["tiled_predictions"] = counters.tiled_predictions;
    all["most_threads"] = counters.most_threads;
    return all;
  });
  module.def("reset_path_counters", &reset_path_counters);
  module.def("break_isa", &break_tier, py::arg("name"));
  module.def("set_wait_for_all_workers", &set_wait_for_all_workers, py::arg("wait"));
}

template <class T>
double accuracy_of(const py::array& predictions, const py::array& y,
                   const std::optional<py::array>& weights, bool by_entry) {
  const auto y_hat = input_matrix<T>(predictions, "predictions", -1, -1);
  const double* w =
      weights ? checked_data<double>(*weights, "sample_weight", {y_hat.rows}, false) : nullptr;
  if (y.ndim() == 1)
    return accuracy(y_hat, {}, checked_data<std::int64_t>(y, "y", {y_hat.rows}, false), w, false);
  return accuracy(y_hat, input_matrix<T>(y, "y", y_hat.rows, y_hat.cols), nullptr, w,
                  by_entry || y_hat.cols == 1);
}

template <class T>
bool are_finite(const py::array_t<T, py::array::c_style>& array) {
  const std::span<const T> numbers(array.data(), static_cast<std::size_t>(array.size()));
  constexpr std::size_t kPart = 1 << 16;
  if (numbers.size() <= kPart) return all_finite(numbers);
  const GilRelease release;
  std::atomic<bool> finite = true;
  const auto n_parts = static_cast<Index>((numbers.size() + kPart - 1) / kPart);
  parallel_for(n_parts, max_threads(), [&](Index i, Index /*thread*/) noexcept {
    const std::size_t first = static_cast<std::size_t>(i) * kPart;
    if (!all_finite(numbers.subspan(first, std::min(kPart, numbers.size() - first))))
      finite.store(false, std::memory_order_relaxed);
  });
  return finite;
}

void bind_data(py::module_& module) {
  module.def("all_finite", &are_finite<float>, py::arg("array").noconvert());
  module.def("all_finite", &are_finite<double>, py::arg("array").noconvert());
  module.def(
      "metric_accuracy",
      [](const py::array& predictions, const py::array& y, const std::optional<py::array>& weights,
         bool by_entry) {
        return predictions.dtype().equal(py::dtype::of<float>())
                   ? accuracy_of<float>(predictions, y, weights, by_entry)
                   : accuracy_of<double>(predictions, y, weights, by_entry);
      },
      py::arg("predictions"), py::arg("y"), py::arg("weights") = py::none(),
      py::arg("by_entry") = false);
  module.def(
      "validation_split",
      [](Index n, double fraction, const std::optional<py::array>& classes, std::uint64_t seed) {
        std::span<const Index> labels;
        if (classes)
          labels = {checked_data<Index>(*classes, "y", {n}, false), static_cast<std::size_t>(n)};
        const RowSplit split = split_rows(n, fraction, labels, seed);
        return std::make_pair(to_array(split.training, {std::ssize(split.training)}),
                              to_array(split.validation, {std::ssize(split.validation)}));
      },
      py::arg("n"), py::arg("fraction"), py::arg("classes"), py::arg("seed"));
}

}  // namespace

void bind_runtime(py::module_& module) {
  bind_threads_and_tiers(module);
  bind_test_switches(module);
  bind_data(module);
}

}  // namespace chainrule
