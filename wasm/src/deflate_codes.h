// What the symbols of deflate mean (RFC 1951, 3.2.5), as entries of a HuffmanCode's look-up.
#ifndef ASTRO_FITS_DEFLATE_CODES_H_
#define ASTRO_FITS_DEFLATE_CODES_H_

#include <array>

#include "huffman.h"

namespace af {

struct SymbolTables {
  std::array<u32, 288> literal{};
  std::array<u32, 32> distance{};
  std::array<u32, 19> code_length{};
};

constexpr SymbolTables make_symbol_tables() {
  SymbolTables t;
  for (u32 s = 0; s < 256; ++s) t.literal[s] = HuffmanCode::literal(s);
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
  for (u32 s = 0; s < 19; ++s) t.code_length[s] = HuffmanCode::literal(s);
  return t;
}
inline constexpr SymbolTables kSymbols = make_symbol_tables();

// A symbol is only decoded when this many bits are at hand, which any symbol with its extra bits fits in; the eight
// bytes of the trailer behind the last block make that safe to ask for.
inline constexpr u32 kNeededBits = 48;

}  // namespace af

#endif  // ASTRO_FITS_DEFLATE_CODES_H_
