// Which kernels does this process use? Chosen once, at first use, best first.
//
// CHAINRULE_ISA=<tier> limits the choice to that tier and lower ones. If this processor does not
// have it, the best that is left is used, and a notice says so. A tier is tried on small exact
// products before it is used; one that fails is passed over with a notice, and it is an error if
// none is left.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/kernel_table.hpp"

namespace chainrule {

// The table in use, for T = float or double.
template <class T>
const KernelTable<T>& kernels();

// The names of the tiers that this processor can run, best first, and the tables of one of them.
std::vector<std::string> available_tiers();
template <class T>
const KernelTable<T>& kernels_of(std::string_view tier);

// The tier in use, and what the user should know about the choice; empty if nothing.
const std::string& chosen_tier();
const std::string& tier_notice();

// For tests: called before the first use, makes the kernels of this tier seem to be wrong.
void break_tier(std::string_view name);

}  // namespace chainrule
