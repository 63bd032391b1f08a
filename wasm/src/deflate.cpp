// Matches are found greedily through chains of positions with equal hashes; every block has Huffman codes of its own
// or is stored, whichever is shorter.
#include "deflate.h"

#include <algorithm>

namespace af {
namespace {

constexpr size_t kWindow = 32768;
constexpr u32 kHashBits = 15;
constexpr u32 kShortest = 4, kLongest = 258;
// Each further candidate costs time and gains little on shuffled pixels.
constexpr u32 kCandidates = 8;
// As many as a stored block can hold.
constexpr size_t kBlockBytes = 65535;
constexpr u32 kLiteralSymbols = 286, kDistanceSymbols = 30, kLengthSymbols = 19;
constexpr u32 kEndOfBlock = 256;

constexpr u16 kLengthBase[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr u8 kLengthExtra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr u16 kDistanceBase[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                   193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr u8 kLengthOrder[kLengthSymbols] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

u32 length_symbol(u32 length) {
  return static_cast<u32>(std::upper_bound(kLengthBase, kLengthBase + 29, length) - kLengthBase) - 1;
}
u32 distance_symbol(u32 distance) {
  return static_cast<u32>(std::upper_bound(kDistanceBase, kDistanceBase + 30, distance) - kDistanceBase) - 1;
}
u32 distance_extra(u32 symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

u32 hash_of(const u8* p) {
  u32 v;
  std::memcpy(&v, p, 4);
  return (v * 2654435761u) >> (32 - kHashBits);
}

// Lengths and bits of a prefix code; the bits of a code are reversed, as deflate sends them.
struct Code {
  u8 length[kLiteralSymbols] = {};
  u16 bits[kLiteralSymbols] = {};

  // From how often each of `symbols` symbols occurs, with no code longer than `longest`. At least one gets a code.
  void build(const u32* counts, u32 symbols, u32 longest) {
    struct Symbol {
      u32 count;
      u16 index;
    };
    Symbol used[kLiteralSymbols];
    u32 n = 0;
    for (u32 i = 0; i < symbols; ++i)
      if (counts[i] > 0) used[n++] = {counts[i], static_cast<u16>(i)};
    if (n < 2) {
      // A code needs two symbols to be complete; one that never occurs does no harm.
      const u32 only = n == 1 ? used[0].index : 0;
      length[only] = 1;
      length[only == 0 ? 1 : 0] = 1;
      assign();
      return;
    }
    std::sort(used, used + n, [](const Symbol& a, const Symbol& b) {
      return a.count != b.count ? a.count < b.count : a.index < b.index;
    });
    // Two queues: leaves in order of count, and joined nodes, which come about in order of count.
    u64 weight[2 * kLiteralSymbols];
    u16 parent[2 * kLiteralSymbols];
    for (u32 i = 0; i < n; ++i) weight[i] = used[i].count;
    u32 leaf = 0, joined = n, next = n;
    for (; next < 2 * n - 1; ++next) {
      weight[next] = 0;
      for (u32 k = 0; k < 2; ++k) {
        const bool take_leaf = leaf < n && (joined == next || weight[leaf] <= weight[joined]);
        const u32 taken = take_leaf ? leaf++ : joined++;
        parent[taken] = static_cast<u16>(next);
        weight[next] += weight[taken];
      }
    }
    u32 depth[2 * kLiteralSymbols];
    u32 at_depth[64] = {};
    depth[2 * n - 2] = 0;
    for (u32 i = 2 * n - 2; i-- > 0;) depth[i] = depth[parent[i]] + 1;
    for (u32 i = 0; i < n; ++i) ++at_depth[std::min(depth[i], longest)];
    // Codes that were cut at `longest` break Kraft's inequality: lengthen shorter ones until it holds.
    u64 room = 0;
    for (u32 d = 1; d <= longest; ++d) room += u64{at_depth[d]} << (longest - d);
    while (room > u64{1} << longest) {
      u32 d = longest - 1;
      while (at_depth[d] == 0) --d;
      --at_depth[d];
      at_depth[d + 1] += 2;
      --at_depth[longest];
      --room;
    }
    u32 i = 0;
    for (u32 d = longest; d > 0; --d)
      for (u32 k = 0; k < at_depth[d]; ++k) length[used[i++].index] = static_cast<u8>(d);
    assign();
  }

 private:
  void assign() {
    u32 at_length[16] = {}, first[16] = {};
    for (const u8 each : length) ++at_length[each];
    at_length[0] = 0;
    for (u32 l = 1; l < 16; ++l) first[l] = (first[l - 1] + at_length[l - 1]) << 1;
    for (u32 i = 0; i < kLiteralSymbols; ++i) {
      if (length[i] == 0) continue;
      u32 code = first[length[i]]++, reversed = 0;
      for (u32 b = 0; b < length[i]; ++b, code >>= 1) reversed = reversed << 1 | (code & 1);
      bits[i] = static_cast<u16>(reversed);
    }
  }
};

// The code lengths of both codes as they are sent: runs are shortened by the symbols 16, 17 and 18.
struct LengthRuns {
  u8 symbol[kLiteralSymbols + kDistanceSymbols];
  u8 extra[kLiteralSymbols + kDistanceSymbols];
  u32 count = 0;

  void add(const u8* lengths, u32 n) {
    for (u32 i = 0; i < n;) {
      u32 run = 1;
      while (i + run < n && lengths[i + run] == lengths[i]) ++run;
      i += run;
      const u8 value = lengths[i - 1];
      if (value != 0) {
        push(value, 0);
        --run;
      }
      while (run >= 3) {
        const u32 most = value != 0 ? 6 : run > 10 ? 138 : 10;
        const u32 taken = std::min(run, most);
        if (value != 0) push(16, taken - 3);
        else if (taken > 10) push(18, taken - 11);
        else push(17, taken - 3);
        run -= taken;
      }
      while (run-- > 0) push(value, 0);
    }
  }
  static u32 extra_bits(u32 symbol) { return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0; }

 private:
  void push(u32 s, u32 e) {
    symbol[count] = static_cast<u8>(s);
    extra[count++] = static_cast<u8>(e);
  }
};

}  // namespace

// Not inlined: it is called in thirty places.
__attribute__((noinline)) bool GzipWriter::put(u64 value, u32 bits) {
  hold_ |= value << held_;
  held_ += bits;
  while (held_ >= 8) {
    if (!out_->push(static_cast<u8>(hold_))) return false;
    hold_ >>= 8;
    held_ -= 8;
  }
  return true;
}

bool GzipWriter::flush_to_byte() { return held_ == 0 || put(0, 8 - held_); }

void GzipWriter::insert(const u8* bytes, size_t at) {
  u32& newest = newest_[hash_of(bytes + at)];
  previous_[at % kWindow] = newest;
  newest = static_cast<u32>(at + 1);
}

// `end` is the end of the block; matches may not pass it, so that a block can also be stored.
bool GzipWriter::find_tokens(const u8* bytes, size_t begin, size_t end) {
  tokens_.clear();
  if (!tokens_.reserve(end - begin)) return false;
  for (size_t at = begin; at < end;) {
    u32 best = 0, distance = 0;
    if (at + kShortest <= end) {
      u32 candidate = newest_[hash_of(bytes + at)];
      const u32 most = static_cast<u32>(std::min<size_t>(kLongest, end - at));
      for (u32 tries = 0; candidate != 0 && tries < kCandidates; ++tries) {
        const size_t from = candidate - 1;
        if (at - from >= kWindow) break;
        u32 length = 0;
        while (length < most && bytes[from + length] == bytes[at + length]) ++length;
        if (length > best) {
          best = length;
          distance = static_cast<u32>(at - from);
          if (best == most) break;
        }
        candidate = previous_[from % kWindow];
      }
    }
    const bool match = best >= kShortest;
    const size_t step = match ? best : 1;
    const Token token = match ? Token{static_cast<u16>(best), static_cast<u16>(distance)} : Token{bytes[at], 0};
    if (!tokens_.push(token)) return false;
    for (size_t i = 0; i < step; ++i)
      if (at + i + 4 <= end) insert(bytes, at + i);
    at += step;
  }
  return true;
}

bool GzipWriter::write_stored(const u8* bytes, size_t begin, size_t end, bool last) {
  const size_t count = end - begin;
  return put(last ? 1 : 0, 3) && flush_to_byte() && put(count, 16) && put(~count & 0xFFFF, 16) &&
         out_->append(bytes + begin, count);
}

bool GzipWriter::write_block(const u8* bytes, size_t begin, size_t end, bool last) {
  if (!find_tokens(bytes, begin, end)) return false;
  u32 literal_counts[kLiteralSymbols] = {}, distance_counts[kDistanceSymbols] = {};
  for (const Token& t : tokens_) {
    if (t.distance == 0) {
      ++literal_counts[t.length];
    } else {
      ++literal_counts[257 + length_symbol(t.length)];
      ++distance_counts[distance_symbol(t.distance)];
    }
  }
  literal_counts[kEndOfBlock] = 1;
  Code literals, distances;
  literals.build(literal_counts, kLiteralSymbols, 15);
  distances.build(distance_counts, kDistanceSymbols, 15);

  u32 literal_codes = kLiteralSymbols, distance_codes = kDistanceSymbols;
  while (literals.length[literal_codes - 1] == 0) --literal_codes;
  while (distances.length[distance_codes - 1] == 0) --distance_codes;
  LengthRuns runs;
  runs.add(literals.length, literal_codes);
  runs.add(distances.length, distance_codes);
  u32 run_counts[kLengthSymbols] = {};
  for (u32 i = 0; i < runs.count; ++i) ++run_counts[runs.symbol[i]];
  Code lengths;
  lengths.build(run_counts, kLengthSymbols, 7);
  u32 length_codes = kLengthSymbols;
  while (length_codes > 4 && lengths.length[kLengthOrder[length_codes - 1]] == 0) --length_codes;

  u64 bits = 17 + 3 * length_codes;
  for (u32 i = 0; i < kLengthSymbols; ++i) bits += u64{run_counts[i]} * (lengths.length[i] + LengthRuns::extra_bits(i));
  for (u32 i = 0; i < kLiteralSymbols; ++i)
    bits += u64{literal_counts[i]} * (literals.length[i] + (i > 256 ? kLengthExtra[i - 257] : 0u));
  for (u32 i = 0; i < kDistanceSymbols; ++i)
    bits += u64{distance_counts[i]} * (distances.length[i] + distance_extra(i));
  if (bits / 8 >= end - begin) return write_stored(bytes, begin, end, last);

  bool good = put(last ? 1 : 0, 1) && put(2, 2) && put(literal_codes - 257, 5) && put(distance_codes - 1, 5) &&
              put(length_codes - 4, 4);
  for (u32 i = 0; i < length_codes; ++i) good = good && put(lengths.length[kLengthOrder[i]], 3);
  for (u32 i = 0; i < runs.count; ++i)
    good = good && put(lengths.bits[runs.symbol[i]], lengths.length[runs.symbol[i]]) &&
           put(runs.extra[i], LengthRuns::extra_bits(runs.symbol[i]));
  for (const Token& t : tokens_) {
    if (t.distance == 0) {
      good = good && put(literals.bits[t.length], literals.length[t.length]);
      continue;
    }
    const u32 l = length_symbol(t.length), d = distance_symbol(t.distance);
    good = good && put(literals.bits[257 + l], literals.length[257 + l]) &&
           put(static_cast<u32>(t.length - kLengthBase[l]), kLengthExtra[l]) &&
           put(distances.bits[d], distances.length[d]) &&
           put(static_cast<u32>(t.distance - kDistanceBase[d]), distance_extra(d));
  }
  return good && put(literals.bits[kEndOfBlock], literals.length[kEndOfBlock]);
}

bool GzipWriter::append(const u8* bytes, size_t count, Array<u8>* out) {
  // Magic, deflate, no flags, no time, no hint, unknown system.
  static constexpr u8 kHeader[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255};
  if (!newest_.resize(size_t{1} << kHashBits) || !previous_.resize(kWindow)) return false;
  std::memset(newest_.data(), 0, newest_.size() * sizeof(u32));
  out_ = out;
  hold_ = 0;
  held_ = 0;
  if (!out->append(kHeader, sizeof kHeader)) return false;
  size_t begin = 0;
  do {
    const size_t end = std::min(count, begin + kBlockBytes);
    if (!write_block(bytes, begin, end, end == count)) return false;
    begin = end;
  } while (begin < count);
  return flush_to_byte() && put(checksum_.update(0, bytes, count), 32) && put(static_cast<u32>(count), 32);
}

}  // namespace af
