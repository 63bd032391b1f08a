#include "crc32.h"

#include <array>

namespace af {
namespace {

// Sixteen tables, so that sixteen bytes take independent look-ups.
constexpr size_t kCrcTables = 16;
using CrcTables = std::array<std::array<u32, 256>, kCrcTables>;
constexpr CrcTables make_crc_tables() {
  CrcTables t{};
  for (u32 i = 0; i < 256; ++i) {
    u32 c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    t[0][i] = c;
  }
  for (u32 i = 0; i < 256; ++i)
    for (size_t k = 1; k < kCrcTables; ++k) t[k][i] = t[0][t[k - 1][i] & 0xFF] ^ (t[k - 1][i] >> 8);
  return t;
}
constexpr auto kCrc = make_crc_tables();

}  // namespace

u32 crc32(u32 crc, const u8* bytes, size_t count) {
  crc = ~crc;
  for (; count >= kCrcTables; count -= kCrcTables, bytes += kCrcTables) {
    u64 w, v;
    std::memcpy(&w, bytes, 8);
    std::memcpy(&v, bytes + 8, 8);
    w ^= crc;
    crc = 0;
    for (u32 k = 0; k < 8; ++k) crc ^= kCrc[15 - k][w >> (8 * k) & 0xFF] ^ kCrc[7 - k][v >> (8 * k) & 0xFF];
  }
  for (; count > 0; --count) crc = kCrc[0][(crc ^ *bytes++) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

}  // namespace af
