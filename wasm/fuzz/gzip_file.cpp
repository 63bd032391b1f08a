// A file in a gzip wrapper: any number of members, headers of any kind, in chunks of any size.
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const size_t chunk = in.word();
  std::vector<uint8_t> bytes = {0x1F, 0x8B};
  bytes.insert(bytes.end(), in.rest(), in.rest() + in.left());
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(bytes, chunk, &status);
  fuzz::read_everything(stream, 1000);
  af_stream_free(stream);
  return 0;
}
