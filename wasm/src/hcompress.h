// HCOMPRESS_1 tiles: a wavelet transform of two-by-two sums and differences.
#ifndef ASTRO_FITS_HCOMPRESS_H_
#define ASTRO_FITS_HCOMPRESS_H_

#include "support.h"

namespace af {

// Keeps its memory from tile to tile: about nine bytes a pixel.
class HcompressReader {
 public:
  // Bytes of memory that a tile of so many pixels takes.
  static u64 memory_for(u64 count) { return count * 9 + 1024; }

  // `bytes` must be followed by kReadAhead readable ones. `smooth` evens the blocks out that a lossy
  // compression leaves. Null when the tile was decoded, or what is wrong with it; `*no_memory` tells the two
  // kinds of failure apart.
  const char* decode(const u8* bytes, size_t length, size_t count, bool smooth, i32* out, bool* no_memory);

  void release();

 private:
  struct Bits;
  bool read_quadrant(Bits& bits, i64* corner, u32 rows, u32 columns, u32 planes);
  void invert(u32 rows, u32 columns, i64 scale, bool smooth);
  void interleave(i64* from, u32 count, u32 stride);

  Array<i64> coefficients_, line_;
  Array<u8> codes_, expanded_;
  u32 row_length_ = 0;
};

}  // namespace af

#endif  // ASTRO_FITS_HCOMPRESS_H_
