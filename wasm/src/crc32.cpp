#include "crc32.h"

namespace af {

Crc32::Crc32() {
  for (u32 i = 0; i < 256; ++i) {
    u32 c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    tables_[0][i] = c;
  }
  for (size_t k = 1; k < kTables; ++k)
    for (u32 i = 0; i < 256; ++i)
      tables_[k][i] = tables_[0][tables_[k - 1][i] & 0xFF] ^ (tables_[k - 1][i] >> 8);
}

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
