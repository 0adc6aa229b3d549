// Which model files is the reader tried with? Whole ones, drawn by a number, and others made of
// them that are wrong in some way, but have the right checksum.
#pragma once

#include <cstdint>

#include "network/file_parts.hpp"

namespace chainrule::fuzz {

// Layers, formulas, dtype, optimiser and numbers are drawn from all that there are.
Bytes drawn_file(std::uint64_t seed);

// One to four changes of header, description, tensors or length, and a new checksum. Any bytes are
// taken; what is no model file any more gives one that is drawn.
Bytes changed_file(const Bytes& file, std::uint64_t seed);

}  // namespace chainrule::fuzz
