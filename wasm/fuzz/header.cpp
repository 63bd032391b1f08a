// Cards: one a line, behind a primary header that is right. With a first byte of 0 the rest is the file's
// first block as it stands.
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  std::vector<uint8_t> bytes;
  if (in.byte() == 0) {
    bytes.assign(in.rest(), in.rest() + in.left());
    bytes.resize((bytes.size() / 2880 + 1) * 2880, ' ');
  } else {
    fuzz::File file;
    file.card("SIMPLE  =                    T");
    file.number("BITPIX", 8);
    file.number("NAXIS", 0);
    file.lines(in);
    file.end();
    bytes = file.bytes();
  }
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(bytes, 0, &status);
  fuzz::read_everything(stream, 1000);
  af_stream_free(stream);
  return 0;
}
