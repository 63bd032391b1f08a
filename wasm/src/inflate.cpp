// References: RFC 1951 (deflate), RFC 1952 (gzip). The gzip wrapper and the headers of blocks; their symbols
// are in inflate_symbols.cpp.
#include "inflate.h"

#include "deflate_codes.h"

namespace af {
namespace {

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
        crc_ = checksum_.update(crc_, out + before, *position - before);
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
        if (!HuffmanCode::is_literal(e)) return bad("a deflate block with a broken code");
        take(HuffmanCode::length(e));
        const u32 s = HuffmanCode::value(e);
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

}  // namespace af
