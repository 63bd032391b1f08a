// Reference: RFC 1951, 3.2.2.
#include "huffman.h"

namespace af {

bool HuffmanCode::build(const u8* lengths, u32 symbols, const u32* entry_of_symbol) {
  std::memset(count, 0, sizeof count);
  for (u32 s = 0; s < symbols; ++s) ++count[lengths[s]];
  count[0] = 0;
  i32 free_codes = 1;
  u32 longest = 0;
  for (u32 n = 1; n <= kMaxBits; ++n) {
    free_codes = 2 * free_codes - count[n];
    if (free_codes < 0) return false;
    if (count[n] != 0) longest = n;
  }
  if (free_codes > 0 && longest > 1) return false;

  u32 offset[kMaxBits + 2] = {};
  for (u32 n = 1; n <= kMaxBits; ++n) offset[n + 1] = offset[n] + count[n];
  for (u32 s = 0; s < symbols; ++s)
    if (lengths[s] != 0) symbol[offset[lengths[s]]++] = static_cast<u16>(s);

  const u32 root_bits = longest < 1 ? 1 : longest < kRootBits ? longest : kRootBits;
  mask = (1u << root_bits) - 1;
  if (free_codes > 0)
    for (u32 i = 0; i <= mask; ++i) root[i] = entry(kInvalid, 0, 0);
  // The codes in their order, the shorter first. The stream gives a code's first bit first and the look-up
  // wants it lowest, so `code` counts with its bits reversed. With every bit more the look-up becomes twice as
  // long, its second half a copy of the first.
  u32 code = 0, next = 0;
  for (u32 n = 1; n <= longest; ++n) {
    const u32 half = 1u << (n - 1);
    if (n > 1 && n <= root_bits && free_codes == 0) std::memcpy(root + half, root, half * sizeof root[0]);
    for (u32 k = count[n]; k > 0; --k) {
      if (n <= root_bits) {
        root[code] = entry_of_symbol[symbol[next++]] | n;
      } else {
        root[code & mask] = entry(kLong, 0, 0);
      }
      u32 bit = half;
      while ((code & bit) != 0) bit >>= 1;
      code = (code & (bit - 1)) | bit;
    }
  }
  return true;
}

u32 HuffmanCode::find_long(u64 bits, const u32* entry_of_symbol) const {
  u32 value = 0, first = 0, index = 0;
  for (u32 n = 1; n <= kMaxBits; ++n) {
    value |= static_cast<u32>(bits >> (n - 1) & 1);
    const u32 of_length = count[n];
    if (value < first + of_length) return entry_of_symbol[symbol[index + value - first]] | n;
    index += of_length;
    first = (first + of_length) << 1;
    value <<= 1;
  }
  return entry(kInvalid, 0, 0);
}

}  // namespace af
