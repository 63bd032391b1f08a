// Reference: FITS standard 4.0, section 10.2 and appendix I. The number that stands for an exact zero is the
// one that CFITSIO and astropy write.
#include "quantize.h"

namespace af {
namespace {

constexpr i32 kExactZero = -2147483646;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

bool Unquantizer::prepare(Dither dither) {
  dither_ = dither;
  if (dither == Dither::kNone) return true;
  if (!randoms_.resize(kRandoms)) return false;
  // The "minimal standard" generator of Park and Miller, Communications of the ACM 31 (1988), 1192.
  constexpr u64 kFactor = 16807, kModulus = 2147483647;
  u64 state = 1;
  for (float& random : randoms_) {
    state = kFactor * state % kModulus;
    random = static_cast<float>(static_cast<double>(state) / static_cast<double>(kModulus));
  }
  return true;
}

// A walk through the random numbers begins at one of the first 500, which the number at `start` picks.
u32 Unquantizer::first_of(u32 start) const { return static_cast<u32>(randoms_[start] * 500.0f); }

void Unquantizer::begin_tile(const Quantization& quantization, u64 seed) {
  quantization_ = quantization;
  if (dither_ == Dither::kNone) return;
  start_ = static_cast<u32>(seed % kRandoms);
  next_ = first_of(start_);
}

void Unquantizer::run(const i32* from, size_t count, double* to) {
  const Quantization q = quantization_;
  if (dither_ == Dither::kNone) {
    for (size_t i = 0; i < count; ++i) {
      const double value = static_cast<double>(from[i]) * q.scale + q.zero;
      to[i] = q.has_blank && from[i] == q.blank ? kNan : value;
    }
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    const double dithered = static_cast<double>(from[i]) - static_cast<double>(randoms_[next_]) + 0.5;
    const double value = dithered * q.scale + q.zero;
    const bool exact_zero = dither_ == Dither::kSubtractive2 && from[i] == kExactZero;
    to[i] = q.has_blank && from[i] == q.blank ? kNan : exact_zero ? 0.0 : value;
    if (++next_ == kRandoms) {
      start_ = (start_ + 1) % kRandoms;
      next_ = first_of(start_);
    }
  }
}

}  // namespace af
