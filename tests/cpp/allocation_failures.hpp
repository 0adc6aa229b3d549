// What happens when memory runs out at any one request of a call? It throws std::bad_alloc, changes
// nothing, leaks nothing, and succeeds when it is tried again.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "allocations.hpp"
#include "test.hpp"

namespace chainrule::test {

using Bytes = std::vector<std::byte>;

// Calls act(*make(), result) again and again, and lets another request fail each time, alone or
// with all later ones. look(*subject) is the state, which a failure must not change. `act` appends
// its result to `result`, whose memory is there before; it must be the one without failures.
template <class Make, class Look, class Act>
void check_failures(const Make& make, const Look& look, const Act& act) {
  Bytes expected, result;
  for (Bytes* bytes : {&expected, &result}) bytes->reserve(1 << 16);
  const auto rehearsed = make();
  act(*rehearsed, expected);
  const Bytes after = look(*rehearsed);
  for (const auto extent : {OutOfMemory::once, OutOfMemory::from_then_on}) {
    long n_failures = 0;
    for (bool happened = true; happened;) {
      const long held = n_held_allocations();
      {
        const auto subject = make();
        const Bytes before = look(*subject);
        result.clear();
        try {
          const OutOfMemory failure(n_failures + 1, extent);
          act(*subject, result);
          happened = failure.happened();
        } catch (const std::bad_alloc&) {
          CHECK(look(*subject) == before);
          act(*subject, result);
        }
        ++n_failures;
        CHECK(result == expected);
        CHECK(look(*subject) == after);
      }
      CHECK_EQUAL(n_held_allocations(), held);
    }
    CHECK(n_failures > 1);
  }
}

}  // namespace chainrule::test
