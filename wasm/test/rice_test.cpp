// The RICE decoder against an encoder and a decoder that take one bit at a time.
#include "../src/rice.h"

#include <algorithm>

#include "check.h"

using af::i32;
using af::u32;
using af::u8;
using check::Bytes;
using check::Random;

namespace {

struct Params {
  u32 code_bits, plain, pixel_bits;
};
Params params(u32 bytes) {
  if (bytes == 1) return {3, 6, 8};
  if (bytes == 2) return {4, 14, 16};
  return {5, 25, 32};
}

class BitWriter {
 public:
  void put(uint64_t value, u32 bits) {
    while (bits-- > 0) {
      if (used_ % 8 == 0) bytes.push_back(0);
      if ((value >> bits & 1) != 0) bytes.back() |= static_cast<u8>(0x80 >> used_ % 8);
      ++used_;
    }
  }
  Bytes bytes;

 private:
  size_t used_ = 0;
};

// `split` picks the number of low bits of a block: any choice is correct, so tests can force long unary runs.
Bytes encode(const std::vector<i32>& pixels, u32 bytes, u32 block, Random& random, bool force_odd_splits) {
  const Params p = params(bytes);
  const uint64_t mask = (uint64_t{1} << p.pixel_bits) - 1;
  BitWriter out;
  out.put(static_cast<u32>(pixels[0]) & mask, p.pixel_bits);
  u32 last = static_cast<u32>(pixels[0]);
  for (size_t i = 0; i < pixels.size(); i += block) {
    std::vector<uint64_t> folded;
    uint64_t sum = 0, most = 0;
    for (size_t k = i; k < pixels.size() && k < i + block; ++k) {
      uint64_t d = (static_cast<u32>(pixels[k]) - last) & mask;
      last = static_cast<u32>(pixels[k]);
      const bool negative = (d >> (p.pixel_bits - 1)) != 0;
      const uint64_t value = negative ? ((~d & mask) << 1 | 1) : d << 1;
      folded.push_back(value & mask);
      sum += value;
      most = std::max(most, value);
    }
    u32 low = 0;
    while (low < p.plain - 1 && (sum / folded.size() >> (low + 1)) > 0) ++low;
    if (force_odd_splits && check::below(random, 2) == 0)
      low = static_cast<u32>(check::below(random, p.plain));
    const bool too_long = (most >> low) > 3000;
    if (sum == 0 && !force_odd_splits) {
      out.put(0, p.code_bits);
    } else if (too_long || check::below(random, 20) == 0) {
      out.put(p.plain + 1, p.code_bits);
      for (const uint64_t value : folded) out.put(value, p.pixel_bits);
    } else {
      out.put(low + 1, p.code_bits);
      for (const uint64_t value : folded) {
        for (uint64_t z = value >> low; z > 0; --z) out.put(0, 1);
        out.put(1, 1);
        out.put(value & ((uint64_t{1} << low) - 1), low);
      }
    }
  }
  return out.bytes;
}

// False when the bits end or a code is wrong.
bool naive_decode(const Bytes& in, u32 bytes, u32 block, std::vector<i32>* pixels) {
  const Params p = params(bytes);
  size_t at = 0;
  bool good = true;
  auto get = [&](u32 bits) {
    uint64_t value = 0;
    while (bits-- > 0) {
      if (at >= in.size() * 8) {
        good = false;
        return uint64_t{0};
      }
      value = value << 1 | (in[at / 8] >> (7 - at % 8) & 1);
      ++at;
    }
    return value;
  };
  u32 last = static_cast<u32>(get(p.pixel_bits));
  for (size_t i = 0; i < pixels->size() && good; i += block) {
    const i32 low = static_cast<i32>(get(p.code_bits)) - 1;
    if (low > static_cast<i32>(p.plain)) return false;
    for (size_t k = i; k < pixels->size() && k < i + block && good; ++k) {
      u32 value = 0;
      if (low == static_cast<i32>(p.plain)) {
        value = static_cast<u32>(get(p.pixel_bits));
      } else if (low >= 0) {
        u32 zeros = 0;
        while (good && get(1) == 0) ++zeros;
        value = zeros << low | static_cast<u32>(get(static_cast<u32>(low)));
      }
      last += value % 2 == 1 ? ~(value >> 1) : value >> 1;
      (*pixels)[k] = bytes == 1   ? static_cast<i32>(last & 0xFF)
                     : bytes == 2 ? static_cast<int16_t>(last & 0xFFFF)
                                  : static_cast<i32>(last);
    }
  }
  return good;
}

std::vector<i32> some_pixels(Random& random, size_t count, u32 bytes) {
  std::vector<i32> pixels(count);
  const int kind = static_cast<int>(check::below(random, 5));
  std::normal_distribution<double> noise(0, 7);
  i32 level = static_cast<i32>(check::below(random, 30000));
  for (i32& pixel : pixels) {
    switch (kind) {
      case 0:
        pixel = level;
        break;
      case 1:
        pixel = level + static_cast<i32>(noise(random));
        break;
      case 2:
        pixel = static_cast<i32>(random());
        break;
      case 3:
        pixel =
            check::below(random, 50) == 0 ? level + static_cast<i32>(check::below(random, 200000)) : level;
        break;
      default:
        pixel = level += static_cast<i32>(check::below(random, 5)) - 2;
    }
    if (bytes == 1) pixel &= 0xFF;
    if (bytes == 2) pixel = static_cast<int16_t>(pixel & 0xFFFF);
  }
  return pixels;
}

// What the decoder may look at behind a tile, filled with bits that would be noticed.
Bytes with_read_ahead(const Bytes& tile) {
  Bytes padded = tile;
  padded.resize(tile.size() + af::kReadAhead, 0xA5);
  return padded;
}

}  // namespace

TEST(rice_tiles_of_every_kind_come_back) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    const u32 bytes = 1u << check::below(random, 3);
    const u32 block = check::below(random, 3) == 0 ? 1 + static_cast<u32>(check::below(random, 70)) : 32;
    const std::vector<i32> pixels = some_pixels(random, 1 + check::below(random, 700), bytes);
    const Bytes tile = encode(pixels, bytes, block, random, round % 2 == 0);
    const Bytes padded = with_read_ahead(tile);
    std::vector<i32> got(pixels.size());
    CHECK(af::rice_decode({padded.data(), tile.size(), got.data()}, bytes, block, got.size()));
    CHECK(got == pixels);
  }
}

TEST(four_tiles_at_once_are_four_tiles) {
  Random random(2);
  for (int round = 0; round < 1000; ++round) {
    const size_t count = 1 + check::below(random, 600);
    const u32 block = round % 4 == 0 ? 1 + static_cast<u32>(check::below(random, 70)) : 32;
    std::vector<i32> pixels[4], got[4];
    Bytes padded[4];
    af::RiceTile tiles[4];
    for (int k = 0; k < 4; ++k) {
      pixels[k] = some_pixels(random, count, 4);
      got[k].resize(count);
      const Bytes tile = encode(pixels[k], 4, block, random, round % 2 == 0);
      padded[k] = with_read_ahead(tile);
      tiles[k] = {padded[k].data(), tile.size(), got[k].data()};
    }
    u32 bad = 99;
    CHECK(af::rice_decode_four(tiles, block, count, &bad));
    for (int k = 0; k < 4; ++k) CHECK(got[k] == pixels[k]);
    // One that ends too early is named, and the others do not matter.
    const u32 victim = static_cast<u32>(check::below(random, 4));
    tiles[victim].length = check::below(random, 5);
    CHECK(!af::rice_decode_four(tiles, block, count, &bad));
    CHECK(bad == victim);
  }
}

TEST(wrong_bits_are_judged_as_the_naive_decoder_does) {
  Random random(3);
  int refused = 0, read = 0;
  for (int round = 0; round < 6000; ++round) {
    const u32 bytes = 1u << check::below(random, 3);
    const size_t count = 1 + check::below(random, 300);
    Bytes tile;
    if (round % 2 == 0) {
      tile.resize(check::below(random, 400));
      for (u8& byte : tile) byte = check::below(random, 4) == 0 ? 0 : static_cast<u8>(random());
    } else {
      tile = encode(some_pixels(random, count, bytes), bytes, 32, random, false);
      if (check::below(random, 2) == 0) tile.resize(check::below(random, tile.size() + 1));
      for (int flips = 0; flips < 3 && !tile.empty(); ++flips)
        tile[check::below(random, tile.size())] ^= static_cast<u8>(random());
    }
    const Bytes padded = with_read_ahead(tile);
    std::vector<i32> wanted(count), got(count), fours[4];
    const bool good = naive_decode(tile, bytes, 32, &wanted);
    CHECK(af::rice_decode({padded.data(), tile.size(), got.data()}, bytes, 32, count) == good);
    if (good) CHECK(got == wanted);
    if (bytes == 4) {
      af::RiceTile tiles[4];
      for (int k = 0; k < 4; ++k) {
        fours[k].resize(count);
        tiles[k] = {padded.data(), tile.size(), fours[k].data()};
      }
      u32 bad = 0;
      CHECK(af::rice_decode_four(tiles, 32, count, &bad) == good);
      if (good) CHECK(fours[0] == wanted && fours[3] == wanted);
    }
    ++(good ? read : refused);
  }
  CHECK(refused > 500 && read > 100);
}
