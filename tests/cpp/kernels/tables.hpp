// How is a kernel tested on every instruction set? Through the table of every tier that this
// processor has, for both types, in the core's floating-point state.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/check.hpp"
#include "base/float_environment.hpp"
#include "base/random.hpp"
#include "base/type_list.hpp"
#include "kernels/dispatch.hpp"
#include "test.hpp"

namespace chainrule::test {

// Calls f.template operator()<T>() for float and double.
template <class F>
void for_each_float(F&& f) {
  const FloatEnvironment environment;
  for_each_type(TypeList<float, double>{}, f);
}

// Calls f(table) for each tier, best first.
template <class T, class F>
void for_each_tier(F&& f) {
  for (const std::string& tier : available_tiers()) f(kernels_of<T>(tier));
}

template <class F>
void for_each_table(F&& f) {
  for_each_float([&]<class T>() { for_each_tier<T>(f); });
}

// Every tier but this one has the same bits; it has no fma.
template <class T>
bool has_fma(const KernelTable<T>& table) {
  return std::string_view(table.tier) != "scalar";
}

// Calls f(best, other) for the best tier and each other one that must give its bits.
template <class F>
void for_each_pair_with_equal_bits(F f) {
  for_each_float([&]<class T>() {
    const KernelTable<T>& best = kernels_of<T>(available_tiers().front());
    for_each_tier<T>([&](const KernelTable<T>& other) {
      if (has_fma(other) && &other != &best) f(best, other);
    });
  });
}

// "avx2 float"
template <class T>
std::string label(const KernelTable<T>& table) {
  return text(table.tier, std::is_same_v<T, float> ? " float" : " double");
}

// Half the distance from 1 to the next number.
template <class T>
inline constexpr T kUnit = std::numeric_limits<T>::epsilon() / 2;

// Numbers in (-1, 1) and small integers in [-3, 3], the same in every run.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_{seed, Purpose::kNoise, 0, 0} {}
  // Two words make all bits of a double.
  double real(Index i, Index j) const {
    return 2 * (random_.uniform(i, 2 * j) + 0x1p-32 * random_.uniform(i, 2 * j + 1)) - 1;
  }
  int whole(Index i, Index j) const { return static_cast<int>(random_.word(i, j) % 7) - 3; }

 private:
  RandomStream random_;
};

}  // namespace chainrule::test

// A check that says for which table, shape or formula it failed.
#define CHECK_FOR(what, condition)                               \
  ::chainrule::test::report(bool(condition), __FILE__, __LINE__, \
                            ::chainrule::text(what, ": " #condition))
