#include "isr_fused.h"

namespace af {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();

// The pointers are parameters, because only there the compiler takes them to be of different memory.
template <bool kFull, bool kReversed, class T>
void steps(const FusedRow& r, const T* __restrict raw, const float* __restrict parallel,
           const float* __restrict bias, const float* __restrict dark, const float* __restrict flat,
           float* __restrict image, float* __restrict variance, i32* __restrict mask) {
  const float serial = r.serial, threshold = r.threshold, dark_scale = r.dark_scale;
  const float variance_gain = r.variance_gain, noise = r.noise, gain = r.gain, gain_squared = gain * gain;
  const i32 saturated = r.saturated, bad = r.bad, unmasked_nan = r.unmasked_nan;
  const u32 count = r.count;
  for (u32 x = 0; x < count; ++x) {
    float i = static_cast<float>(raw[kReversed ? count - 1 - x : x]);
    i32 bits = 0;
    float v;
    if constexpr (kFull) {
      i -= serial;
      bits = i >= threshold ? saturated : 0;
      i = (i * gain - parallel[x] - bias[x]) - dark[x] * dark_scale;
      v = i / variance_gain + noise;
    } else {
      bits = i >= threshold ? saturated : 0;
      i = i - serial - parallel[x] - bias[x];
      v = i / variance_gain + noise;
      i -= dark[x] * dark_scale;
    }
    bits |= v < 0 ? bad : 0;
    const float divisor = flat[x] > 0 && flat[x] <= kMax ? flat[x] : kNan;
    i /= divisor;
    v /= divisor * divisor;
    if constexpr (!kFull) {
      i *= gain;
      v *= gain_squared;
    }
    bits |= i != i ? unmasked_nan : 0;
    image[x] = i;
    variance[x] = v;
    mask[x] = bits;
  }
}

template <bool kFull, class T>
void of_type(const FusedRow& r) {
  const T* raw = static_cast<const T*>(r.raw->data) + size_t{r.raw_row} * r.raw->width + r.raw_x0;
  if (r.reversed) {
    steps<kFull, true>(r, raw, r.parallel, r.bias, r.dark, r.flat, r.image, r.variance, r.mask);
  } else {
    steps<kFull, false>(r, raw, r.parallel, r.bias, r.dark, r.flat, r.image, r.variance, r.mask);
  }
}

}  // namespace

void fused_row(const FusedRow& row, bool full) {
  const bool integer = row.raw->type == AF_I32;
  if (full) {
    integer ? of_type<true, i32>(row) : of_type<true, float>(row);
  } else {
    integer ? of_type<false, i32>(row) : of_type<false, float>(row);
  }
}

}  // namespace af
