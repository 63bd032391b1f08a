// PLIO_1 tiles: the line lists of IRAF's pixel masks.
#ifndef ASTRO_FITS_PLIO_H_
#define ASTRO_FITS_PLIO_H_

#include "support.h"

namespace af {

// False when the list is longer than its bytes. Pixels that it does not reach are 0.
bool plio_decode(const u8* bytes, size_t length, size_t count, i32* out);

}  // namespace af

#endif  // ASTRO_FITS_PLIO_H_
