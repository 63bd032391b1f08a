// Medians of an amplifier, for the report.
#ifndef ASTRO_FITS_ISR_STATISTICS_H_
#define ASTRO_FITS_ISR_STATISTICS_H_

#include "support.h"

namespace af {

struct Spread {
  double median, robust_sigma;
};

// Rows of floats or integers (taken as float32), each `stride` values behind the other. Values that are not
// finite do not count. The median of an even count is the mean of the two middle values.
struct StridedValues {
  const void* data;
  AfPlaneType type;  // AF_I32 or AF_F32
  size_t stride;
  u32 width, height;
};
// Both give NaN without a finite value, and false when memory is short.
[[nodiscard]] bool measure_median(const StridedValues& values, double* out);
// 1.4826 times the median absolute deviation from `median`; deviations are rounded to float32.
[[nodiscard]] bool measure_robust_sigma(const StridedValues& values, double median, double* out);

}  // namespace af

#endif  // ASTRO_FITS_ISR_STATISTICS_H_
