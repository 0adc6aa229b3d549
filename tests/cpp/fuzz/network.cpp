// Does every network that comes out of a file predict, and come back from a file of its own?
#include <cstdint>

#include "fuzz/promises.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chainrule::fuzz::check_network(std::as_bytes(std::span(data, size)));
  return 0;
}
