// The numbers of a file to the numbers of a plane.
#ifndef ASTRO_FITS_PIXELS_H_
#define ASTRO_FITS_PIXELS_H_

#include "header.h"

namespace af {

// How numbers lie in memory: big-endian as in the file, or (kI32, kF64) as decoders make them.
enum class Stored { kU8, kBigI16, kBigI32, kBigI64, kBigF32, kBigF64, kI32, kF64 };

inline constexpr bool is_bitpix(i64 value) {
  return value == 8 || value == 16 || value == 32 || value == 64 || value == -32 || value == -64;
}
inline constexpr u32 bytes_of_bitpix(i32 bitpix) {
  return static_cast<u32>(bitpix < 0 ? -bitpix : bitpix) / 8;
}
u32 bytes_of_stored(Stored stored);
u32 bytes_of_plane_type(i32 type);  // 0 when there is no such AfPlaneType

// What ISR and display take.
inline bool is_working_type(i32 type) { return type == AF_I32 || type == AF_F32; }

// Big-endian numbers of that many bytes (1, 2, 4, 8). There are no floats of fewer than 4.
Stored stored_big_endian(u32 bytes, bool real);

// What BSCALE, BZERO and BLANK make of an image's numbers; AfPixelForm in astro_fits.h states the rules.
struct PixelRule {
  AfPlaneType type = AF_I32;  // of the plane
  bool wide = false;          // scaled in float64, else in float32
  double scale = 1;
  double zero = 0;
  bool has_blank = false;
  i64 blank = 0;
  u64 flip = 0;  // the sign bit, where integers become unsigned (or, of 8 bits, signed) ones
};

PixelRule pixel_rule(const Header& header, i32 bitpix, AfPixelForm form);

// Every NaN that comes out is the quiet one without sign and payload, because WebAssembly leaves those bits
// of a computed NaN open and hosts must agree.
void convert_pixels(const PixelRule& rule, Stored stored, const void* from, size_t count, void* to);

// Big-endian integers to i32, for decoders; what does not fit is cut off.
void convert_to_i32(Stored stored, const void* from, size_t count, i32* to);

}  // namespace af

#endif  // ASTRO_FITS_PIXELS_H_
