// References: R. L. White, "High-performance compression of astronomical images", NASA Space and Earth
// Science Data Compression Workshop (1992); FITS standard 4.0, section 10.4.4. The order of bits and
// roundings is that of the reference implementation, without which nothing is lossless.
//
// A tile holds sizes, scale and the sum of all pixels; then for each quadrant of the transform its bit
// planes, the highest first, each either plain or as a quadtree of four-bit codes; then the signs.
#include "hcompress.h"

#include <algorithm>

namespace af {
namespace {

constexpr size_t kHeaderBytes = 25;

constexpr i64 plus(i64 a, i64 b) { return static_cast<i64>(static_cast<u64>(a) + static_cast<u64>(b)); }
constexpr i64 minus(i64 a, i64 b) { return static_cast<i64>(static_cast<u64>(a) - static_cast<u64>(b)); }
constexpr i64 times(i64 a, i64 b) { return static_cast<i64>(static_cast<u64>(a) * static_cast<u64>(b)); }
constexpr u32 half_up(u32 n, u32 times) {
  return static_cast<u32>((u64{n} + (u64{1} << times) - 1) >> times);
}
// The smallest n with 2^n >= value.
constexpr u32 log2_up(u32 value) { return value <= 1 ? 0 : 32 - static_cast<u32>(__builtin_clz(value - 1)); }

// The codes of a quadtree, by the next six bits: how many of them are the code's, and the four bits that it
// means.
struct Code {
  u8 bits, value;
};
struct CodeTable {
  Code of[64];
};
constexpr CodeTable make_codes() {
  CodeTable table{};
  auto set = [&](u32 code, u32 bits, u32 value) {
    const u32 spare = 6 - bits;
    for (u32 k = 0; k < 1u << spare; ++k)
      table.of[code << spare | k] = {static_cast<u8>(bits), static_cast<u8>(value)};
  };
  // By the standard's table: the frequent shapes have short codes.
  for (u32 k = 0; k < 4; ++k) set(k, 3, 1u << k);
  constexpr u8 kFour[] = {3, 5, 10, 12, 15}, kFive[] = {6, 7, 9, 11, 13};
  for (u32 k = 0; k < 5; ++k) set(8 + k, 4, kFour[k]);
  for (u32 k = 0; k < 5; ++k) set(26 + k, 5, kFive[k]);
  set(62, 6, 0);
  set(63, 6, 14);
  return table;
}
constexpr CodeTable kCodes = make_codes();

}  // namespace

struct HcompressReader::Bits {
  const u8* bytes;
  u64 position;  // in bits
  u64 limit;

  bool past_end() const { return position > limit; }
  // Up to 8 bits; 0 past the end.
  u32 look(u32 count) const {
    if (position >= limit) return 0;
    return static_cast<u32>(load_be16(bytes + (position >> 3)) << (position & 7) & 0xFFFF) >> (16 - count);
  }
  u32 take(u32 count) {
    const u32 value = look(count);
    position += count;
    return value;
  }
  u8 code() {
    const Code c = kCodes.of[look(6)];
    position += c.bits;
    return c.value;
  }
};

// Sets the bits of `planes` bit planes of the quadrant whose first coefficient is `corner`.
bool HcompressReader::read_quadrant(Bits& bits, i64* corner, u32 rows, u32 columns, u32 planes) {
  const u32 levels = log2_up(std::max(rows, columns));
  const u32 code_rows = half_up(rows, 1), code_columns = half_up(columns, 1);
  for (u32 plane = planes; plane-- > 0;) {
    const u32 format = bits.take(4);
    if (format == 0) {
      const u64 count = u64{code_rows} * code_columns;
      for (u64 i = 0; i < count; ++i) codes_[i] = static_cast<u8>(bits.take(4));
    } else if (format == 15) {
      codes_[0] = bits.code();
      // Each code of a level says which of four codes follow on the next one, where they are read last to
      // first.
      for (u32 level = levels; level-- > 1;) {
        const u32 h = half_up(rows, level), w = half_up(columns, level), coarse_w = half_up(w, 1);
        for (u64 y = h; y-- > 0;)
          for (u64 x = w; x-- > 0;) {
            const u8 parent = codes_[y / 2 * coarse_w + x / 2];
            const bool present = (parent >> (3 - (y % 2 * 2 + x % 2)) & 1) != 0;
            expanded_[y * w + x] = present ? bits.code() : 0;
          }
        if (bits.past_end()) return false;
        std::memcpy(codes_.data(), expanded_.data(), size_t{h} * w);
      }
    } else {
      return false;
    }
    if (bits.past_end()) return false;
    for (u32 y = 0; y < rows; ++y)
      for (u32 x = 0; x < columns; ++x) {
        const u64 code = codes_[u64{y / 2} * code_columns + x / 2];
        const u64 bit = code >> (3 - (y % 2 * 2 + x % 2)) & 1;
        corner[size_t{y} * row_length_ + x] |= static_cast<i64>(bit << plane);
      }
  }
  return true;
}

// The first half to the even places, the second to the odd ones.
void HcompressReader::interleave(i64* from, u32 count, u32 stride) {
  const u32 half = half_up(count, 1);
  for (u32 i = 0; i < count; ++i)
    line_[i] = from[(i % 2 == 0 ? size_t{i / 2} : size_t{half} + i / 2) * stride];
  for (u32 i = 0; i < count; ++i) from[size_t{i} * stride] = line_[i];
}

namespace {

constexpr i64 clamp(i64 value, i64 low, i64 high) { return std::max(std::min(value, high), low); }

// A division by 2^shift that rounds towards zero.
constexpr i64 halved(i64 value, u32 shift) {
  return value >= 0 ? value >> shift : plus(value, (i64{1} << shift) - 1) >> shift;
}

// Moves a difference towards the slope that `wanted` (the slope times 2^shift) gives it, by at most `most`.
void adjust(i64* difference, i64 wanted, i64 low, i64 high, u32 shift, i64 most) {
  if (low >= high) return;
  const i64 change = halved(minus(clamp(wanted, low, high), times(*difference, i64{1} << shift)), shift);
  *difference = plus(*difference, clamp(change, -most, most));
}

// The difference that is the slope between the sums of the blocks before and behind, without a new extremum.
void adjust_slope(i64* difference, i64 before, i64 here, i64 behind, i64 most) {
  const i64 rise = minus(behind, here), fall = minus(here, before);
  const i64 high = times(std::max(std::min(rise, fall), i64{0}), 4);
  const i64 low = times(std::min(std::max(rise, fall), i64{0}), 4);
  adjust(difference, minus(behind, before), low, high, 3, most);
}

// Interpolates the differences of each two-by-two block between its neighbours: rounding them to multiples of
// the scale made blocks visible. `a` has `rows` x `columns` coefficients in rows of `stride`.
void smooth_differences(i64* a, u32 rows, u32 columns, size_t stride, i64 scale) {
  const i64 most = scale >> 1;
  if (most <= 0) return;
  auto at = [=](u64 y, u64 x) { return a + y * stride + x; };
  for (u64 y = 2; y + 2 < rows; y += 2)
    for (u64 x = 0; x < columns; x += 2)
      adjust_slope(at(y + 1, x), *at(y - 2, x), *at(y, x), *at(y + 2, x), most);
  for (u64 y = 0; y < rows; y += 2)
    for (u64 x = 2; x + 2 < columns; x += 2)
      adjust_slope(at(y, x + 1), *at(y, x - 2), *at(y, x), *at(y, x + 2), most);
  for (u64 y = 2; y + 2 < rows; y += 2)
    for (u64 x = 2; x + 2 < columns; x += 2) {
      const i64 here = *at(y, x);
      const i64 left_below = *at(y - 2, x - 2), left_above = *at(y + 2, x - 2);
      const i64 right_below = *at(y - 2, x + 2), right_above = *at(y + 2, x + 2);
      const i64 curvature = minus(minus(plus(right_above, left_below), right_below), left_above);
      const i64 slope_y = times(*at(y + 1, x), 2), slope_x = times(*at(y, x + 1), 2);
      const i64 both = plus(slope_y, slope_x), either = minus(slope_y, slope_x);
      auto bound = [&](auto keep, auto pick) {
        const i64 first =
            pick(minus(keep(minus(right_above, here)), both), plus(keep(minus(here, left_above)), either));
        const i64 second =
            pick(minus(keep(minus(here, right_below)), either), plus(keep(minus(left_below, here)), both));
        return times(pick(first, second), 16);
      };
      auto lower = [](i64 p, i64 q) { return std::min(p, q); };
      auto upper = [](i64 p, i64 q) { return std::max(p, q); };
      const i64 high = bound([](i64 v) { return std::max(v, i64{0}); }, lower);
      const i64 low = bound([](i64 v) { return std::min(v, i64{0}); }, upper);
      adjust(at(y + 1, x + 1), curvature, low, high, 6, most);
    }
}

// To a multiple of `unit`, a power of two; halves away from zero, as the encoder did not round them.
constexpr i64 rounded(i64 value, i64 unit) {
  const i64 up = unit >> 1;
  return plus(value, value >= 0 ? up : minus(up, 1)) & -unit;
}

}  // namespace

// Undoes the transform, the coarsest sums first. At each level a sum and its three differences become four
// sums.
void HcompressReader::invert(u32 rows, u32 columns, i64 scale, bool smooth) {
  i64* const a = coefficients_.data();
  const size_t stride = row_length_;
  const u32 levels = log2_up(std::max(rows, columns));
  i64 unit = i64{1} << (levels - 1);  // of the differences of both directions; twice that of the others
  a[0] = rounded(a[0], 4 * unit);
  for (u32 level = levels; level-- > 0;) {
    const u32 h = half_up(rows, level), w = half_up(columns, level);
    const bool last = level == 0;
    const u32 shift = last ? 2 : 1;
    for (u32 y = 0; y < h; ++y) interleave(a + y * stride, w, 1);
    for (u32 x = 0; x < w; ++x) interleave(a + x, h, row_length_);
    if (smooth) smooth_differences(a, h, w, stride, scale);
    auto keep = [=](i64 value) { return rounded(value, 2 * unit); };
    // Takes the lowest bit of a difference out of the sum, which it was put into.
    auto lower = [](i64 sum, i64 bit) { return sum >= 0 ? minus(sum, bit) : plus(sum, bit); };
    for (u32 y = 0; y < h; y += 2)
      for (u32 x = 0; x < w; x += 2) {
        i64* const s = a + y * stride + x;
        const bool right = x + 1 < w, above = y + 1 < h;
        i64 sum = s[0];
        if (!right && !above) {
          s[0] = sum >> shift;
        } else if (!right || !above) {
          i64* const other = right ? s + 1 : s + stride;
          const i64 difference = keep(*other);
          sum = lower(sum, difference & 2 * unit);
          *other = plus(sum, difference) >> shift;
          s[0] = minus(sum, difference) >> shift;
        } else {
          const i64 dc = last ? s[stride + 1] : rounded(s[stride + 1], unit);
          const i64 low = dc & unit;
          const i64 dy = lower(keep(s[stride]), low), dx = lower(keep(s[1]), low);
          const i64 next = (dc ^ dy ^ dx) & 2 * unit;
          sum = sum >= 0 ? minus(plus(sum, low), next) : plus(sum, low == 0 ? next : minus(low, next));
          s[stride + 1] = plus(plus(sum, dy), plus(dx, dc)) >> shift;
          s[stride] = minus(plus(sum, dy), plus(dx, dc)) >> shift;
          s[1] = minus(plus(minus(sum, dy), dx), dc) >> shift;
          s[0] = plus(minus(minus(sum, dy), dx), dc) >> shift;
        }
      }
    unit >>= 1;
  }
}

const char* HcompressReader::decode(const u8* bytes, size_t length, size_t count, bool smooth, i32* out,
                                    bool* no_memory) {
  *no_memory = false;
  if (length < kHeaderBytes || bytes[0] != 0xDD || bytes[1] != 0x99)
    return "a HCOMPRESS tile that does not begin as one";
  const u32 rows = load_be32(bytes + 2), columns = load_be32(bytes + 6);
  if (u64{rows} * columns != count) return "a HCOMPRESS tile whose size does not fit its pixels";
  if (rows < 2 || columns < 2) return "a HCOMPRESS tile of a single row or column";
  const i32 scale = static_cast<i32>(load_be32(bytes + 10));
  const u8* const planes = bytes + 22;
  for (u32 k = 0; k < 3; ++k)
    if (planes[k] > 62) return "a HCOMPRESS tile with too many bit planes";

  row_length_ = columns;
  const u32 upper_rows = half_up(rows, 1), upper_columns = half_up(columns, 1);
  const size_t codes = size_t{half_up(upper_rows, 1)} * half_up(upper_columns, 1);
  if (!coefficients_.resize(count) || !line_.resize(std::max(rows, columns)) || !codes_.resize(codes) ||
      !expanded_.resize(codes)) {
    *no_memory = true;
    return "no memory for a tile";
  }
  i64* const a = coefficients_.data();
  std::fill_n(a, count, 0);
  Bits bits{bytes, kHeaderBytes * 8, u64{length} * 8};
  const u32 lower_rows = rows / 2, lower_columns = columns / 2;
  const size_t below = size_t{upper_rows} * columns;
  if (!read_quadrant(bits, a, upper_rows, upper_columns, planes[0]) ||
      !read_quadrant(bits, a + upper_columns, upper_rows, lower_columns, planes[1]) ||
      !read_quadrant(bits, a + below, lower_rows, upper_columns, planes[1]) ||
      !read_quadrant(bits, a + below + upper_columns, lower_rows, lower_columns, planes[2]) ||
      bits.take(4) != 0 || bits.past_end())
    return "a HCOMPRESS tile that cannot be decoded";
  bits.position = (bits.position + 7) & ~u64{7};
  for (size_t i = 0; i < count; ++i)
    if (a[i] != 0 && bits.take(1) != 0) a[i] = minus(0, a[i]);
  if (bits.past_end()) return "a HCOMPRESS tile that ends too early";
  a[0] = static_cast<i64>(load_be64(bytes + 14));

  if (scale > 1)
    for (size_t i = 0; i < count; ++i) a[i] = times(a[i], scale);
  invert(rows, columns, scale, smooth);
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<i32>(a[i]);
  return nullptr;
}

void HcompressReader::release() {
  coefficients_.release();
  line_.release();
  codes_.release();
  expanded_.release();
}

}  // namespace af
