// One gzip member, inflated whole and again in pieces of any size: both must take the same bytes, give the
// same bytes and end in the same way.
#include "../src/inflate.h"

#include <algorithm>
#include <memory>

#include "input.h"

namespace {

using af::GzipReader;

constexpr size_t kHistory = 32768;
constexpr size_t kMost = size_t{1} << 15;  // of output; bombs are cut here

struct Result {
  GzipReader::Result end = GzipReader::Result::kNeedInput;
  std::vector<uint8_t> output;
};

Result inflate(const uint8_t* bytes, size_t count, size_t in_piece, size_t out_piece) {
  Result result;
  const auto reader = std::make_unique<GzipReader>();
  reader->reset();
  std::vector<uint8_t> window(kHistory + out_piece);
  size_t position = 0;
  for (size_t at = 0; at < count && result.output.size() < kMost;) {
    // Each piece in memory of its own, so that a look past its end shows.
    const size_t take = std::min(in_piece, count - at);
    const std::vector<uint8_t> piece(bytes + at, bytes + at + take);
    const uint8_t* in = piece.data();
    const uint8_t* const end = in + take;
    for (;;) {
      const size_t before = position;
      result.end = reader->run(&in, end, window.data(), &position, window.size());
      REQUIRE(position >= before && position <= window.size() && in <= end);
      result.output.insert(result.output.end(), window.begin() + static_cast<long>(before),
                           window.begin() + static_cast<long>(position));
      if (result.end != GzipReader::Result::kOutputFull) break;
      REQUIRE(position == window.size());
      std::copy(window.end() - kHistory, window.end(), window.begin());
      position = kHistory;
      if (result.output.size() >= kMost) return result;
    }
    if (result.end != GzipReader::Result::kNeedInput) return result;
    REQUIRE(in == end);
    at += take;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const size_t in_piece = 1 + in.byte(), out_piece = 1 + in.word() % 4096;
  const Result whole = inflate(in.rest(), in.left(), in.left(), kMost);
  const Result pieces = inflate(in.rest(), in.left(), in_piece, out_piece);
  const size_t common = std::min(whole.output.size(), pieces.output.size());
  REQUIRE(std::equal(whole.output.begin(), whole.output.begin() + static_cast<long>(common),
                     pieces.output.begin()));
  if (whole.output.size() < kMost) {
    REQUIRE(whole.end == pieces.end);
    REQUIRE(whole.output.size() == pieces.output.size());
  }
  return 0;
}
