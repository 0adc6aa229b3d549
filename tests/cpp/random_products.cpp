// Are the products exact for many more random layers than the tests draw? On every tier, half of
// the layers in float32: random_products [number of layers] [first seed]. A layer that fails is
// printed with its seed, so that random_products 1 <seed> tries it again.
#include <cstdlib>
#include <iostream>

#include "base/thread_memory.hpp"
#include "kernels/random_products.hpp"

namespace chainrule {

namespace {

// Whether the layers with these seeds are right.
template <class T>
bool check_layers(const KernelTable<T>& table, std::uint64_t first, std::uint64_t count) {
  test::FencedPool pool;
  std::uint64_t n_wrong = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string wrong = test::wrong_product(table, pool, seed);
    if (!wrong.empty() && ++n_wrong <= 10) std::cout << wrong << "\n";
  }
  std::cout << test::label(table) << ": " << count << " layers, " << n_wrong << " wrong"
            << std::endl;
  return n_wrong == 0;
}

}  // namespace

}  // namespace chainrule

int main(int argc, char** argv) {
  using namespace chainrule;
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  bool all_right = true;
  reserve_block_memory();
  test::for_each_table([&](const auto& table) {
    all_right = check_layers(table, first, (count + 1) / 2) && all_right;
  });
  return all_right ? 0 : 1;
}
