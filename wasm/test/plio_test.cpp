// The PLIO decoder against a drawing of its instructions one pixel at a time.
#include "../src/plio.h"

#include "check.h"

using af::i32;
using af::u32;
using check::Bytes;
using check::Random;

namespace {

struct Instruction {
  u32 operation, data, high;
};

// A list with the header of today, or with the old one that has the length in one word.
Bytes encode(const std::vector<Instruction>& list, bool old) {
  std::vector<u32> words = old ? std::vector<u32>{0, 0, 0} : std::vector<u32>{0, 7, 0xFF9C, 0, 0, 0, 0};
  for (const Instruction& i : list) {
    words.push_back(i.operation << 12 | i.data);
    if (i.operation == 1) words.push_back(i.high);
  }
  if (old) {
    words[2] = static_cast<u32>(words.size());
  } else {
    words[3] = static_cast<u32>(words.size()) & 0x7FFF;
    words[4] = static_cast<u32>(words.size()) >> 15;
  }
  Bytes bytes;
  for (const u32 word : words) {
    bytes.push_back(static_cast<uint8_t>(word >> 8));
    bytes.push_back(static_cast<uint8_t>(word));
  }
  return bytes;
}

std::vector<i32> draw(const std::vector<Instruction>& list, size_t count) {
  std::vector<i32> pixels;
  i32 high = 1;
  for (const Instruction& i : list) {
    if (i.operation == 1) high = static_cast<i32>(i.high << 12 | i.data);
    if (i.operation == 2 || i.operation == 6) high += static_cast<i32>(i.data);
    if (i.operation == 3 || i.operation == 7) high -= static_cast<i32>(i.data);
    if (i.operation >= 6) pixels.push_back(high);
    if (i.operation == 0 || i.operation == 4 || i.operation == 5)
      for (u32 k = 0; k < i.data; ++k)
        pixels.push_back(i.operation == 4 || (i.operation == 5 && k + 1 == i.data) ? high : 0);
  }
  pixels.resize(count, 0);
  return pixels;
}

std::vector<Instruction> some_list(Random& random) {
  std::vector<Instruction> list(check::below(random, 60));
  for (Instruction& i : list) {
    i = {static_cast<u32>(check::below(random, 8)), static_cast<u32>(check::below(random, 40)),
         static_cast<u32>(check::below(random, 4096))};
    if (check::below(random, 10) == 0) i.data = static_cast<u32>(check::below(random, 4096));
  }
  return list;
}

}  // namespace

TEST(plio_lists_are_drawn) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<Instruction> list = some_list(random);
    const Bytes bytes = encode(list, round % 3 == 0);
    // Also tiles that end inside a run, and tiles that the list does not fill.
    std::vector<i32> got(1 + check::below(random, 3000), -1);
    CHECK(af::plio_decode(bytes.data(), bytes.size(), got.size(), got.data()));
    CHECK(got == draw(list, got.size()));
  }
}

TEST(plio_lists_that_lie_are_refused) {
  Random random(2);
  std::vector<i32> pixels(100);
  const Bytes good = encode({{4, 100, 0}}, false);
  for (size_t length = 0; length < good.size(); ++length)
    CHECK(!af::plio_decode(Bytes(good.begin(), good.begin() + static_cast<long>(length)).data(), length, 100,
                           pixels.data()));
  // A high value whose second word is missing, and an operation that does not exist.
  Bytes cut = encode({{1, 5, 3}}, true);
  cut[5] = 4;
  cut.resize(8);
  CHECK(!af::plio_decode(cut.data(), cut.size(), 100, pixels.data()));
  const Bytes unknown = encode({{8, 1, 0}}, true);
  CHECK(!af::plio_decode(unknown.data(), unknown.size(), 100, pixels.data()));
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(check::below(random, 80));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(check::below(random, 3) == 0 ? 0 : random());
    af::plio_decode(bytes.data(), bytes.size(), pixels.size(), pixels.data());
  }
}
