#include "crc32.h"

namespace af {

u32 Crc32::update(u32 crc, const u8* bytes, size_t count) const {
  crc = ~crc;
  for (; count >= kTables; count -= kTables, bytes += kTables) {
    u64 w, v;
    std::memcpy(&w, bytes, 8);
    std::memcpy(&v, bytes + 8, 8);
    w ^= crc;
    crc = 0;
    for (u32 k = 0; k < 8; ++k) crc ^= tables_[15 - k][w >> (8 * k) & 0xFF] ^ tables_[7 - k][v >> (8 * k) & 0xFF];
  }
  for (; count > 0; --count) crc = tables_[0][(crc ^ *bytes++) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

}  // namespace af
