// A unit of its own, because it is compiled for size and the loop over the bytes is not.
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

}  // namespace af
