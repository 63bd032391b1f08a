// Reference: FITS standard 4.0, section 10.4.3. A list of big-endian 16-bit words: a header, then
// instructions of four bits of operation and twelve of data, which draw runs of 0 and of the present high
// value.
#include "plio.h"

#include <algorithm>

namespace af {
namespace {

enum Operation : u32 {
  kZeros = 0,
  kSetHigh = 1,  // the next word holds the bits above the twelve
  kRaise = 2,
  kLower = 3,
  kHighs = 4,
  kZerosThenHigh = 5,  // the last one of the run is high
  kRaiseAndDraw = 6,
  kLowerAndDraw = 7
};

}  // namespace

bool plio_decode(const u8* bytes, size_t length, size_t count, i32* out) {
  const size_t words = length / 2;
  auto word = [=](size_t i) { return static_cast<i32>(static_cast<i16>(load_be16(bytes + 2 * i))); };
  if (words < 3) return false;
  // The older header has the length in one word.
  const bool old = word(2) > 0;
  if (!old && words < 5) return false;
  const i64 first = old ? 3 : word(1);
  const i64 stop = old ? word(2) : (i64{word(4)} << 15) + word(3);
  if (first < 0 || stop > static_cast<i64>(words)) return false;

  size_t at = 0;
  u32 high = 1;
  for (i64 i = first; i < stop && at < count; ++i) {
    const i32 instruction = word(static_cast<size_t>(i));
    const u32 data = static_cast<u32>(instruction & 0xFFF);
    switch (instruction >> 12) {
      case kZeros:
      case kHighs:
      case kZerosThenHigh: {
        const size_t run = std::min<size_t>(data, count - at);
        std::fill_n(out + at, run, instruction >> 12 == kHighs ? static_cast<i32>(high) : 0);
        at += run;
        if (instruction >> 12 == kZerosThenHigh && run == data && run > 0)
          out[at - 1] = static_cast<i32>(high);
        break;
      }
      case kSetHigh:
        if (++i >= static_cast<i64>(words)) return false;
        high = (static_cast<u32>(word(static_cast<size_t>(i))) << 12) + data;
        break;
      case kRaise:
        high += data;
        break;
      case kLower:
        high -= data;
        break;
      case kRaiseAndDraw:
        high += data;
        out[at++] = static_cast<i32>(high);
        break;
      case kLowerAndDraw:
        high -= data;
        out[at++] = static_cast<i32>(high);
        break;
      default:
        return false;
    }
  }
  std::fill_n(out + at, count - at, 0);
  return true;
}

}  // namespace af
