// Tiles of GZIP_1, GZIP_2 and without compression.
#include "compressed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const fuzz::Shape shape(&in);
  static const char* const kAlgorithms[] = {"GZIP_1", "GZIP_2", "NOCOMPRESS"};
  fuzz::Compressed image;
  image.algorithm = kAlgorithms[in.below(3)];
  image.bitpix = shape.bitpix;
  fuzz::decode_compressed(shape, image, in);
  return 0;
}
