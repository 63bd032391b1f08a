// RICE_1 tiles in any order and of any length, with the fall-backs for tiles that could not be compressed.
#include "compressed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const fuzz::Shape shape(&in);
  static constexpr int kBytepix[] = {4, 2, 1, 8}, kBlock[] = {32, 16, 1, 1000};
  fuzz::Compressed image;
  image.algorithm = "RICE_1";
  image.bitpix = shape.bitpix;
  image.parameters = {{"BLOCKSIZE", kBlock[in.below(4)]}, {"BYTEPIX", kBytepix[in.below(4)]}};
  fuzz::decode_compressed(shape, image, in);
  return 0;
}
