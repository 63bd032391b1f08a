// World coordinates: cards one a line, behind a primary header that is right. The first byte is the alternate.
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const uint32_t letter = in.below(27);
  fuzz::File file;
  file.card("SIMPLE  =                    T");
  file.number("BITPIX", 8);
  file.number("NAXIS", 0);
  file.lines(in);
  file.end();
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(file.bytes(), 0, &status);
  if (af_stream_hdu_count(stream) > 0)
    fuzz::use_wcs(stream, 0, letter == 0 ? 0 : static_cast<int32_t>('A' + letter - 1));
  af_stream_free(stream);
  return 0;
}
