// What the steps of instrument signature removal work on, and how they are cut into bands.
#ifndef ASTRO_FITS_ISR_FRAME_H_
#define ASTRO_FITS_ISR_FRAME_H_

#include "camera.h"

namespace af {

// The bits of the mask. The defaults are those that afw writes; a calib's MASK header (MP_ cards) replaces them.
struct MaskPlanes {
  i32 bad = 1 << 0, saturated = 1 << 1, interpolated = 1 << 2, cosmic_ray = 1 << 3, edge = 1 << 4;
  i32 suspect = 1 << 7, no_data = 1 << 8, unmasked_nan = 1 << 9, crosstalk = 1 << 10;
};

// The assembled image in the DM frame, row 0 first.
struct IsrFrame {
  u32 width = 0, height = 0;
  float* image = nullptr;
  i32* mask = nullptr;        // null when no step of this run masks
  float* variance = nullptr;  // null without the variance step, and before it
  MaskPlanes planes;
  const AmplifierInfo* amplifiers = nullptr;
  u32 amplifier_count = 0;
  bool in_electrons = false;  // of `image` at this point of the recipe

  size_t at(u32 x, u32 y) const { return size_t{y} * width + x; }
};

// A step that needs more than one row at a time. Between two calls nothing is held but the frame.
class Phase {
 public:
  virtual ~Phase() = default;
  // About `max_rows` rows of work. AF_OK when done, AF_MORE when not.
  virtual AfStatus step(u32 max_rows, AfError* error) = 0;
};

}  // namespace af

#endif  // ASTRO_FITS_ISR_FRAME_H_
