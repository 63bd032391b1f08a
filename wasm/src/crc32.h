// The checksum of gzip (RFC 1952, 8).
#ifndef ASTRO_FITS_CRC32_H_
#define ASTRO_FITS_CRC32_H_

#include "support.h"

namespace af {

// Goes on from the checksum of what came before; 0 at the beginning.
u32 crc32(u32 crc, const u8* bytes, size_t count);

}  // namespace af

#endif  // ASTRO_FITS_CRC32_H_
