// Literals and matches, where inflating spends its time. Reference: RFC 1951, 3.2.3.
#include "deflate_codes.h"
#include "inflate.h"

namespace af {

void GzipReader::copy_match(u8* out, size_t* position, size_t capacity) {
  size_t p = *position;
  const size_t room = capacity - p;
  u32 count = match_length_ < room ? match_length_ : static_cast<u32>(room);
  match_length_ -= count;
  produced_ += count;
  *position += count;
  const u8* from = out + p - match_distance_;
  u8* to = out + p;
  if (match_distance_ >= 8 && room >= count + 8) {
    // Eight at a time, up to seven bytes past the match: they are overwritten next.
    u8* const stop = to + count;
    do {
      u64 w;
      std::memcpy(&w, from, 8);
      std::memcpy(to, &w, 8);
      from += 8;
      to += 8;
    } while (to < stop);
  } else if (match_distance_ == 1) {
    std::memset(to, *from, count);
  } else {
    for (; count > 0; --count) *to++ = *from++;
  }
}

// The inner loop while there is plenty of input and room. True when the block ended, false to go on
// carefully: what it does not understand it leaves untouched.
bool GzipReader::run_symbols_fast(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity) {
  constexpr size_t kInput = 16;         // two refills
  constexpr size_t kRoom = 8;           // for the literals of one round
  constexpr size_t kPastTheMatch = 16;  // what copying in words may overwrite behind it
  if (static_cast<size_t>(end - *in) < kInput || capacity - *position < kRoom) return false;
  // All in local variables: the compiler must take it that bytes written at `out` change any member.
  const u8* from = *in;
  const u8* const from_last = end - kInput;
  u8* to = out + *position;
  u8* const start = to;
  u8* const limit = out + capacity;
  u8* const to_last = limit - kRoom;
  const u8* const oldest = produced_ < *position ? to - produced_ : out;
  const u32* const literals = literals_.root;
  const u32* const distances = distances_.root;
  const u64 literal_mask = literals_.mask, distance_mask = distances_.mask;
  u64 hold = hold_;
  u32 held = held_;  // modulo 64
  bool ended = false;
  auto refill_here = [&] {
    u64 w;
    std::memcpy(&w, from, 8);
    hold |= w << (held & 63);
    from += ((63 - held) & 63) >> 3;
    held |= 56;
  };
  // The length of a code is in the low six bits of its entry.
  auto drop = [&](u32 e) {
    hold >>= e & 63;
    held -= e;
  };
  while (from <= from_last && to <= to_last) {
    refill_here();
    u32 e = literals[hold & literal_mask];
    // Five literals of at most 11 bits fit in the 56 bits at hand.
    int k = 0;
#pragma GCC unroll 5
    for (; k < 5 && HuffmanCode::is_literal(e); ++k) {
      drop(e);
      *to++ = static_cast<u8>(e >> 16);
      e = literals[hold & literal_mask];
    }
    if (k == 5) continue;
    refill_here();
    if (HuffmanCode::kind(e) == HuffmanCode::kLong) {
      e = literals_.find_long(hold, kSymbols.literal.data());
      if (HuffmanCode::is_literal(e)) {
        drop(e);
        *to++ = static_cast<u8>(e >> 16);
        continue;
      }
    }
    if (HuffmanCode::kind(e) != HuffmanCode::kBase) {
      ended = HuffmanCode::kind(e) == HuffmanCode::kEndOfBlock;
      if (ended) drop(e);
      break;
    }
    const u32 length_bits = HuffmanCode::length(e), length_extra = HuffmanCode::extra_bits(e);
    u64 rest = hold >> length_bits;
    const u32 length = HuffmanCode::value(e) + static_cast<u32>(rest & ((1u << length_extra) - 1));
    rest >>= length_extra;
    u32 d = distances[rest & distance_mask];
    if (HuffmanCode::kind(d) == HuffmanCode::kLong) d = distances_.find_long(rest, kSymbols.distance.data());
    if (HuffmanCode::kind(d) != HuffmanCode::kBase) break;
    const u32 distance_bits = HuffmanCode::length(d), distance_extra = HuffmanCode::extra_bits(d);
    rest >>= distance_bits;
    const size_t distance = HuffmanCode::value(d) + static_cast<size_t>(rest & ((1u << distance_extra) - 1));
    if (distance > static_cast<size_t>(to - oldest) ||
        length + kPastTheMatch > static_cast<size_t>(limit - to))
      break;
    hold = rest >> distance_extra;
    held -= length_bits + length_extra + distance_bits + distance_extra;
    u8* const stop = to + length;
    if (distance >= 16) {
      for (const u8* source = to - distance; to < stop; to += 16, source += 16) std::memcpy(to, source, 16);
    } else if (distance == 1) {
      const u64 word = to[-1] * 0x0101010101010101u;
      const u64 words[2] = {word, word};
      for (; to < stop; to += 16) std::memcpy(to, words, 16);
    } else {
      for (; to < stop; ++to) *to = to[-static_cast<ptrdiff_t>(distance)];
    }
    to = stop;
  }
  *in = from;
  hold_ = hold;
  held_ = held & 63;
  produced_ += static_cast<size_t>(to - start);
  *position += static_cast<size_t>(to - start);
  return ended;
}

GzipReader::Result GzipReader::run_symbols(const u8** in, const u8* end, u8* out, size_t* position,
                                           size_t capacity) {
  for (;;) {
    if (state_ == State::kMatch) {
      if (match_distance_ > produced_ || match_distance_ > *position)
        return bad("a deflate match that reaches before the beginning");
      copy_match(out, position, capacity);
      if (match_length_ > 0) return Result::kOutputFull;
      state_ = State::kSymbols;
    }
    if (run_symbols_fast(in, end, out, position, capacity)) return Result::kDone;
    refill(in, end);
    if (held_ < kNeededBits) return Result::kNeedInput;
    u32 e = literals_.look(hold_);
    if (HuffmanCode::kind(e) == HuffmanCode::kLong)
      e = literals_.find_long(hold_, kSymbols.literal.data());
    if (HuffmanCode::is_literal(e) && *position == capacity) return Result::kOutputFull;
    take(HuffmanCode::length(e));
    if (HuffmanCode::is_literal(e)) {
      out[(*position)++] = static_cast<u8>(HuffmanCode::value(e));
      ++produced_;
      continue;
    }
    if (HuffmanCode::kind(e) == HuffmanCode::kEndOfBlock) return Result::kDone;
    if (HuffmanCode::kind(e) != HuffmanCode::kBase) return bad("a deflate code that means nothing");
    match_length_ = HuffmanCode::value(e) + take(HuffmanCode::extra_bits(e));
    u32 d = distances_.look(hold_);
    if (HuffmanCode::kind(d) == HuffmanCode::kLong)
      d = distances_.find_long(hold_, kSymbols.distance.data());
    take(HuffmanCode::length(d));
    if (HuffmanCode::kind(d) != HuffmanCode::kBase) return bad("a deflate distance that means nothing");
    match_distance_ = HuffmanCode::value(d) + take(HuffmanCode::extra_bits(d));
    state_ = State::kMatch;
  }
}

}  // namespace af
