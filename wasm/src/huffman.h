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
  // bits 0-5 code length, 8-11 number of extra bits, 12-14 kind, 16-30 literal or base, 31 set for a literal
  enum Kind : u32 { kBase = 0, kEndOfBlock = 1, kLong = 2, kInvalid = 3 };
  static constexpr u32 literal(u32 value) { return 1u << 31 | value << 16; }
  static constexpr u32 entry(Kind kind, u32 extra_bits, u32 base) {
    return extra_bits << 8 | kind << 12 | base << 16;
  }
  static bool is_literal(u32 entry) { return (entry >> 31) != 0; }
  static Kind kind(u32 entry) { return static_cast<Kind>(entry >> 12 & 7); }
  static u32 length(u32 entry) { return entry & 63; }
  static u32 extra_bits(u32 entry) { return entry >> 8 & 15; }
  static u32 value(u32 entry) { return entry >> 16 & 0x7FFF; }

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
