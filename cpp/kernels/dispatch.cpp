#include "kernels/dispatch.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "kernels/isa/cpu_features.hpp"
#include "kernels/isa/tables.hpp"
#include "kernels/panels.hpp"
#include "kernels/reference.hpp"

namespace chainrule {

namespace {

struct Tier {
  std::string_view name;
  bool available;
  const KernelTable<float>* table_float;
  const KernelTable<double>* table_double;
};

// The list of tiers, best first.
std::vector<Tier> all_tiers() {
  [[maybe_unused]] const CpuFeatures cpu = cpu_features();
  return {
#if defined(__x86_64__)
      {"avx512", cpu.avx512, &avx512::table_float, &avx512::table_double},
      {"avx2", cpu.avx2_fma, &avx2::table_float, &avx2::table_double},
#elif defined(__aarch64__)
      {"neon", true, &neon::table_float, &neon::table_double},
#endif
      {"scalar", true, &scalar::table_float, &scalar::table_double},
  };
}

struct Choice {
  std::string tier;
  std::string notice;
  const KernelTable<float>* table_float = nullptr;
  const KernelTable<double>* table_double = nullptr;
};

std::string tier_names(const std::vector<Tier>& tiers) {
  std::string names;
  for (const Tier& tier : tiers)
    if (tier.available) names += (names.empty() ? "" : ", ") + std::string(tier.name);
  return names;
}

// The position of the best tier that CHAINRULE_ISA allows, whether this processor has it or not.
std::size_t first_allowed(const std::vector<Tier>& tiers, std::string& notice) {
  const char* asked = std::getenv("CHAINRULE_ISA");
  if (asked == nullptr || *asked == '\0') return 0;
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    if (tiers[i].name != asked) continue;
    if (!tiers[i].available)
      notice = text("CHAINRULE_ISA=", asked,
                    " is not available on this processor (available: ", tier_names(tiers),
                    "); the best available tier is used.");
    return i;
  }
  notice = text("CHAINRULE_ISA=", asked, " is not a known tier (available: ", tier_names(tiers),
                "); the best available tier is used.");
  return 0;
}

// Set by break_tier.
std::string broken_tier;

template <class T>
bool is_right(const Tier& tier, const KernelTable<T>& table) {
  KernelTable<T> checked = table;
  if (tier.name == broken_tier) checked.forward = [](const ForwardBlock<T>&) {};
  return products_are_exact(checked);
}

Choice choose() {
  const FloatEnvironment environment;
  const std::vector<Tier> tiers = all_tiers();
  Choice choice;
  for (std::size_t i = first_allowed(tiers, choice.notice); i < tiers.size(); ++i) {
    const Tier& tier = tiers[i];
    if (!tier.available) continue;
    if (is_right(tier, *tier.table_float) && is_right(tier, *tier.table_double)) {
      choice.tier = tier.name;
      choice.table_float = tier.table_float;
      choice.table_double = tier.table_double;
      return choice;
    }
    choice.notice += text(choice.notice.empty() ? "" : " ", "The kernels of tier ", tier.name,
                          " gave wrong results on this machine and are not used.");
  }
  throw std::runtime_error(choice.notice);
}

const Choice& choice() {
  static const Choice chosen = choose();
  return chosen;
}

// Operands of a small layer: integers of at most 3 in magnitude, so that all sums are exact.
template <class T>
struct ExactLayer {
  static constexpr Index d = 33, n_in = 17, n_out = 19;
  static constexpr Index padded_in = round_up(n_in, kLanes<T>),
                         padded_out = round_up(n_out, kLanes<T>);
  AlignedBuffer<T> x{d * padded_in}, dz{d * padded_out}, w{n_out * n_in};
  AlignedBuffer<T> w_panels{panels_size<T>(n_out, n_in)};
  AlignedBuffer<T> w_transposed{panels_size<T>(n_in, n_out)};

  ExactLayer() {
    for (Index e = 0; e < d; ++e) {
      for (Index i = 0; i < n_in; ++i) x.data()[e * padded_in + i] = T((e * 5 + i * 3) % 7 - 3);
      for (Index o = 0; o < n_out; ++o) dz.data()[e * padded_out + o] = T((e * 3 + o * 2) % 7 - 3);
    }
    for (Index i = 0; i < n_out * n_in; ++i) w.data()[i] = T((i * 11) % 7 - 3);
    pack<T>(w_view(), w_panels.data());
  }
  MatrixView<const T> x_view() const { return {x.data(), d, n_in, padded_in}; }
  MatrixView<const T> dz_view() const { return {dz.data(), d, n_out, padded_out}; }
  MatrixView<const T> w_view() const { return {w.data(), n_out, n_in, n_in}; }
};

template <class T>
bool equal(MatrixView<const T> a, MatrixView<const T> b) {
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j)
      if (a(i, j) != b(i, j)) return false;
  return true;
}

}  // namespace

template <class T>
bool products_are_exact(const KernelTable<T>& table) {
  using Layer = ExactLayer<T>;
  constexpr Index d = Layer::d, n_in = Layer::n_in, n_out = Layer::n_out;
  const Layer layer;
  AlignedBuffer<T> got(d * Layer::padded_out + d * Layer::padded_in), expected(d * (n_in + n_out));

  const MatrixView<T> z{got.data(), d, n_out, Layer::padded_out};
  const MatrixView<T> expected_z{expected.data(), d, n_out, n_out};
  ForwardBlock<T> up{};
  up.x = layer.x_view();
  up.w = layer.w_panels.data();
  up.n_panels = n_panels<T>(n_out);
  up.z = z.data;
  up.z_stride = z.stride;
  table.forward(up);
  reference::forward<T>(layer.x_view(), layer.w_view(), nullptr, expected_z);
  if (!equal<T>(z, expected_z)) return false;

  const MatrixView<T> da{got.data(), d, n_in, Layer::padded_in};
  const MatrixView<T> expected_da{expected.data(), d, n_in, n_in};
  for (Index p = 0; p < n_panels<T>(n_in); ++p)
    table.transpose_panel(layer.w_panels.data(), n_out, n_in, p,
                          layer.w_transposed.data() + p * n_out * kLanes<T>);
  InputGradientBlock<T> down{};
  down.dz = layer.dz_view();
  down.w_transposed = layer.w_transposed.data();
  down.count = n_in;
  down.da = da;
  table.input_gradient(down);
  reference::input_gradient<T>(layer.dz_view(), layer.w_view(), expected_da);
  if (!equal<T>(da, expected_da)) return false;

  AlignedBuffer<T> dw_panels(panels_size<T>(n_out, n_in));
  const MatrixView<T> dw{got.data(), n_out, n_in, n_in},
      expected_dw{expected.data(), n_out, n_in, n_in};
  for (Index p = 0; p < n_panels<T>(n_out); p += table.blocks.panels) {
    WeightGradientBlock<T> block{};
    block.x = layer.x_view();
    block.dz = layer.dz_view();
    block.first_panel = p;
    block.n_panels = std::min(table.blocks.panels, n_panels<T>(n_out) - p);
    block.count = n_in;
    block.gradient = dw_panels.data();
    table.weight_gradient(block);
  }
  unpack<T>(dw_panels.data(), dw);
  reference::weight_gradient<T>(layer.dz_view(), layer.x_view(), expected_dw);
  return equal<T>(dw, expected_dw);
}

template <>
const KernelTable<float>& kernels<float>() {
  return *choice().table_float;
}
template <>
const KernelTable<double>& kernels<double>() {
  return *choice().table_double;
}

std::vector<std::string> available_tiers() {
  std::vector<std::string> names;
  for (const Tier& tier : all_tiers())
    if (tier.available) names.emplace_back(tier.name);
  return names;
}

template <class T>
const KernelTable<T>& kernels_of(std::string_view name) {
  for (const Tier& tier : all_tiers())
    if (tier.available && tier.name == name) {
      if constexpr (std::is_same_v<T, float>)
        return *tier.table_float;
      else
        return *tier.table_double;
    }
  throw std::invalid_argument(text("tier: expected one that this processor has, got '", name, "'"));
}

template const KernelTable<float>& kernels_of<float>(std::string_view);
template const KernelTable<double>& kernels_of<double>(std::string_view);
template bool products_are_exact(const KernelTable<float>&);
template bool products_are_exact(const KernelTable<double>&);

void break_tier(std::string_view name) { broken_tier = name; }

const std::string& chosen_tier() { return choice().tier; }
const std::string& tier_notice() { return choice().notice; }

}  // namespace chainrule
