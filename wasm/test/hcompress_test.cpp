// The HCOMPRESS reader against an encoder that was written from the paper's definition of the transform.
#include "../src/hcompress.h"

#include <algorithm>

#include "check.h"

using af::i32;
using af::i64;
using af::u32;
using af::u64;
using check::Bytes;
using check::Random;

namespace {

struct Image {
  u32 rows, columns;
  std::vector<i64> pixels;
  i64& at(u32 y, u32 x) { return pixels[size_t{y} * columns + x]; }
};

u32 half(u32 n) { return (n + 1) / 2; }

// To a multiple of `unit`; the bits that are dropped can be had back from the finer differences.
i64 to_multiple(i64 value, i64 unit, bool sum) {
  const i64 up = unit / 2;
  return (value >= 0 ? value + up : sum ? value + up - 1 : value) & -unit;
}

// Sums to the front, differences to the back.
void separate(std::vector<i64>& line) {
  std::vector<i64> sorted;
  for (size_t i = 0; i < line.size(); i += 2) sorted.push_back(line[i]);
  for (size_t i = 1; i < line.size(); i += 2) sorted.push_back(line[i]);
  line = sorted;
}

void transform(Image& image) {
  u32 h = image.rows, w = image.columns;
  i64 unit = 2;  // of differences; sums keep twice that
  for (bool first = true; h > 1 || w > 1; first = false, unit *= 2) {
    const int halve = first ? 0 : 1;
    for (u32 y = 0; y < h; y += 2)
      for (u32 x = 0; x < w; x += 2) {
        const bool right = x + 1 < w, above = y + 1 < h;
        const i64 a = image.at(y, x), b = right ? image.at(y, x + 1) : 0, c = above ? image.at(y + 1, x) : 0,
                  d = right && above ? image.at(y + 1, x + 1) : 0;
        // What lies outside counts as a copy of its neighbour.
        const int missing = (right ? 0 : 1) + (above ? 0 : 1);
        const i64 copies = i64{1} << missing;
        const i64 sum = (a + b + c + d) * copies >> halve;
        if (right && above) image.at(y + 1, x + 1) = (d - c - b + a) >> halve;
        if (above) image.at(y + 1, x) = to_multiple((d + c - b - a) * copies >> halve, unit, false);
        if (right) image.at(y, x + 1) = to_multiple((d - c + b - a) * copies >> halve, unit, false);
        image.at(y, x) = to_multiple(sum, 2 * unit, true);
      }
    for (u32 y = 0; y < h; ++y) {
      std::vector<i64> line;
      for (u32 x = 0; x < w; ++x) line.push_back(image.at(y, x));
      separate(line);
      for (u32 x = 0; x < w; ++x) image.at(y, x) = line[x];
    }
    for (u32 x = 0; x < w; ++x) {
      std::vector<i64> line;
      for (u32 y = 0; y < h; ++y) line.push_back(image.at(y, x));
      separate(line);
      for (u32 y = 0; y < h; ++y) image.at(y, x) = line[y];
    }
    h = half(h);
    w = half(w);
  }
}

class BitWriter {
 public:
  void put(u64 value, u32 bits) {
    while (bits-- > 0) {
      if (used_ % 8 == 0) bytes.push_back(0);
      if ((value >> bits & 1) != 0) bytes.back() |= static_cast<uint8_t>(0x80 >> used_ % 8);
      ++used_;
    }
  }
  void align() { used_ = bytes.size() * 8; }
  Bytes bytes;

 private:
  size_t used_ = 0;
};

void put_code(BitWriter& out, u32 value) {
  constexpr struct {
    u32 code, bits;
  } kCodes[16] = {{62, 6}, {0, 3},  {1, 3},  {8, 4},  {2, 3},  {9, 4},  {26, 5}, {27, 5},
                  {3, 3},  {28, 5}, {10, 4}, {29, 5}, {11, 4}, {30, 5}, {63, 6}, {12, 4}};
  out.put(kCodes[value].code, kCodes[value].bits);
}

// One bit plane of a quadrant, plainly or as a quadtree.
void put_plane(BitWriter& out, Image& image, u32 y0, u32 x0, u32 rows, u32 columns, u32 plane, bool tree) {
  std::vector<std::vector<uint8_t>> levels;  // the finest first; whether any bit is set
  std::vector<uint8_t> bits;
  for (u32 y = 0; y < rows; ++y)
    for (u32 x = 0; x < columns; ++x)
      bits.push_back(static_cast<uint8_t>(std::abs(image.at(y0 + y, x0 + x)) >> plane & 1));
  std::vector<std::pair<u32, u32>> sizes;
  u32 h = rows, w = columns;
  do {
    std::vector<uint8_t> codes(size_t{half(h)} * half(w), 0);
    for (u32 y = 0; y < h; ++y)
      for (u32 x = 0; x < w; ++x)
        if (bits[size_t{y} * w + x] != 0)
          codes[size_t{y / 2} * half(w) + x / 2] |= static_cast<uint8_t>(8 >> (y % 2 * 2 + x % 2));
    levels.push_back(codes);
    bits = codes;
    h = half(h);
    w = half(w);
    sizes.emplace_back(h, w);
  } while (h > 1 || w > 1);
  out.put(tree ? 15 : 0, 4);
  if (!tree) {
    for (const uint8_t code : levels[0]) out.put(code, 4);
    return;
  }
  put_code(out, levels.back()[0]);
  for (size_t level = levels.size() - 1; level-- > 0;)
    for (size_t i = levels[level].size(); i-- > 0;)
      if (levels[level][i] != 0) put_code(out, levels[level][i]);
}

Bytes encode(Image image, Random& random) {
  const u32 rows = image.rows, columns = image.columns;
  transform(image);
  BitWriter out;
  out.put(0xDD99, 16);
  out.put(rows, 32);
  out.put(columns, 32);
  out.put(0, 32);
  out.put(static_cast<u64>(image.pixels[0]), 64);
  image.pixels[0] = 0;
  const struct {
    u32 y, x, rows, columns, planes;
  } quadrants[4] = {{0, 0, half(rows), half(columns), 0},
                    {0, half(columns), half(rows), columns / 2, 1},
                    {half(rows), 0, rows / 2, half(columns), 1},
                    {half(rows), half(columns), rows / 2, columns / 2, 2}};
  u32 planes[3] = {};
  for (const auto& q : quadrants)
    for (u32 y = 0; y < q.rows; ++y)
      for (u32 x = 0; x < q.columns; ++x)
        while (std::abs(image.at(q.y + y, q.x + x)) >> planes[q.planes] != 0) ++planes[q.planes];
  for (const u32 count : planes) out.put(count, 8);
  for (const auto& q : quadrants)
    for (u32 plane = planes[q.planes]; plane-- > 0;)
      put_plane(out, image, q.y, q.x, q.rows, q.columns, plane, check::below(random, 4) != 0);
  out.put(0, 4);
  out.align();
  for (const i64 value : image.pixels)
    if (value != 0) out.put(value < 0 ? 1 : 0, 1);
  return out.bytes;
}

const char* decode(af::HcompressReader& reader, const Bytes& tile, bool smooth, std::vector<i32>* pixels) {
  Bytes padded = tile;
  padded.resize(tile.size() + af::kReadAhead, 0xA5);
  bool no_memory = false;
  return reader.decode(padded.data(), tile.size(), pixels->size(), smooth, pixels->data(), &no_memory);
}

Image some_image(Random& random) {
  Image image{
      2 + static_cast<u32>(check::below(random, 40)), 2 + static_cast<u32>(check::below(random, 40)), {}};
  const i64 most = i64{1} << check::below(random, 31);
  const bool sparse = check::below(random, 3) == 0;
  for (u64 k = u64{image.rows} * image.columns; k > 0; --k)
    image.pixels.push_back(sparse && check::below(random, 30) != 0
                               ? 0
                               : static_cast<i64>(check::below(random, static_cast<u64>(2 * most))) - most);
  return image;
}

}  // namespace

TEST(hcompress_tiles_come_back) {
  Random random(1);
  af::HcompressReader reader;
  for (int round = 0; round < 2000; ++round) {
    const Image image = some_image(random);
    std::vector<i32> got(image.pixels.size());
    const char* problem = decode(reader, encode(image, random), false, &got);
    if (problem != nullptr) throw check::Failure(problem);
    CHECK(std::equal(got.begin(), got.end(), image.pixels.begin()));
  }
}

TEST(hcompress_tiles_that_lie_are_refused) {
  Random random(2);
  af::HcompressReader reader;
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    const Image image = some_image(random);
    Bytes tile = encode(image, random);
    std::vector<i32> pixels(image.pixels.size());
    if (round % 4 == 0) {
      // All but the last bytes, which may hold no more than padding.
      tile.resize(check::below(random, tile.size() - 1));
      CHECK(decode(reader, tile, false, &pixels) != nullptr);
      continue;
    }
    for (int flips = 0; flips < 4; ++flips)
      tile[10 + check::below(random, tile.size() - 10)] ^= static_cast<uint8_t>(random());
    refused += decode(reader, tile, round % 2 == 0, &pixels) != nullptr ? 1 : 0;
  }
  CHECK(refused > 500);
  std::vector<i32> pixels(12);
  CHECK(decode(reader, encode({3, 4, std::vector<i64>(12, 5)}, random), false, &pixels) == nullptr);
  CHECK(decode(reader, encode({4, 5, std::vector<i64>(20, 5)}, random), false, &pixels) != nullptr);
  // Sizes whose product wraps around to the pixels' number.
  Bytes huge = encode({3, 4, std::vector<i64>(12, 5)}, random);
  huge[2] = huge[6] = 0x80;
  CHECK(decode(reader, huge, false, &pixels) != nullptr);
}
