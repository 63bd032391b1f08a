// Floats that are stored as integers with a scale for each tile.
#ifndef ASTRO_FITS_QUANTIZE_H_
#define ASTRO_FITS_QUANTIZE_H_

#include "support.h"

namespace af {

enum class Dither { kNone, kSubtractive1, kSubtractive2 };

struct Quantization {
  double scale = 1;
  double zero = 0;
  bool has_blank = false;
  i64 blank = 0;
};

// (number - random + 0.5) * scale + zero in float64, without dithering number * scale + zero; blanks become
// NaN.
class Unquantizer {
 public:
  // False when memory is short.
  [[nodiscard]] bool prepare(Dither dither);
  // `seed` is the tile's number from 0 plus ZDITHER0 - 1.
  void begin_tile(const Quantization& quantization, u64 seed);
  // The next numbers of the tile.
  void run(const i32* from, size_t count, double* to);

  static constexpr u32 kRandoms = 10000;

 private:
  u32 first_of(u32 start) const;

  Dither dither_ = Dither::kNone;
  Array<float> randoms_;  // which every writer and reader has
  Quantization quantization_;
  u32 start_ = 0, next_ = 0;
};

}  // namespace af

#endif  // ASTRO_FITS_QUANTIZE_H_
