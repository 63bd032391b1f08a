// Calibs that are tables: the first byte is the kind, a paragraph has the cards of the primary header, what
// follows is the table.
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  constexpr uint32_t kTables = AF_CALIB_KIND_COUNT - AF_CALIB_DEFECTS;
  const int32_t kind = AF_CALIB_DEFECTS + static_cast<int32_t>(in.below(kTables));
  fuzz::File file;
  file.card("SIMPLE  =                    T");
  file.number("BITPIX", 8);
  file.number("NAXIS", 0);
  file.lines(in.paragraph());
  file.end();
  file.table(in);
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(file.bytes(), 0, &status);
  if (status == AF_OK) af_calib_free(fuzz::read_calib(stream, kind, 1000));
  af_stream_free(stream);
  return 0;
}
