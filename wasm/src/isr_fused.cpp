#include "isr_fused.h"

namespace af {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();

// The pointers are parameters, because only there the compiler takes them to be of different memory.
template <bool kFull, bool kReversed, bool kVaries, class T>
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
    float v = 0;
    if constexpr (kFull) {
      i -= serial;
      bits = i >= threshold ? saturated : 0;
      i = (i * gain - parallel[x] - bias[x]) - dark[x] * dark_scale;
      if constexpr (kVaries) v = i / variance_gain + noise;
    } else {
      bits = i >= threshold ? saturated : 0;
      i = i - serial - parallel[x] - bias[x];
      if constexpr (kVaries) v = i / variance_gain + noise;
      i -= dark[x] * dark_scale;
    }
    const float divisor = flat[x] > 0 && flat[x] <= kMax ? flat[x] : kNan;
    i /= divisor;
    if constexpr (!kFull) i *= gain;
    if constexpr (kVaries) {
      bits |= v < 0 ? bad : 0;
      v /= divisor * divisor;
      if constexpr (!kFull) v *= gain_squared;
      variance[x] = v;
    }
    bits |= i != i ? unmasked_nan : 0;
    image[x] = i;
    mask[x] = bits;
  }
}

template <bool kFull, bool kVaries, class T>
void of_type(const FusedRow& r) {
  const T* raw = static_cast<const T*>(r.raw->data) + size_t{r.raw_row} * r.raw->width + r.raw_x0;
  if (r.reversed) {
    steps<kFull, true, kVaries>(r, raw, r.parallel, r.bias, r.dark, r.flat, r.image, r.variance, r.mask);
  } else {
    steps<kFull, false, kVaries>(r, raw, r.parallel, r.bias, r.dark, r.flat, r.image, r.variance, r.mask);
  }
}

template <bool kFull, bool kVaries>
void of_recipe(const FusedRow& row) {
  row.raw->type == AF_I32 ? of_type<kFull, kVaries, i32>(row) : of_type<kFull, kVaries, float>(row);
}

}  // namespace

void fused_row(const FusedRow& row, bool full) {
  const bool varies = row.variance != nullptr;
  if (full) {
    varies ? of_recipe<true, true>(row) : of_recipe<true, false>(row);
  } else {
    varies ? of_recipe<false, true>(row) : of_recipe<false, false>(row);
  }
}

}  // namespace af
