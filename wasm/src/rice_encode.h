// Encoding RICE_1 tiles.
#ifndef ASTRO_FITS_RICE_ENCODE_H_
#define ASTRO_FITS_RICE_ENCODE_H_

#include "support.h"

namespace af {

inline constexpr u32 kRiceBlock = 32;  // the BLOCKSIZE of the tiles written here

// Appends one tile. `bytes_per_pixel` is BYTEPIX: 1, 2 or 4; of each pixel only that many low bytes count. False when
// memory is short.
[[nodiscard]] bool rice_encode(const i32* pixels, size_t count, u32 bytes_per_pixel, Array<u8>* out);

}  // namespace af

#endif  // ASTRO_FITS_RICE_ENCODE_H_
