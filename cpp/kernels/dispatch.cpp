#include "kernels/dispatch.hpp"

#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "kernels/isa/cpu_features.hpp"
#include "kernels/isa/tables.hpp"
#include "kernels/self_check.hpp"

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

}  // namespace

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

void break_tier(std::string_view name) { broken_tier = name; }

const std::string& chosen_tier() { return choice().tier; }
const std::string& tier_notice() { return choice().notice; }

}  // namespace chainrule
