// The gzip reader on a fixture by zlib, on streams written here bit by bit, and on broken ones.
#include "../src/crc32.h"
#include "../src/inflate.h"

#include <algorithm>

#include "check.h"

using af::GzipReader;
using af::u32;
using af::u8;
using check::Bytes;
using check::Random;

namespace {

u32 naive_crc(const Bytes& bytes) {
  u32 crc = 0xFFFFFFFFu;
  for (const u8 byte : bytes) {
    crc ^= byte;
    for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

void put32(Bytes* out, u32 value) {
  for (int k = 0; k < 4; ++k) out->push_back(static_cast<u8>(value >> 8 * k));
}

const Bytes kGzipHeader = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};

// Stored blocks of random sizes.
Bytes stored(const Bytes& content, Random& random) {
  Bytes out = kGzipHeader;
  size_t at = 0;
  do {
    const size_t n = std::min<size_t>(content.size() - at, check::below(random, 3000));
    const bool last = at + n == content.size();
    out.push_back(last ? 1 : 0);
    out.push_back(static_cast<u8>(n));
    out.push_back(static_cast<u8>(n >> 8));
    out.push_back(static_cast<u8>(~n));
    out.push_back(static_cast<u8>(~n >> 8));
    out.insert(out.end(), content.begin() + static_cast<long>(at),
               content.begin() + static_cast<long>(at + n));
    at += n;
    if (last) break;
  } while (true);
  put32(&out, naive_crc(content));
  put32(&out, static_cast<u32>(content.size()));
  return out;
}

// One block with the fixed codes: literals, and runs as matches of distance 1 and of a longer one.
class FixedWriter {
 public:
  void bits(u32 value, u32 count) {  // lowest first
    for (u32 k = 0; k < count; ++k) bit(value >> k & 1);
  }
  void code(u32 value, u32 count) {  // highest first
    for (u32 k = count; k-- > 0;) bit(value >> k & 1);
  }
  void symbol(u32 s) {
    if (s < 144) {
      code(0x30 + s, 8);
    } else if (s < 256) {
      code(0x190 + s - 144, 9);
    } else if (s < 280) {
      code(s - 256, 7);
    } else {
      code(0xC0 + s - 280, 8);
    }
  }
  Bytes out = kGzipHeader;

 private:
  void bit(u32 b) {
    if (used_ % 8 == 0) out.push_back(0);
    out.back() |= static_cast<u8>(b << used_ % 8);
    ++used_;
  }
  size_t used_ = 0;
};

// Reads a whole stream in chunks, through a small window as the file reader does.
bool gunzip(const Bytes& in, Random* random, Bytes* out, std::string* problem = nullptr) {
  GzipReader reader;
  reader.reset();
  const size_t capacity = 32768 + 500;
  Bytes window(capacity);
  size_t position = 0, at = 0;
  const u8* p = in.data();
  for (;;) {
    const size_t chunk = random != nullptr ? check::below(*random, 50) : in.size();
    const u8* end = in.data() + std::min(in.size(), at + chunk);
    if (p > end) end = p;
    const size_t before = position;
    const GzipReader::Result result = reader.run(&p, end, window.data(), &position, capacity);
    out->insert(out->end(), window.begin() + static_cast<long>(before),
                window.begin() + static_cast<long>(position));
    at = static_cast<size_t>(p - in.data());
    if (result == GzipReader::Result::kDone) return at == in.size();
    if (result == GzipReader::Result::kBad) {
      if (problem != nullptr) *problem = reader.problem();
      return false;
    }
    if (result == GzipReader::Result::kNeedInput && at == in.size()) {
      if (problem != nullptr) *problem = "truncated";
      return false;
    }
    if (result == GzipReader::Result::kOutputFull) {
      std::move(window.end() - 32768, window.end(), window.begin());
      position = 32768;
    }
  }
}

}  // namespace

TEST(zlib_s_stream_gives_the_plain_file) {
  const Bytes packed = check::fixture("raw-rice-in-gzip.fits"), plain = check::fixture("raw-rice.fits");
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    Bytes out;
    CHECK(gunzip(packed, round == 0 ? nullptr : &random, &out));
    CHECK(out == plain);
  }
}

TEST(stored_blocks_come_back) {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    Bytes content(check::below(random, 80000));
    for (u8& byte : content) byte = static_cast<u8>(random());
    Bytes out;
    CHECK(gunzip(stored(content, random), round % 2 == 0 ? nullptr : &random, &out));
    CHECK(out == content);
  }
}

TEST(fixed_codes_and_matches_come_back) {
  Random random(3);
  FixedWriter writer;
  Bytes content;
  writer.bits(1, 1);
  writer.bits(1, 2);
  for (int k = 0; k < 300; ++k) {
    const u32 literal = static_cast<u32>(check::below(random, 256));
    writer.symbol(literal);
    content.push_back(static_cast<u8>(literal));
  }
  for (int k = 0; k < 400; ++k) {
    // Length 258 (symbol 285) or 3 (257); distance 1 (code 0) or 257 + extra (code 16, seven extra bits).
    const bool longest = check::below(random, 2) == 0, far = check::below(random, 2) == 0;
    writer.symbol(longest ? 285 : 257);
    u32 distance = 1;
    if (far) {
      const u32 extra = static_cast<u32>(check::below(random, 40));
      writer.code(16, 5);
      writer.bits(extra, 7);
      distance = 257 + extra;
    } else {
      writer.code(0, 5);
    }
    for (int n = longest ? 258 : 3; n > 0; --n) content.push_back(content[content.size() - distance]);
  }
  writer.symbol(256);
  put32(&writer.out, naive_crc(content));
  put32(&writer.out, static_cast<u32>(content.size()));
  for (int round = 0; round < 20; ++round) {
    Bytes out;
    CHECK(gunzip(writer.out, round == 0 ? nullptr : &random, &out));
    CHECK(out == content);
  }
}

TEST(a_match_before_the_beginning_is_refused) {
  FixedWriter writer;
  writer.bits(1, 1);
  writer.bits(1, 2);
  writer.symbol('A');
  writer.symbol(257);
  writer.code(4, 5);  // distance 5
  writer.bits(0, 1);
  writer.symbol(256);
  put32(&writer.out, 0);
  put32(&writer.out, 4);
  Bytes out;
  std::string problem;
  CHECK(!gunzip(writer.out, nullptr, &out, &problem));
  CHECK(problem.find("before the beginning") != std::string::npos);
}

TEST(checksum_length_and_truncation_are_noticed) {
  const Bytes packed = check::fixture("raw-rice-in-gzip.fits");
  std::string problem;
  for (const size_t from_end : {8, 4}) {
    Bytes broken = packed;
    broken[broken.size() - from_end] ^= 1;
    Bytes out;
    CHECK(!gunzip(broken, nullptr, &out, &problem));
    CHECK(problem.find(from_end == 8 ? "checksum" : "length") != std::string::npos);
  }
  for (size_t length = 0; length < packed.size(); length += 31) {
    Bytes out;
    CHECK(
        !gunzip(Bytes(packed.begin(), packed.begin() + static_cast<long>(length)), nullptr, &out, &problem));
    CHECK(problem == "truncated");
  }
}

TEST(the_checksum_is_crc32) {
  Random random(5);
  for (size_t length = 0; length < 70; ++length) {
    Bytes bytes(length);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    CHECK(af::Crc32().update(0, bytes.data(), bytes.size()) == naive_crc(bytes));
  }
}
