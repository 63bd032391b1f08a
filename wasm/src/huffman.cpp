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
  u32 next[kMaxBits + 2] = {};
  for (u32 n = 1; n <= kMaxBits; ++n) {
    offset[n + 1] = offset[n] + count[n];
    next[n + 1] = (next[n] + count[n]) << 1;
  }
  const u32 root_size = 1u << (longest < 1                        ? 1
                               : longest < kRootBits ? longest
                                                                  : kRootBits);
  mask = root_size - 1;
  const bool all_written = free_codes == 0;
  if (!all_written)
    for (u32 i = 0; i < root_size; ++i) root[i] = entry(kInvalid, 0, 0);
  for (u32 s = 0; s < symbols; ++s) {
    const u32 n = lengths[s];
    if (n == 0) continue;
    symbol[offset[n]++] = static_cast<u16>(s);
    const u32 in_order = next[n]++;
    u32 reversed = 0;  // the stream gives a code's first bit first, the look-up wants it lowest
    for (u32 b = 0; b < n; ++b) reversed |= (in_order >> b & 1) << (n - 1 - b);
    if (n <= kRootBits) {
      for (u32 i = reversed; i < root_size; i += 1u << n) root[i] = entry_of_symbol[s] | n;
    } else {
      root[reversed & (root_size - 1)] = entry(kLong, 0, 0);
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
