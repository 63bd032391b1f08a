// PLIO_1 tiles: run lengths that claim more pixels than the tile has, jumps, values of any size.
#include "compressed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const fuzz::Shape shape(&in);
  fuzz::Compressed image;
  image.algorithm = "PLIO_1";
  image.element = "I";
  image.bitpix = shape.bitpix;
  fuzz::decode_compressed(shape, image, in);
  return 0;
}
