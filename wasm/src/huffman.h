// Canonical Huffman codes as deflate has them (RFC 1951, 3.2.2).
#ifndef ASTRO_FITS_HUFFMAN_H_
#define ASTRO_FITS_HUFFMAN_H_

#include "support.h"

namespace af {

// Codes of up to kRootBits are found by one look, longer ones bit by bit. The look-up is only as wide as the
// longest code wants, because small tiles spend their time on building it.
struct HuffmanCode {
  static constexpr u32 kRootBits = 11;
  static constexpr u32 kMaxBits = 15;
  // What a decoded symbol means; the same entry layout serves literals, lengths and distances.
  enum Kind : u32 { kLiteral = 0, kBase = 1, kEndOfBlock = 2, kLong = 3, kInvalid = 4 };
  // bits 0-3 code length, 4-7 kind, 8-15 number of extra bits, 16-31 literal or base
  static constexpr u32 entry(u32 kind, u32 extra_bits, u32 value) {
    return kind << 4 | extra_bits << 8 | value << 16;
  }

  // From the code length of each symbol. False when the lengths describe no prefix code; an incomplete code is
  // only allowed with a single symbol of one bit, as the reference implementation has it.
  bool build(const u8* lengths, u32 symbols, const u32* entry_of_symbol);
  u32 look(u64 bits) const { return root[bits & mask]; }
  // The entry of a code that is longer than the look-up.
  u32 find_long(u64 bits, const u32* entry_of_symbol) const;

  u32 mask;
  u32 root[1u << kRootBits];
  u16 count[kMaxBits + 1];
  u16 symbol[288];
};

}  // namespace af

#endif  // ASTRO_FITS_HUFFMAN_H_
