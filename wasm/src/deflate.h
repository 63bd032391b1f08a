// Deflating bytes into a gzip member (RFC 1951, RFC 1952).
#ifndef ASTRO_FITS_DEFLATE_H_
#define ASTRO_FITS_DEFLATE_H_

#include "crc32.h"
#include "support.h"

namespace af {

// Keeps its tables from one member to the next: tiles are small and many.
class GzipWriter {
 public:
  // Appends one member with all of `bytes`. False when memory is short.
  [[nodiscard]] bool append(const u8* bytes, size_t count, Array<u8>* out);

 private:
  // A literal (distance 0) or a match of `length` bytes that lie `distance` bytes back.
  struct Token {
    u16 length;
    u16 distance;
  };

  [[nodiscard]] bool find_tokens(const u8* bytes, size_t begin, size_t end);
  void insert(const u8* bytes, size_t at);
  [[nodiscard]] bool write_block(const u8* bytes, size_t begin, size_t end, bool last);
  [[nodiscard]] bool write_stored(const u8* bytes, size_t begin, size_t end, bool last);
  [[nodiscard]] bool put(u64 value, u32 bits);
  [[nodiscard]] bool flush_to_byte();

  Crc32 checksum_;
  Array<u8>* out_ = nullptr;
  u64 hold_ = 0;  // bits not yet written, next bit lowest
  u32 held_ = 0;
  Array<Token> tokens_;
  Array<u32> newest_;    // position + 1 of the newest occurrence of each hash; 0 = none
  Array<u32> previous_;  // by position in the window: the occurrence before
};

}  // namespace af

#endif  // ASTRO_FITS_DEFLATE_H_
