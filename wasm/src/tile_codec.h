// One compressed tile to the numbers that it stores.
#ifndef ASTRO_FITS_TILE_CODEC_H_
#define ASTRO_FITS_TILE_CODEC_H_

#include "hcompress.h"
#include "inflate.h"
#include "pixels.h"
#include "tiles.h"

namespace af {

// Where a tile's numbers are: in the codec's memory or in the file's.
struct TileNumbers {
  Stored stored = Stored::kI32;
  const u8* bytes = nullptr;
};

// The routines that take a cell want `count` numbers of type `bitpix` (of integers any width will do). What
// they give is good until the next call; when they fail, `*problem` says why.
class TileCodec {
 public:
  explicit TileCodec(u64 memory_limit) : memory_limit_(memory_limit) {}
  ~TileCodec() { destroy(gzip_); }
  TileCodec(const TileCodec&) = delete;
  TileCodec& operator=(const TileCodec&) = delete;

  // What the header says about the compression.
  AfStatus read(const HduRecord& hdu, i32 index, AfError* error);
  // RICE_1 of 32-bit numbers, which four tiles are decoded of at once.
  bool rice_of_words() const { return how_ == How::kRice && rice_bytes_ == 4; }
  u32 rice_block() const { return rice_block_; }

  // A cell of COMPRESSED_DATA.
  AfStatus decode(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out, const char** problem);
  // A cell of GZIP_COMPRESSED_DATA.
  AfStatus gunzip(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out, const char** problem);
  // A cell of UNCOMPRESSED_DATA.
  static AfStatus plain(const HeapBytes& cell, size_t count, i32 bitpix, TileNumbers* out,
                        const char** problem);

  // Gives its memory back.
  void release();

 private:
  enum class How { kNone, kRice, kGzip1, kGzip2, kPlio, kHcompress };

  template <class T>
  AfStatus take(Array<T>& memory, u64 count, const char** problem) const;
  AfStatus unshuffle(size_t count, TileNumbers* numbers, const char** problem);
  AfStatus decode_words(const HeapBytes& cell, size_t count, const char** problem);

  u64 memory_limit_;
  How how_ = How::kNone;
  u32 rice_bytes_ = 4, rice_block_ = 32;
  bool smooth_ = false;
  GzipReader* gzip_ = nullptr;
  Array<u8> bytes_, shuffled_;
  Array<i32> words_;
  HcompressReader hcompress_;
};

}  // namespace af

#endif  // ASTRO_FITS_TILE_CODEC_H_
