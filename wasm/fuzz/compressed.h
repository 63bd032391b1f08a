// A compressed image whose header is right and whose table and heap are the fuzzer's.
#ifndef ASTRO_FITS_FUZZ_COMPRESSED_H_
#define ASTRO_FITS_FUZZ_COMPRESSED_H_

#include "input.h"

namespace fuzz {

struct Compressed {
  std::string algorithm;
  std::vector<std::pair<std::string, int>> parameters;  // ZNAMEn, ZVALn
  int bitpix = 32;
  std::string quantization;  // ZQUANTIZ; empty = not quantized
  std::string element = "B";  // of the COMPRESSED_DATA column
  bool fall_backs = false;    // with the columns GZIP_COMPRESSED_DATA and UNCOMPRESSED_DATA
};

// The first bytes of the input that every target takes: BITPIX, the sides of the image and of its tiles.
struct Shape {
  explicit Shape(Input* in) {
    static constexpr int kBitpix[] = {8, 16, 32, -32, 64, -64};
    bitpix = kBitpix[in->below(6)];
    const uint8_t flags = in->byte();
    form = flags & 1 ? AF_FORM_PHYSICAL : AF_FORM_WORKING;
    rows_a_step = flags & 2 ? 1 : 1000;
    fall_backs = flags & 4;
    cube = flags & 8;
    scaled = flags & 16;
    blank = flags & 32;
    wide = flags & 64;
    for (int& side : image) side = 1 + in->byte() % 64;
    for (int& side : tile) side = 1 + in->byte() % 64;
  }
  int bitpix = 32;
  int32_t form = AF_FORM_WORKING;
  uint32_t rows_a_step = 1;
  bool fall_backs = false, cube = false, scaled = false, blank = false, wide = false;
  int image[3] = {}, tile[3] = {};
};

// Decodes the image made of `shape`, `compressed` and the rest of the input.
void decode_compressed(const Shape& shape, const Compressed& compressed, Input in);

}  // namespace fuzz

#endif  // ASTRO_FITS_FUZZ_COMPRESSED_H_
