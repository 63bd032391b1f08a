// Reference: FITS standard 4.0, section 10.4.1; rice.cpp tells the layout.
#include "rice_encode.h"

namespace af {
namespace {

class BitWriter {
 public:
  explicit BitWriter(Array<u8>* out) : out_(out) {}
  // At most 32 bits.
  [[nodiscard]] bool put(u32 value, u32 bits) {
    hold_ = hold_ << bits | value;
    held_ += bits;
    while (held_ >= 8) {
      held_ -= 8;
      if (!out_->push(static_cast<u8>(hold_ >> held_))) return false;
    }
    return true;
  }
  [[nodiscard]] bool put_zeros(u32 count) {
    for (; count > 32; count -= 32)
      if (!put(0, 32)) return false;
    return put(0, count);
  }
  [[nodiscard]] bool finish() { return held_ == 0 || put(0, 8 - held_); }

 private:
  Array<u8>* out_;
  u64 hold_ = 0;
  u32 held_ = 0;
};

u64 bits_with(const u32* folded, u32 count, u32 low_bits) {
  u64 bits = u64{count} * (low_bits + 1);
  for (u32 i = 0; i < count; ++i) bits += folded[i] >> low_bits;
  return bits;
}

// The number of low bits that makes the block shortest. The cost is convex in it, with its least near the logarithm of
// the mean.
u32 best_low_bits(const u32* folded, u32 count, u64 sum, u32 most) {
  u32 low = 0;
  while (low < most && (sum / count) >> (low + 1) > 0) ++low;
  u64 bits = bits_with(folded, count, low);
  while (low > 0) {
    const u64 fewer = bits_with(folded, count, low - 1);
    if (fewer > bits) break;
    bits = fewer;
    --low;
  }
  while (low < most) {
    const u64 fewer = bits_with(folded, count, low + 1);
    if (fewer >= bits) break;
    bits = fewer;
    ++low;
  }
  return low;
}

}  // namespace

bool rice_encode(const i32* pixels, size_t count, u32 bytes_per_pixel, Array<u8>* out) {
  const u32 pixel_bits = bytes_per_pixel * 8;
  const u32 code_bits = bytes_per_pixel == 1 ? 3 : bytes_per_pixel == 2 ? 4 : 5;
  const u32 plain_code = bytes_per_pixel == 1 ? 6 : bytes_per_pixel == 2 ? 14 : 25;
  const u32 unused_bits = 32 - pixel_bits;
  BitWriter bits(out);
  u32 last = static_cast<u32>(pixels[0]);
  if (!bits.put(last << unused_bits >> unused_bits, pixel_bits)) return false;
  for (size_t at = 0; at < count; at += kRiceBlock) {
    const u32 n = count - at < kRiceBlock ? static_cast<u32>(count - at) : kRiceBlock;
    u32 folded[kRiceBlock];
    u64 sum = 0;
    for (u32 i = 0; i < n; ++i) {
      const u32 pixel = static_cast<u32>(pixels[at + i]);
      // Differences wrap around at the size of a pixel; small ones of either sign become small numbers.
      const i32 difference = static_cast<i32>((pixel - last) << unused_bits) >> unused_bits;
      folded[i] = (static_cast<u32>(difference) << 1 ^ static_cast<u32>(difference >> 31)) << unused_bits >> unused_bits;
      last = pixel;
      sum += folded[i];
    }
    if (sum == 0) {
      if (!bits.put(0, code_bits)) return false;
      continue;
    }
    const u32 low = best_low_bits(folded, n, sum, plain_code - 1);
    if (bits_with(folded, n, low) >= u64{n} * pixel_bits) {
      if (!bits.put(plain_code + 1, code_bits)) return false;
      for (u32 i = 0; i < n; ++i)
        if (!bits.put(folded[i], pixel_bits)) return false;
      continue;
    }
    if (!bits.put(low + 1, code_bits)) return false;
    for (u32 i = 0; i < n; ++i)
      if (!bits.put_zeros(folded[i] >> low) || !bits.put(1, 1) ||
          !bits.put(folded[i] & ((u32{1} << low) - 1), low))
        return false;
  }
  return bits.finish();
}

}  // namespace af
