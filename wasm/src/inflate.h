// Inflating gzip streams (RFC 1951, RFC 1952) in pieces of any size.
#ifndef ASTRO_FITS_INFLATE_H_
#define ASTRO_FITS_INFLATE_H_

#include "crc32.h"
#include "huffman.h"
#include "support.h"

namespace af {

class GzipReader {
 public:
  enum class Result {
    kNeedInput,   // all input was taken
    kOutputFull,  // more output than fits in `capacity`
    kDone,        // the member and its checksum are complete
    kBad          // see problem()
  };
  // Begins a new member.
  void reset();
  // Takes bytes from `*in`, up to `end`, and writes at `out[*position]`. Matches reach back into
  // out[0..position), so the caller keeps the last 32 KiB of the output in front (fewer at the beginning).
  Result run(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity);
  const char* problem() const { return problem_; }

 private:
  enum class State {
    kMagic1,
    kMagic2,
    kMethod,
    kFlags,
    kSkip,
    kExtraLow,
    kExtraHigh,
    kExtra,
    kName,
    kComment,
    kHeaderCrc,
    kBlock,
    kStoredLength,
    kStored,
    kTableSizes,
    kCodeLengthLengths,
    kCodeLengths,
    kSymbols,
    kMatch,
    kTrailer,
    kDone
  };
  static constexpr u8 kHasHeaderCrc = 2, kHasExtra = 4, kHasName = 8, kHasComment = 16;

  Result bad(const char* problem) {
    problem_ = problem;
    return Result::kBad;
  }
  void refill(const u8** in, const u8* end);
  bool next_byte(const u8** in, const u8* end, u8* byte);
  void after_header_field(u8 done_flag);
  u32 take(u32 bits) {
    const u32 value = static_cast<u32>(hold_ & ((u64{1} << bits) - 1));
    hold_ >>= bits;
    held_ -= bits;
    return value;
  }
  bool build_block_codes();
  void build_fixed();
  Result run_blocks(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity);
  Result run_symbols(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity);
  bool run_symbols_fast(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity);
  void copy_match(u8* out, size_t* position, size_t capacity);

  State state_ = State::kMagic1;
  const char* problem_ = "";
  u64 hold_ = 0;  // bits that were read and not used, next bit lowest
  u32 held_ = 0;  // how many; bits above may hold bytes that `in` still points at
  u8 flags_ = 0;
  bool last_block_ = false;
  u32 counter_ = 0;  // bytes, code lengths or trailer bytes still to come in the present state
  u32 literal_codes_ = 0, distance_codes_ = 0, length_codes_ = 0;
  u32 match_length_ = 0, match_distance_ = 0;
  u32 crc_ = 0, trailer_crc_ = 0, trailer_size_ = 0;
  u64 produced_ = 0;  // by this member
  u8 lengths_[320];
  HuffmanCode literals_, distances_;
  Crc32 checksum_;
};

}  // namespace af

#endif  // ASTRO_FITS_INFLATE_H_
