// How is a model file taken apart and put together again, right or wrong?
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.hpp"

namespace chainrule {

using Bytes = std::vector<std::byte>;

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::uint64_t header_size(const Bytes& file) {
  std::uint64_t size;
  std::memcpy(&size, file.data(), 8);
  return size;
}

inline std::string header_of(const Bytes& file) {
  return std::string(text_of(file).substr(8, header_size(file)));
}

inline std::string_view data_of(const Bytes& file) {
  return text_of(file).substr(8 + header_size(file));
}

inline Bytes assembled(std::string header, std::string_view data) {
  while ((header.size() + 8) % 64 != 0) header += ' ';
  const std::uint64_t size = header.size();
  Bytes file(8 + header.size() + data.size());
  std::memcpy(file.data(), &size, 8);
  std::memcpy(&file[8], header.data(), header.size());
  if (!data.empty()) std::memcpy(&file[8 + header.size()], data.data(), data.size());
  return file;
}

// Puts the right checksum into a file that was changed, if there is still a place for it.
inline Bytes sealed(Bytes file) {
  constexpr std::string_view kKey = "\"crc32c\":\"";
  const std::size_t at = text_of(file).find(kKey) + kKey.size();
  if (at < kKey.size() || at + 8 > file.size()) return file;
  std::memcpy(&file[at], "00000000", 8);
  const std::uint32_t crc = crc32c(file);
  for (std::size_t i = 0; i < 8; ++i)
    file[at + i] = static_cast<std::byte>("0123456789abcdef"[crc >> (28 - 4 * i) & 0xf]);
  return file;
}

}  // namespace chainrule
