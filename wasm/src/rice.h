// RICE_1 tiles.
#ifndef ASTRO_FITS_RICE_H_
#define ASTRO_FITS_RICE_H_

#include "support.h"

namespace af {

struct RiceTile {
  const u8* bytes;  // at least kReadAhead readable bytes must follow bytes[length - 1]
  size_t length;
  i32* out;
};

// Both return false when the bits are wrong or end too early. `block` is the BLOCKSIZE of the header, > 0.
// bytes_per_pixel is BYTEPIX: 1 gives values 0..255, 2 and 4 signed ones.
bool rice_decode(const RiceTile& tile, u32 bytes_per_pixel, u32 block, size_t count);

// Four tiles of the same count with BYTEPIX 4 in one loop, so that their chains of dependent shifts overlap.
// `*bad` tells which of the four failed first.
bool rice_decode_four(const RiceTile tiles[4], u32 block, size_t count, u32* bad);

}  // namespace af

#endif  // ASTRO_FITS_RICE_H_
