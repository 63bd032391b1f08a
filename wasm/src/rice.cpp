// Reference: FITS standard 4.0, section 10.4.1. A tile begins with its first pixel as it is; then follow the
// differences of neighbours, block by block. A block begins with a code: 0 = all differences are 0; the
// highest = plain differences; else code - 1 = the number of low bits that are stored plainly behind the
// unary high part.
#include "rice.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

namespace af {
namespace {

struct Coding {
  u32 code_bits;   // of a block's code
  u32 plain_code;  // the code - 1 that announces plain differences
  u32 pixel_bits;
};

constexpr Coding coding(u32 bytes_per_pixel) {
  return bytes_per_pixel == 1   ? Coding{3, 6, 8}
         : bytes_per_pixel == 2 ? Coding{4, 14, 16}
                                : Coding{5, 25, 32};
}

// Pixels between two checks for the end of the tile: 32 pixels take at most 32 * (64 + 1 + 24) bits = 356
// bytes, which is within kReadAhead.
constexpr size_t kRun = 32;
// A window of 64 bits that begins inside a byte has at least this many good ones.
constexpr u32 kWindowBits = 57;
// Four pixels of so few low bits, with the unary parts that noise gives them, nearly always fit in one
// window.
constexpr i32 kFewBits = 8;

// WebAssembly has no byte swap, and eight shifts and masks are what a compiler makes of one; a shuffle is one
// instruction.
inline u64 load_window(const u8* p) {
#ifdef __wasm_simd128__
  const v128_t v = wasm_v128_load64_zero(p);
  return static_cast<u64>(
      wasm_i64x2_extract_lane(wasm_i8x16_shuffle(v, v, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0), 0));
#else
  return load_be64(p);
#endif
}

struct Reader {
  const u8* bytes;
  u64 position;  // in bits
  u64 limit;
  u32 last;  // the pixel before

  u64 window() const { return load_window(bytes + (position >> 3)) << (position & 7); }
  bool past_end() const { return position > limit; }
};

u32 unfold(u32 value) { return (value >> 1) ^ (0u - (value & 1)); }

Reader start(const RiceTile& tile, u32 bytes_per_pixel) {
  Reader r{tile.bytes, u64{bytes_per_pixel} * 8, u64{tile.length} * 8, 0};
  if (!r.past_end())
    for (u32 i = 0; i < bytes_per_pixel; ++i) r.last = r.last << 8 | tile.bytes[i];
  return r;
}

// One unary number of any length, bounded by the end of the tile.
bool read_unary(Reader& r, u32* zeros) {
  u64 count = 0;
  for (;;) {
    if (r.past_end()) return false;
    const u64 w = r.window() >> (64 - kWindowBits);
    if (w != 0) {
      const u32 z = static_cast<u32>(__builtin_clzll(w)) - (64 - kWindowBits);
      r.position += z + 1;
      *zeros = static_cast<u32>(count + z);
      return !r.past_end();
    }
    count += kWindowBits;
    r.position += kWindowBits;
  }
}

template <u32 kBytes>
inline i32 pixel(u32 value) {
  if constexpr (kBytes == 1) return static_cast<i32>(value & 0xFF);
  if constexpr (kBytes == 2) return static_cast<i16>(value & 0xFFFF);
  return static_cast<i32>(value);
}

// The pixels of one block whose code was read; any code, any run of zeros.
template <u32 kBytes>
bool decode_block(Reader& r, i32 low_bits, i32* out, size_t count) {
  constexpr Coding c = coding(kBytes);
  if (low_bits < 0) {
    for (size_t i = 0; i < count; ++i) out[i] = pixel<kBytes>(r.last);
    return true;
  }
  if (low_bits > static_cast<i32>(c.plain_code)) return false;
  const u32 bits = low_bits == static_cast<i32>(c.plain_code) ? c.pixel_bits : static_cast<u32>(low_bits);
  for (size_t i = 0; i < count; ++i) {
    u32 zeros = 0;
    if (bits != c.pixel_bits && !read_unary(r, &zeros)) return false;
    const u32 low = bits == 0 ? 0 : static_cast<u32>(r.window() >> (64 - bits));
    r.position += bits;
    if (r.past_end()) return false;
    const u32 value = bits == c.pixel_bits ? low : zeros << bits | low;
    r.last += unfold(value);
    out[i] = pixel<kBytes>(r.last);
  }
  return true;
}

template <u32 kBytes>
bool read_code(Reader& r, i32* low_bits) {
  if (r.past_end()) return false;
  *low_bits = static_cast<i32>(r.window() >> (64 - coding(kBytes).code_bits)) - 1;
  r.position += coding(kBytes).code_bits;
  return !r.past_end();
}

template <u32 kBytes>
bool decode(const RiceTile& tile, u32 block, size_t count) {
  Reader r = start(tile, kBytes);
  if (r.past_end()) return false;
  for (size_t i = 0; i < count; i += block) {
    const size_t n = count - i < block ? count - i : block;
    i32 low_bits = 0;
    if (!read_code<kBytes>(r, &low_bits)) return false;
    if (!decode_block<kBytes>(r, low_bits, tile.out + i, n)) return false;
  }
  return true;
}

typedef u32 u32x4 __attribute__((vector_size(16)));

inline u64 rotate_left(u64 value, u32 count) { return value << (count & 63) | value >> (-count & 63); }

// A variable shift takes three times as long as a multiplication where it needs a certain register (x86), and
// compilers make a shift of a multiplication by what they know for a power of 2.
inline u32 opaque_power_of_2(u32 exponent) {
  u32 power = 1u << exponent;
  asm("" : "+r"(power));
  return power;
}

// The block of one tile that is being read.
struct Block {
  const u8* bytes;
  u64 position;  // in bits
  u32 low_bits;
  u32 scale;  // 2^low_bits
  i32* out;
};

inline Block block_of(const Reader& r, i32 low_bits, i32* out) {
  const u32 bits = static_cast<u32>(low_bits);
  return {r.bytes, r.position, bits, opaque_power_of_2(bits), out};
}

// kPixels differences, still folded, without a branch and all from one window. The result is nonzero when
// they do not fit in it; what was read is then wrong and the block is done again by decode_block.
template <u32 kPixels>
inline __attribute__((always_inline)) u32 read_folded(Block& b, size_t at) {
  u64 w = load_window(b.bytes + (b.position >> 3)) << (b.position & 7);
  u32 used = 0;
  for (u32 i = 0; i < kPixels; ++i) {
    const u32 zeros = w == 0 ? 64 : static_cast<u32>(__builtin_clzll(w));
    const u32 bits = zeros + 1 + b.low_bits;
    // One rotation drops what was read, and has it at the low end too: the stop bit, then the low bits.
    w = rotate_left(w, bits);
    used += bits;
    b.out[at + i] = static_cast<i32>(zeros * b.scale + (static_cast<u32>(w) & (b.scale - 1)));
  }
  b.position += used;
  return used > kWindowBits ? 1 : 0;
}

// Makes pixels of folded differences, in place, and takes over how far the block went.
inline void sum_up(const Block& b, size_t count, Reader& r) {
  constexpr u32x4 zero = {};
  u32x4 last = zero + r.last;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    u32x4 v;
    __builtin_memcpy(&v, b.out + i, sizeof v);
    v = (v >> 1) ^ -(v & 1);
    v += __builtin_shufflevector(zero, v, 0, 4, 5, 6);
    v += __builtin_shufflevector(zero, v, 0, 1, 4, 5);
    v += last;
    __builtin_memcpy(b.out + i, &v, sizeof v);
    last = __builtin_shufflevector(v, v, 3, 3, 3, 3);
  }
  r.last = last[0];
  for (; i < count; ++i) {
    r.last += unfold(static_cast<u32>(b.out[i]));
    b.out[i] = static_cast<i32>(r.last);
  }
  r.position = b.position;
}

// One block of each of four tiles: their chains of dependent operations run side by side.
template <u32 kPixels>
inline u32 easy_run(Reader (&r)[4], const i32 (&low_bits)[4], const RiceTile tiles[4], size_t at,
                    size_t count) {
  Block a = block_of(r[0], low_bits[0], tiles[0].out + at),
        b = block_of(r[1], low_bits[1], tiles[1].out + at),
        c = block_of(r[2], low_bits[2], tiles[2].out + at),
        d = block_of(r[3], low_bits[3], tiles[3].out + at);
  u32 hard = 0;
  for (size_t i = 0; i < count; i += kPixels) {
    hard |= read_folded<kPixels>(a, i);
    hard |= read_folded<kPixels>(b, i);
    hard |= read_folded<kPixels>(c, i);
    hard |= read_folded<kPixels>(d, i);
  }
  sum_up(a, count, r[0]);
  sum_up(b, count, r[1]);
  sum_up(c, count, r[2]);
  sum_up(d, count, r[3]);
  return hard;
}

}  // namespace

bool rice_decode(const RiceTile& tile, u32 bytes_per_pixel, u32 block, size_t count) {
  switch (bytes_per_pixel) {
    case 1:
      return decode<1>(tile, block, count);
    case 2:
      return decode<2>(tile, block, count);
    default:
      return decode<4>(tile, block, count);
  }
}

bool rice_decode_four(const RiceTile tiles[4], u32 block, size_t count, u32* bad) {
  constexpr u32 kTiles = 4;
  Reader r[kTiles];
  for (u32 k = 0; k < kTiles; ++k) {
    r[k] = start(tiles[k], 4);
    if (r[k].past_end()) {
      *bad = k;
      return false;
    }
  }
  for (size_t i = 0; i < count; i += block) {
    const size_t n = count - i < block ? count - i : block;
    i32 low_bits[kTiles];
    bool easy = n <= kRun, few_bits = true;
    for (u32 k = 0; k < kTiles; ++k) {
      if (!read_code<4>(r[k], &low_bits[k])) {
        *bad = k;
        return false;
      }
      easy = easy && low_bits[k] >= 0 && low_bits[k] < static_cast<i32>(coding(4).plain_code);
      few_bits = few_bits && low_bits[k] <= kFewBits;
    }
    if (easy) {
      const Reader before[kTiles] = {r[0], r[1], r[2], r[3]};
      const u32 hard = few_bits && n % 4 == 0 ? easy_run<4>(r, low_bits, tiles, i, n)
                                              : easy_run<1>(r, low_bits, tiles, i, n);
      if (hard == 0 && !r[0].past_end() && !r[1].past_end() && !r[2].past_end() && !r[3].past_end()) continue;
      for (u32 k = 0; k < kTiles; ++k) r[k] = before[k];
    }
    for (u32 k = 0; k < kTiles; ++k) {
      if (!decode_block<4>(r[k], low_bits[k], tiles[k].out + i, n)) {
        *bad = k;
        return false;
      }
    }
  }
  return true;
}

}  // namespace af
