// References: RFC 1951 (deflate), RFC 1952 (gzip). A symbol is only decoded when 48 bits are at hand, which
// any symbol with its extra bits fits in; the eight bytes of the trailer behind the last block make that safe
// to ask for.
#include "inflate.h"

#include <array>

#include "crc32.h"

namespace af {
namespace {

constexpr u32 kNeededBits = 48;

struct SymbolTables {
  std::array<u32, 288> literal{};
  std::array<u32, 32> distance{};
  std::array<u32, 19> code_length{};
};

constexpr SymbolTables make_symbol_tables() {
  SymbolTables t;
  for (u32 s = 0; s < 256; ++s) t.literal[s] = HuffmanCode::entry(HuffmanCode::kLiteral, 0, s);
  t.literal[256] = HuffmanCode::entry(HuffmanCode::kEndOfBlock, 0, 0);
  // Lengths: eight codes without extra bits, then groups of four with one bit more each; 285 is 258 exactly.
  u32 base = 3;
  for (u32 s = 257; s < 285; ++s) {
    const u32 extra = s < 265 ? 0 : (s - 261) / 4;
    t.literal[s] = HuffmanCode::entry(HuffmanCode::kBase, extra, base);
    base += 1u << extra;
  }
  t.literal[285] = HuffmanCode::entry(HuffmanCode::kBase, 0, 258);
  t.literal[286] = t.literal[287] = HuffmanCode::entry(HuffmanCode::kInvalid, 0, 0);
  // Distances: four codes without extra bits, then pairs.
  base = 1;
  for (u32 s = 0; s < 30; ++s) {
    const u32 extra = s < 4 ? 0 : (s - 2) / 2;
    t.distance[s] = HuffmanCode::entry(HuffmanCode::kBase, extra, base);
    base += 1u << extra;
  }
  t.distance[30] = t.distance[31] = HuffmanCode::entry(HuffmanCode::kInvalid, 0, 0);
  for (u32 s = 0; s < 19; ++s) t.code_length[s] = HuffmanCode::entry(HuffmanCode::kLiteral, 0, s);
  return t;
}
constexpr SymbolTables kSymbols = make_symbol_tables();

// In which order a block gives the lengths of the code-length code (RFC 1951, 3.2.7).
constexpr u8 kCodeLengthOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

}  // namespace

void GzipReader::reset() {
  state_ = State::kMagic1;
  problem_ = "";
  hold_ = 0;
  held_ = 0;
  crc_ = 0;
  trailer_crc_ = trailer_size_ = 0;
  produced_ = 0;
  last_block_ = false;
}

void GzipReader::refill(const u8** in, const u8* end) {
  if (end - *in >= 8) {
    // Takes as many whole bytes as fit; the rest of the loaded bits are the same bytes that are loaded again
    // later.
    u64 w;
    std::memcpy(&w, *in, 8);
    hold_ |= w << held_;
    *in += (63 - held_) >> 3;
    held_ |= 56;
    return;
  }
  while (held_ < 56 && *in < end) {
    hold_ |= u64{**in} << held_;
    ++*in;
    held_ += 8;
  }
}

bool GzipReader::next_byte(const u8** in, const u8* end, u8* byte) {
  if (held_ >= 8) {
    *byte = static_cast<u8>(take(8));
    if (held_ == 0) hold_ = 0;
    return true;
  }
  if (*in == end) return false;
  *byte = *(*in)++;
  return true;
}

void GzipReader::build_fixed() {
  std::memset(lengths_, 8, 144);
  std::memset(lengths_ + 144, 9, 112);
  std::memset(lengths_ + 256, 7, 24);
  std::memset(lengths_ + 280, 8, 8);
  literals_.build(lengths_, 288, kSymbols.literal.data());
  std::memset(lengths_, 5, 32);
  distances_.build(lengths_, 32, kSymbols.distance.data());
}

bool GzipReader::build_block_codes() {
  if (lengths_[256] == 0) return false;  // no way to end the block
  return literals_.build(lengths_, literal_codes_, kSymbols.literal.data()) &&
         distances_.build(lengths_ + literal_codes_, distance_codes_, kSymbols.distance.data());
}

void GzipReader::after_header_field(u8 done_flag) {
  flags_ &= static_cast<u8>(~done_flag);
  if ((flags_ & kHasExtra) != 0) {
    state_ = State::kExtraLow;
  } else if ((flags_ & kHasName) != 0) {
    state_ = State::kName;
  } else if ((flags_ & kHasComment) != 0) {
    state_ = State::kComment;
  } else if ((flags_ & kHasHeaderCrc) != 0) {
    state_ = State::kHeaderCrc;
    counter_ = 2;
  } else {
    state_ = State::kBlock;
  }
}

GzipReader::Result GzipReader::run(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity) {
  u8 byte = 0;
  for (;;) {
    switch (state_) {
      case State::kBlock:
      case State::kStoredLength:
      case State::kStored:
      case State::kTableSizes:
      case State::kCodeLengthLengths:
      case State::kCodeLengths:
      case State::kSymbols:
      case State::kMatch: {
        const size_t before = *position;
        const Result result = run_blocks(in, end, out, position, capacity);
        crc_ = crc32(crc_, out + before, *position - before);
        if (state_ != State::kTrailer || result == Result::kBad) return result;
        continue;
      }
      case State::kDone:
        return Result::kDone;
      default:
        break;
    }
    if (!next_byte(in, end, &byte)) return Result::kNeedInput;
    switch (state_) {
      case State::kMagic1:
        if (byte != 0x1F) return bad("not a gzip stream");
        state_ = State::kMagic2;
        break;
      case State::kMagic2:
        if (byte != 0x8B) return bad("not a gzip stream");
        state_ = State::kMethod;
        break;
      case State::kMethod:
        if (byte != 8) return bad("a gzip stream with an unknown method");
        state_ = State::kFlags;
        break;
      case State::kFlags:
        if ((byte & 0xE0) != 0) return bad("a gzip stream with reserved flags");
        flags_ = byte;
        counter_ = 6;  // time, extra flags, system
        state_ = State::kSkip;
        break;
      case State::kSkip:
        if (--counter_ == 0) after_header_field(0);
        break;
      case State::kExtraLow:
        counter_ = byte;
        state_ = State::kExtraHigh;
        break;
      case State::kExtraHigh:
        counter_ |= u32{byte} << 8;
        state_ = State::kExtra;
        if (counter_ == 0) after_header_field(kHasExtra);
        break;
      case State::kExtra:
        if (--counter_ == 0) after_header_field(kHasExtra);
        break;
      case State::kName:
        if (byte == 0) after_header_field(kHasName);
        break;
      case State::kComment:
        if (byte == 0) after_header_field(kHasComment);
        break;
      case State::kHeaderCrc:
        if (--counter_ == 0) after_header_field(kHasHeaderCrc);
        break;
      case State::kTrailer:
        if (counter_ < 4) {
          trailer_crc_ |= u32{byte} << (8 * counter_);
        } else {
          trailer_size_ |= u32{byte} << (8 * (counter_ - 4));
        }
        if (++counter_ == 8) {
          if (trailer_crc_ != crc_) return bad("a gzip stream whose checksum does not fit its bytes");
          if (trailer_size_ != static_cast<u32>(produced_))
            return bad("a gzip stream whose length does not fit");
          state_ = State::kDone;
        }
        break;
      default:
        return bad("gzip state");
    }
  }
}

GzipReader::Result GzipReader::run_blocks(const u8** in, const u8* end, u8* out, size_t* position,
                                          size_t capacity) {
  for (;;) {
    if (state_ == State::kSymbols || state_ == State::kMatch) {
      const Result result = run_symbols(in, end, out, position, capacity);
      if (result != Result::kDone) return result;
      state_ = State::kBlock;
      continue;
    }
    if (state_ == State::kStored) {
      while (counter_ > 0) {
        if (*position == capacity) return Result::kOutputFull;
        if (held_ > 0) {
          u8 byte = 0;
          next_byte(in, end, &byte);
          out[(*position)++] = byte;
          ++produced_;
          --counter_;
          continue;
        }
        size_t count = static_cast<size_t>(end - *in);
        if (count == 0) return Result::kNeedInput;
        if (count > counter_) count = counter_;
        if (count > capacity - *position) count = capacity - *position;
        std::memcpy(out + *position, *in, count);
        *in += count;
        *position += count;
        produced_ += count;
        counter_ -= static_cast<u32>(count);
      }
      state_ = State::kBlock;
      continue;
    }
    refill(in, end);
    if (held_ < kNeededBits) return Result::kNeedInput;
    switch (state_) {
      case State::kBlock: {
        if (last_block_) {
          take(held_ & 7);
          // Bits above `held_` belong to bytes that `in` still points at.
          hold_ &= (u64{1} << held_) - 1;
          counter_ = 0;
          state_ = State::kTrailer;
          return Result::kDone;
        }
        last_block_ = take(1) != 0;
        const u32 type = take(2);
        if (type == 0) {
          take(held_ & 7);
          state_ = State::kStoredLength;
        } else if (type == 1) {
          build_fixed();
          state_ = State::kSymbols;
        } else if (type == 2) {
          state_ = State::kTableSizes;
        } else {
          return bad("a deflate block of an unknown type");
        }
        break;
      }
      case State::kStoredLength: {
        const u32 length = take(16), inverse = take(16);
        if ((length ^ inverse) != 0xFFFF) return bad("a stored deflate block with a wrong length");
        hold_ &= (u64{1} << held_) - 1;
        counter_ = length;
        state_ = State::kStored;
        break;
      }
      case State::kTableSizes:
        literal_codes_ = take(5) + 257;
        distance_codes_ = take(5) + 1;
        length_codes_ = take(4) + 4;
        if (literal_codes_ > 286 || distance_codes_ > 30) return bad("a deflate block with too many codes");
        std::memset(lengths_, 0, sizeof lengths_);
        counter_ = 0;
        state_ = State::kCodeLengthLengths;
        break;
      case State::kCodeLengthLengths:
        lengths_[kCodeLengthOrder[counter_++]] = static_cast<u8>(take(3));
        if (counter_ == length_codes_) {
          if (!distances_.build(lengths_, 19, kSymbols.code_length.data()))
            return bad("a deflate block with a broken code");
          counter_ = 0;
          state_ = State::kCodeLengths;
        }
        break;
      case State::kCodeLengths: {
        // The code-length code lives in `distances_` until the distances themselves are known.
        const u32 e = distances_.look(hold_);
        if ((e >> 4 & 15) != HuffmanCode::kLiteral) return bad("a deflate block with a broken code");
        take(e & 15);
        const u32 s = e >> 16;
        u32 repeat = 1;
        u8 length = static_cast<u8>(s);
        if (s == 16) {
          if (counter_ == 0) return bad("a deflate block with a broken code");
          length = lengths_[counter_ - 1];
          repeat = 3 + take(2);
        } else if (s == 17) {
          length = 0;
          repeat = 3 + take(3);
        } else if (s == 18) {
          length = 0;
          repeat = 11 + take(7);
        }
        if (counter_ + repeat > literal_codes_ + distance_codes_)
          return bad("a deflate block with a broken code");
        std::memset(lengths_ + counter_, length, repeat);
        counter_ += repeat;
        if (counter_ == literal_codes_ + distance_codes_) {
          if (!build_block_codes()) return bad("a deflate block with a broken code");
          state_ = State::kSymbols;
        }
        break;
      }
      default:
        return bad("deflate state");
    }
  }
}

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
// carefully.
bool GzipReader::run_symbols_fast(const u8** in, const u8* end, u8* out, size_t* position, size_t capacity) {
  constexpr size_t kRoom = 258 + 8 + 4;
  while (end - *in >= 16 && capacity - *position >= kRoom) {
    refill(in, end);
    u32 e = literals_.look(hold_);
    // Four literals of at most 11 bits fit in the 56 bits at hand.
    size_t p = *position;
    const size_t start = p;
    for (int k = 0; k < 4 && (e >> 4 & 15) == HuffmanCode::kLiteral; ++k) {
      hold_ >>= e & 15;
      held_ -= e & 15;
      out[p++] = static_cast<u8>(e >> 16);
      e = literals_.look(hold_);
    }
    produced_ += p - start;
    *position = p;
    if ((e >> 4 & 15) == HuffmanCode::kLiteral) continue;
    refill(in, end);
    const HuffmanCode::Kind kind = static_cast<HuffmanCode::Kind>(e >> 4 & 15);
    if (kind == HuffmanCode::kEndOfBlock) {
      take(e & 15);
      return true;
    }
    if (kind != HuffmanCode::kBase) return false;
    const u32 d = distances_.look(hold_ >> ((e & 15) + (e >> 8 & 255)));
    if ((d >> 4 & 15) != HuffmanCode::kBase) return false;
    take(e & 15);
    match_length_ = (e >> 16) + take(e >> 8 & 255);
    take(d & 15);
    match_distance_ = (d >> 16) + take(d >> 8 & 255);
    if (match_distance_ > produced_ || match_distance_ > *position) {
      state_ = State::kMatch;  // the careful path says what is wrong
      return false;
    }
    copy_match(out, position, capacity);
  }
  return false;
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
    if (state_ == State::kMatch) continue;
    refill(in, end);
    if (held_ < kNeededBits) return Result::kNeedInput;
    u32 e = literals_.look(hold_);
    if ((e >> 4 & 15) == HuffmanCode::kLong) e = literals_.find_long(hold_, kSymbols.literal.data());
    if ((e >> 4 & 15) == HuffmanCode::kLiteral && *position == capacity) return Result::kOutputFull;
    take(e & 15);
    switch (e >> 4 & 15) {
      case HuffmanCode::kLiteral:
        out[(*position)++] = static_cast<u8>(e >> 16);
        ++produced_;
        continue;
      case HuffmanCode::kEndOfBlock:
        return Result::kDone;
      case HuffmanCode::kBase:
        break;
      default:
        return bad("a deflate code that means nothing");
    }
    match_length_ = (e >> 16) + take(e >> 8 & 255);
    u32 d = distances_.look(hold_);
    if ((d >> 4 & 15) == HuffmanCode::kLong) d = distances_.find_long(hold_, kSymbols.distance.data());
    take(d & 15);
    if ((d >> 4 & 15) != HuffmanCode::kBase) return bad("a deflate distance that means nothing");
    match_distance_ = (d >> 16) + take(d >> 8 & 255);
    state_ = State::kMatch;
  }
}

}  // namespace af
