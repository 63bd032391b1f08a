// The checksum of gzip (RFC 1952, 8).
#ifndef ASTRO_FITS_CRC32_H_
#define ASTRO_FITS_CRC32_H_

#include "support.h"

namespace af {

// Holds its tables: made in microseconds, they would be a tenth of the module's compressed size.
class Crc32 {
 public:
  Crc32();
  // Goes on from the checksum of what came before; 0 at the beginning.
  u32 update(u32 crc, const u8* bytes, size_t count) const;

 private:
  // Sixteen tables, so that sixteen bytes take independent look-ups.
  static constexpr size_t kTables = 16;
  u32 tables_[kTables][256];
};

}  // namespace af

#endif  // ASTRO_FITS_CRC32_H_
