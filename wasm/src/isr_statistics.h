// Medians of an amplifier, for the report.
#ifndef ASTRO_FITS_ISR_STATISTICS_H_
#define ASTRO_FITS_ISR_STATISTICS_H_

#include "support.h"

namespace af {

// Both NaN without a finite value.
struct Spread {
  double median;
  double robust_sigma;  // 1.4826 times the median absolute deviation, whose deviations are rounded to float32
};

// Rows of floats or integers (taken as float32), each `stride` values behind the other. Values that are not
// finite do not count. The median of an even count is the mean of the two middle values.
struct StridedValues {
  const void* data;
  AfPlaneType type;  // AF_I32 or AF_F32
  size_t stride;
  u32 width, height;
};
// False when memory is short.
[[nodiscard]] bool measure_spread(const StridedValues& values, Spread* out);

}  // namespace af

#endif  // ASTRO_FITS_ISR_STATISTICS_H_
