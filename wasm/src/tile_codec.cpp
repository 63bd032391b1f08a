// Reference: FITS standard 4.0, sections 10.1.2 (keywords) and 10.4 (algorithms).
#include "tile_codec.h"

#include "plio.h"
#include "rice.h"

namespace af {
namespace {

// How wide each of `count` numbers in `length` bytes is; 0 when that is no type.
u32 bytes_each(size_t length, size_t count, i32 bitpix) {
  const size_t bytes = length % count == 0 ? length / count : 0;
  const bool right =
      bitpix < 0 ? bytes == bytes_of_bitpix(bitpix) : bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  return right ? static_cast<u32>(bytes) : 0;
}

// GZIP_2 stores the first bytes of all numbers, then the second ones, and so on.
template <u32 kBytes>
void interleave(const u8* from, size_t count, u8* to) {
  for (size_t i = 0; i < count; ++i)
    for (u32 b = 0; b < kBytes; ++b) to[i * kBytes + b] = from[b * count + i];
}

}  // namespace

AfStatus TileCodec::read(const HduRecord& hdu, i32 index, AfError* error) {
  const Header& h = hdu.header;
  const i64 at = static_cast<i64>(hdu.header_offset);
  if (h.text_is("ZCMPTYPE", "RICE_1") || h.text_is("ZCMPTYPE", "RICE_ONE")) {
    how_ = How::kRice;
  } else if (h.text_is("ZCMPTYPE", "GZIP_1")) {
    how_ = How::kGzip1;
  } else if (h.text_is("ZCMPTYPE", "GZIP_2")) {
    how_ = How::kGzip2;
  } else if (h.text_is("ZCMPTYPE", "PLIO_1")) {
    how_ = How::kPlio;
  } else if (h.text_is("ZCMPTYPE", "HCOMPRESS_1")) {
    how_ = How::kHcompress;
  } else if (h.text_is("ZCMPTYPE", "NOCOMPRESS")) {
    how_ = How::kNone;
  } else {
    return fail(error, AF_UNSUPPORTED, "an unknown compression", {index, -1, at, "ZCMPTYPE"});
  }
  // The standard's defaults are BLOCKSIZE 32 and BYTEPIX 4.
  for (u32 n = 1; n <= 999; ++n) {
    const IndexedKeyword name("ZNAME", n), value("ZVAL", n);
    if (h.find(name.text) == nullptr) break;
    i64 number = 0;
    if (!h.integer(value.text, &number)) continue;
    if (h.text_is(name.text, "BLOCKSIZE")) {
      if (number < 1 || number > 65536)
        return fail(error, AF_MALFORMED, "an impossible RICE block size", {index, -1, at, value.text});
      rice_block_ = static_cast<u32>(number);
    } else if (h.text_is(name.text, "BYTEPIX")) {
      // The standard also names 8, which no known software writes or reads.
      if (number != 1 && number != 2 && number != 4)
        return fail(error, AF_UNSUPPORTED, "RICE pixels of a size that is not read",
                    {index, -1, at, value.text});
      rice_bytes_ = static_cast<u32>(number);
    } else if (h.text_is(name.text, "SMOOTH")) {
      smooth_ = number != 0;
    }
  }
  return AF_OK;
}

template <class T>
AfStatus TileCodec::take(Array<T>& memory, u64 count, const char** problem) const {
  u64 bytes = 0;
  constexpr u64 kMost = std::numeric_limits<size_t>::max() / 2;
  if (!multiply(count, sizeof(T), &bytes) || bytes > memory_limit_ || bytes > kMost) {
    *problem = "a tile larger than the memory limit";
    return AF_LIMIT;
  }
  *problem = "no memory for a tile";
  return memory.resize(static_cast<size_t>(count)) ? AF_OK : AF_OUT_OF_MEMORY;
}

AfStatus TileCodec::plain(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out,
                          const char** problem) {
  const u32 bytes = bytes_each(cell.length, count, bitpix);
  *problem = "a tile whose length does not fit its pixels";
  if (bytes == 0) return AF_MALFORMED;
  *out = {stored_big_endian(bytes, bitpix < 0), cell.bytes};
  return AF_OK;
}

AfStatus TileCodec::gunzip(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out,
                           const char** problem) {
  // Integers may be stored in a wider type than the image's, for example when they are quantized floats.
  const u32 own = bytes_of_bitpix(bitpix);
  const u64 capacity = u64{count} * (own < 4 ? 4 : own);
  const AfStatus status = take(bytes_, capacity, problem);
  if (status != AF_OK) return status;
  if (gzip_ == nullptr) gzip_ = create<GzipReader>();
  if (gzip_ == nullptr) return AF_OUT_OF_MEMORY;
  gzip_->reset();
  const u8* in = cell.bytes;
  size_t length = 0;
  switch (gzip_->run(&in, cell.bytes + cell.length, bytes_.data(), &length, bytes_.size())) {
    case GzipReader::Result::kDone:
      return plain({bytes_.data(), length, cell.offset}, count, bitpix, out, problem);
    case GzipReader::Result::kBad:
      *problem = gzip_->problem();
      return AF_MALFORMED;
    case GzipReader::Result::kNeedInput:
      *problem = "a gzip tile that ends too early";
      return AF_MALFORMED;
    default:
      *problem = "a gzip tile that is longer than its pixels";
      return AF_MALFORMED;
  }
}

AfStatus TileCodec::unshuffle(size_t count, TileNumbers* numbers, const char** problem) {
  if (numbers->stored == Stored::kU8) return AF_OK;
  const u32 bytes = bytes_of_stored(numbers->stored);
  const AfStatus status = take(shuffled_, u64{count} * bytes, problem);
  if (status != AF_OK) return status;
  if (bytes == 2) interleave<2>(numbers->bytes, count, shuffled_.data());
  if (bytes == 4) interleave<4>(numbers->bytes, count, shuffled_.data());
  if (bytes == 8) interleave<8>(numbers->bytes, count, shuffled_.data());
  numbers->bytes = shuffled_.data();
  return AF_OK;
}

// The compressions of integers alone.
AfStatus TileCodec::decode_words(const HeapBytes& cell, size_t count, const char** problem) {
  const AfStatus status = take(words_, count, problem);
  if (status != AF_OK) return status;
  if (how_ == How::kRice) {
    *problem = "a RICE tile that cannot be decoded";
    return rice_decode({cell.bytes, cell.length, words_.data()}, rice_bytes_, rice_block_, count)
               ? AF_OK
               : AF_MALFORMED;
  }
  if (how_ == How::kPlio) {
    *problem = "a PLIO tile that cannot be decoded";
    return plio_decode(cell.bytes, cell.length, count, words_.data()) ? AF_OK : AF_MALFORMED;
  }
  if (HcompressReader::memory_for(count) > memory_limit_) {
    *problem = "a tile larger than the memory limit";
    return AF_LIMIT;
  }
  bool no_memory = false;
  *problem = hcompress_.decode(cell.bytes, cell.length, count, smooth_, words_.data(), &no_memory);
  return *problem == nullptr ? AF_OK : no_memory ? AF_OUT_OF_MEMORY : AF_MALFORMED;
}

AfStatus TileCodec::decode(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out,
                           const char** problem) {
  switch (how_) {
    case How::kNone:
      return plain(cell, count, bitpix, out, problem);
    case How::kGzip1:
      return gunzip(cell, count, bitpix, out, problem);
    case How::kGzip2: {
      const AfStatus status = gunzip(cell, count, bitpix, out, problem);
      return status == AF_OK ? unshuffle(count, out, problem) : status;
    }
    default:
      break;
  }
  if (bitpix < 0) {
    *problem = "floats that are not quantized, in a compression of integers";
    return AF_UNSUPPORTED;
  }
  const AfStatus status = decode_words(cell, count, problem);
  *out = {Stored::kI32, reinterpret_cast<const u8*>(words_.data())};
  return status;
}

void TileCodec::release() {
  bytes_.release();
  shuffled_.release();
  words_.release();
  hcompress_.release();
}

}  // namespace af
