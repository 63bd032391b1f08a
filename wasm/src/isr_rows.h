// The arithmetic of the steps that need one row at a time, in float32. Inner loops without branches, so that
// the compiler makes vectors of them; pointers of different planes never overlap.
#ifndef ASTRO_FITS_ISR_ROWS_H_
#define ASTRO_FITS_ISR_ROWS_H_

#include "support.h"

namespace af {

// `count` pixels of a raw plane (I32 or F32) as float32.
void load_row(const AfPlane& raw, u32 y, u32 x0, u32 count, float* to);

// Turns `rows` rows of integers, from *row on, into float32 where they lie. True when all of the plane is
// float32.
[[nodiscard]] bool make_float(AfPlane* plane, u32* row, u32 rows);

// Mask bits where value >= threshold, else 0. A threshold that is NaN masks nothing.
void mask_above(const float* values, u32 count, float threshold, i32 bits, i32* mask);
void subtract_number(float* values, u32 count, float number);
void subtract_row(float* values, u32 count, const float* other);
void multiply_number(float* values, u32 count, float number);
// values -= other * scale, the product rounded before it is subtracted
void subtract_scaled(float* values, u32 count, const float* other, float scale);
// values /= flat; NaN where the flat is not positive and finite. With a variance, variance /= flat * flat.
void divide_by_flat(float* values, float* variance, u32 count, const float* flat);
// V = I / gain + noise, noise in the square of the unit of I; `mask` (may be null) gets `bits` where V < 0.
void variance_row(const float* values, u32 count, float gain, float noise, i32 bits, float* variance,
                  i32* mask);
void mask_nan(const float* values, u32 count, i32 bits, i32* mask);

// Copies, mirrored when `reversed`.
template <class T>
void place_row(const T* __restrict from, u32 count, bool reversed, T* __restrict to) {
  if (!reversed) {
    std::memcpy(to, from, count * sizeof(T));
    return;
  }
  for (u32 x = 0; x < count; ++x) to[x] = from[count - 1 - x];
}

}  // namespace af

#endif  // ASTRO_FITS_ISR_ROWS_H_
