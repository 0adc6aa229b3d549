// How does libFuzzer get from one model file to the next? By a change of its structure or, every
// fourth time, by one of its own, and always with the right checksum.
#include <algorithm>

#include "fuzz/model_files.hpp"

extern "C" {

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
  using namespace chainrule;
  const bool own_change = seed % 4 == 0;
  if (own_change) size = LLVMFuzzerMutate(data, size, max_size);
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const Bytes given(first, first + size);
  const Bytes file = own_change ? sealed(given) : fuzz::changed_file(given, seed / 4);
  // A changed file that has become too long is dropped.
  const Bytes& kept = file.size() <= max_size ? file : given;
  std::transform(kept.begin(), kept.end(), data,
                 [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  return kept.size();
}
}
