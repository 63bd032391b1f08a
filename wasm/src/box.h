// A rectangle of pixels.
#ifndef ASTRO_FITS_BOX_H_
#define ASTRO_FITS_BOX_H_

#include <stdint.h>

// Half-open: x0 <= x < x1, y0 <= y < y1.
struct AfBox {
  int32_t x0, y0, x1, y1;
};

#endif  // ASTRO_FITS_BOX_H_
