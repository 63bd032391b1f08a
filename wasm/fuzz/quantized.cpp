// Quantized floats under each compression: scales, zeros and blanks of any bits.
#include "compressed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  fuzz::Shape shape(&in);
  static const char* const kAlgorithms[] = {"RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"};
  static const char* const kMethods[] = {"NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2", "NONE"};
  fuzz::Compressed image;
  image.algorithm = kAlgorithms[in.below(4)];
  image.quantization = kMethods[in.below(4)];
  image.bitpix = shape.bitpix > 0 ? -32 : shape.bitpix;
  fuzz::decode_compressed(shape, image, in);
  return 0;
}
