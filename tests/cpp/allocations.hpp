// How often has this program asked for memory? Counted in the test program only, for calls that
// must not.
#pragma once

namespace chainrule::test {

// Since the start, by all threads: operator new and aligned_alloc.
long n_allocations();

}  // namespace chainrule::test
