// Does the reader of model files keep its promises, whatever bytes it is given? fuzz_raw changes
// them anyhow, fuzz_structured as file_mutator.cpp says.
#include <cstdint>

#include "fuzz/promises.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chainrule::fuzz::check_reading(std::as_bytes(std::span(data, size)));
  return 0;
}
