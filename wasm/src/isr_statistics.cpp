// Exact order statistics by counting: two passes over the values, one for the upper and one for the lower
// half of their bits, instead of a sorted copy.
#include "isr_statistics.h"

#include <cmath>

namespace af {
namespace {

constexpr double kSigmaPerDeviation = 1.4826;  // of a normal distribution
constexpr size_t kBuckets = size_t{1} << 16;

// Bits whose unsigned order is that of the numbers.
u32 ordered(float value) {
  const u32 bits = std::bit_cast<u32>(value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}
float from_ordered(u32 key) {
  return std::bit_cast<float>((key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key);
}

// Calls `take` with every finite value as float32.
template <class Take>
void for_each_finite(const StridedValues& values, Take take) {
  for (u32 y = 0; y < values.height; ++y) {
    const size_t row = y * values.stride;
    for (u32 x = 0; x < values.width; ++x) {
      const float v = values.type == AF_I32
                          ? static_cast<float>(static_cast<const i32*>(values.data)[row + x])
                          : static_cast<const float*>(values.data)[row + x];
      if (v - v == 0) take(v);
    }
  }
}

// The bucket that holds the value of that rank; `rank` is then counted from the bucket's first.
u32 bucket_of(const Array<u32>& counts, u64* rank) {
  u32 bucket = 0;
  while (*rank >= counts[bucket]) *rank -= counts[bucket++];
  return bucket;
}

void clear(Array<u32>* counts) { std::memset(counts->data(), 0, kBuckets * sizeof(u32)); }

// Median of form(value) over all finite values; NaN when there are none.
template <class Form>
double median(const StridedValues& values, Array<u32>* counts, Form form) {
  u64 count = 0;
  clear(counts);
  for_each_finite(values, [&](float v) {
    ++(*counts)[ordered(form(v)) >> 16];
    ++count;
  });
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  u64 ranks[2] = {(count - 1) / 2, count / 2};
  const u32 upper[2] = {bucket_of(*counts, &ranks[0]), bucket_of(*counts, &ranks[1])};
  double sum = 0;
  for (int i = 0; i < 2; ++i) {
    if (i == 0 || upper[1] != upper[0]) {
      clear(counts);
      for_each_finite(values, [&](float v) {
        const u32 key = ordered(form(v));
        if (key >> 16 == upper[i]) ++(*counts)[key & 0xffffu];
      });
    }
    sum += from_ordered(upper[i] << 16 | bucket_of(*counts, &ranks[i]));
  }
  return sum / 2;
}

}  // namespace

bool measure_median(const StridedValues& values, double* out) {
  Array<u32> counts;
  if (!counts.resize(kBuckets)) return false;
  *out = median(values, &counts, [](float v) { return v; });
  return true;
}

bool measure_robust_sigma(const StridedValues& values, double middle, double* out) {
  Array<u32> counts;
  if (!counts.resize(kBuckets)) return false;
  auto deviation = [middle](float v) { return static_cast<float>(std::fabs(v - middle)); };
  *out = kSigmaPerDeviation * median(values, &counts, deviation);
  return true;
}

}  // namespace af
