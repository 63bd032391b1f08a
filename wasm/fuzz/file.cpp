// A whole file, pushed in chunks, with everything read that it offers. The mutations keep to cards and
// blocks, because a FITS file that lost its alignment ends at once.
#include <algorithm>
#include <cstring>

#include "input.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr size_t kCard = 80, kBlock = 2880;

size_t next(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
  return static_cast<size_t>(*state >> 33);
}

// The span as the fuzzer changes it, cut or filled up to its length.
void mutate_in_place(uint8_t* from, size_t length, uint8_t fill) {
  std::vector<uint8_t> copy(from, from + length);
  const size_t changed = LLVMFuzzerMutate(copy.data(), length, length);
  std::fill(copy.begin() + static_cast<long>(changed), copy.end(), fill);
  std::memcpy(from, copy.data(), length);
}

}  // namespace

// The first two bytes are the chunk, what follows is the file.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  uint64_t state = seed;
  next(&state);
  if (size < 2 + kBlock || next(&state) % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  uint8_t* const file = data + 2;
  const size_t length = size - 2;
  const size_t cards = length / kCard, blocks = length / kBlock;
  switch (next(&state) % 6) {
    case 0:
    case 1:  // one card
      mutate_in_place(file + next(&state) % cards * kCard, kCard, ' ');
      return size;
    case 2: {  // the value of a card
      uint8_t* card = file + next(&state) % cards * kCard;
      if (card[8] == '=') mutate_in_place(card + 10, 20, ' ');
      return size;
    }
    case 3: {  // a card over another
      const size_t from = next(&state) % cards, to = next(&state) % cards;
      std::memmove(file + to * kCard, file + from * kCard, kCard);
      return size;
    }
    case 4: {  // a few bytes anywhere, of data most likely
      const size_t at = next(&state) % length;
      mutate_in_place(file + at, std::min<size_t>(1 + next(&state) % 64, length - at), 0);
      return size;
    }
    default: {  // a block twice, or left out
      const size_t block = next(&state) % blocks;
      uint8_t* at = file + block * kBlock;
      const size_t behind = length - block * kBlock;
      if (next(&state) % 2 == 0 && size + kBlock <= max_size) {
        std::memmove(at + kBlock, at, behind);
        return size + kBlock;
      }
      std::memmove(at, at + kBlock, behind - kBlock);
      return size - kBlock;
    }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const size_t chunk = in.word();
  const std::vector<uint8_t> bytes(in.rest(), in.rest() + in.left());
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(bytes, chunk, &status);
  const uint32_t rows_a_step = chunk % 2 == 0 ? 1 : 1000;
  if (status == AF_OK)
    for (int32_t kind = 0; kind < AF_CALIB_KIND_COUNT; ++kind)
      af_calib_free(fuzz::read_calib(stream, kind, rows_a_step));
  fuzz::read_everything(stream, rows_a_step);
  af_stream_free(stream);
  return 0;
}
