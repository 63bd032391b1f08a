// HCOMPRESS_1 tiles, whose own headers tell sides and bit planes that the image's header may contradict.
#include "compressed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const fuzz::Shape shape(&in);
  fuzz::Compressed image;
  image.algorithm = "HCOMPRESS_1";
  image.bitpix = shape.bitpix;
  const uint8_t options = in.byte();
  image.parameters = {{"SCALE", options >> 1}, {"SMOOTH", options & 1}};
  if (shape.bitpix < 0) image.quantization = options & 2 ? "SUBTRACTIVE_DITHER_1" : "NO_DITHER";
  fuzz::decode_compressed(shape, image, in);
  return 0;
}
