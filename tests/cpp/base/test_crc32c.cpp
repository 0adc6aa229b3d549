#include "base/crc32c.hpp"

#include <string_view>
#include <vector>

#include "test.hpp"

namespace chainrule {

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// One bit after the other, straight from the definition.
std::uint32_t bitwise(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
  }
  return ~crc;
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * i * 31 + i / 7);
  return bytes;
}

}  // namespace

// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
TEST(crc32c_of_known_texts) {
  CHECK_EQUAL(crc32c({}), 0u);
  CHECK_EQUAL(crc32c(bytes_of("123456789")), 0xe3069283u);
  std::vector<std::byte> bytes(32, std::byte{0});
  CHECK_EQUAL(crc32c(bytes), 0x8a9136aau);
  bytes.assign(32, std::byte{0xff});
  CHECK_EQUAL(crc32c(bytes), 0x62a8ab43u);
  for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i);
  CHECK_EQUAL(crc32c(bytes), 0x46dd794eu);
}

TEST(crc32c_of_every_length_and_start) {
  const std::vector<std::byte> bytes = pattern(64);
  for (std::size_t first = 0; first < 9; ++first)
    for (std::size_t size = 0; first + size <= bytes.size(); ++size) {
      const auto part = std::span(bytes).subspan(first, size);
      CHECK_EQUAL(crc32c(part), bitwise(part));
    }
}

TEST(crc32c_in_parts_is_that_of_the_whole) {
  const std::vector<std::byte> bytes = pattern(100);
  const std::span<const std::byte> all = bytes;
  for (std::size_t cut = 0; cut <= all.size(); ++cut)
    CHECK_EQUAL(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all));
}

TEST(crc32c_sees_every_bit) {
  std::vector<std::byte> bytes = pattern(100);
  const std::uint32_t before = crc32c(bytes);
  for (std::byte& byte : bytes)
    for (unsigned bit = 0; bit < 8; ++bit) {
      byte ^= std::byte{1} << bit;
      CHECK(crc32c(bytes) != before);
      byte ^= std::byte{1} << bit;
    }
}

}  // namespace chainrule
