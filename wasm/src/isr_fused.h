// All row-wise steps of a recipe at once, from a row of a raw segment to its place in the frame.
#ifndef ASTRO_FITS_ISR_FUSED_H_
#define ASTRO_FITS_ISR_FUSED_H_

#include "support.h"

namespace af {

/*
 * What the steps use. A step that does not run has the operand that changes nothing: subtract 0, multiply and
 * divide by 1, a threshold that is NaN, mask bits of 0. So one loop serves every choice of steps, and its
 * bits are those of the steps one by one (isr_rows.h).
 */
struct FusedRow {
  const AfPlane* raw;
  u32 raw_row, raw_x0, count;
  bool reversed;  // the segment is mirrored in x; all pointers below are in the order of the frame
  float serial, threshold;
  const float *parallel, *bias, *dark, *flat;
  float dark_scale;
  float variance_gain, noise;  // V = I / variance_gain + noise
  float gain;
  i32 saturated, bad, unmasked_nan;
  float *image, *variance;  // no variance: null
  i32* mask;
};

// In the order of the rapid recipe, or of the full one.
void fused_row(const FusedRow& row, bool full);

}  // namespace af

#endif  // ASTRO_FITS_ISR_FUSED_H_
