#include "isr_rows.h"

namespace af {

void load_row(const AfPlane& raw, u32 y, u32 x0, u32 count, float* __restrict to) {
  const size_t at = size_t{y} * raw.width + x0;
  if (raw.type == AF_F32) {
    std::memcpy(to, static_cast<const float*>(raw.data) + at, count * sizeof(float));
    return;
  }
  const i32* __restrict from = static_cast<const i32*>(raw.data) + at;
  for (u32 x = 0; x < count; ++x) to[x] = static_cast<float>(from[x]);
}

bool make_float(AfPlane* plane, u32* row, u32 rows) {
  if (plane->type != AF_I32) return true;
  const u32 end = rows < plane->height - *row ? *row + rows : plane->height;
  u8* at = static_cast<u8*>(plane->data) + size_t{*row} * plane->width * sizeof(float);
  const size_t count = size_t{end - *row} * plane->width;
  for (size_t i = 0; i < count; ++i, at += sizeof(float)) {
    i32 stored = 0;
    std::memcpy(&stored, at, sizeof stored);
    const float value = static_cast<float>(stored);
    std::memcpy(at, &value, sizeof value);
  }
  *row = end;
  if (end < plane->height) return false;
  plane->type = AF_F32;
  return true;
}

void mask_above(const float* __restrict values, u32 count, float threshold, i32 bits, i32* __restrict mask) {
  for (u32 x = 0; x < count; ++x) mask[x] = values[x] >= threshold ? bits : 0;
}

void subtract_number(float* values, u32 count, float number) {
  for (u32 x = 0; x < count; ++x) values[x] -= number;
}

void subtract_row(float* __restrict values, u32 count, const float* __restrict other) {
  for (u32 x = 0; x < count; ++x) values[x] -= other[x];
}

void multiply_number(float* values, u32 count, float number) {
  for (u32 x = 0; x < count; ++x) values[x] *= number;
}

void subtract_scaled(float* __restrict values, u32 count, const float* __restrict other, float scale) {
  for (u32 x = 0; x < count; ++x) values[x] -= other[x] * scale;
}

void divide_by_flat(float* __restrict values, float* __restrict variance, u32 count,
                    const float* __restrict flat) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kMax = std::numeric_limits<float>::max();
  // Dividing by NaN gives NaN.
  if (variance == nullptr) {
    for (u32 x = 0; x < count; ++x) {
      const float divisor = flat[x] > 0 && flat[x] <= kMax ? flat[x] : kNan;
      values[x] /= divisor;
    }
    return;
  }
  for (u32 x = 0; x < count; ++x) {
    const float divisor = flat[x] > 0 && flat[x] <= kMax ? flat[x] : kNan;
    values[x] /= divisor;
    variance[x] /= divisor * divisor;
  }
}

void variance_row(const float* __restrict values, u32 count, float gain, float noise, i32 bits,
                  float* __restrict variance, i32* __restrict mask) {
  for (u32 x = 0; x < count; ++x) variance[x] = values[x] / gain + noise;
  if (mask == nullptr) return;
  for (u32 x = 0; x < count; ++x) mask[x] |= variance[x] < 0 ? bits : 0;
}

void mask_nan(const float* __restrict values, u32 count, i32 bits, i32* __restrict mask) {
  for (u32 x = 0; x < count; ++x) mask[x] |= values[x] != values[x] ? bits : 0;
}

}  // namespace af
