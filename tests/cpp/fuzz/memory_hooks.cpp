// How is memory counted in a fuzzer? AddressSanitizer, whose own allocator is in use, calls hooks.
#include <cstddef>

#include <sanitizer/allocator_interface.h>

#include "memory_peak.hpp"

namespace chainrule::fuzz {

namespace {

long size_of(const volatile void* memory) {
  return static_cast<long>(__sanitizer_get_allocated_size(const_cast<const void*>(memory)));
}

void on_malloc(const volatile void* memory, std::size_t) { test::count_held(size_of(memory)); }

void on_free(const volatile void* memory) {
  if (memory != nullptr) test::count_given_back(size_of(memory));
}

const bool kInstalled = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;

}  // namespace

}  // namespace chainrule::fuzz
