// Is this file as it was written? The cyclic redundancy check CRC-32C, which finds every change of
// up to 32 bits in a row.
//
// Castagnoli, Bräuer and Herrmann (1993), Optimization of cyclic redundancy-check codes with 24 and
// 32 parity bits; RFC 3720, appendix B.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace chainrule {

// The checksum of `bytes`, or of all bytes so far when `before` is the checksum of those in front.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace chainrule
