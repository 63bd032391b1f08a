// Minimum, maximum, mean and median of a plane of any type.
#include <algorithm>

#include "support.h"

using namespace af;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Unsigned integers in the order of the numbers.
template <class T>
auto key_of(T number) {
  if constexpr (std::is_floating_point_v<T>) {
    using Bits = std::conditional_t<sizeof(T) == 4, u32, u64>;
    constexpr Bits kSign = Bits{1} << (sizeof(T) * 8 - 1);
    const Bits bits = std::bit_cast<Bits>(number);
    return (bits & kSign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | kSign);
  } else {
    using Bits = std::make_unsigned_t<T>;
    constexpr Bits kFlip = std::is_signed_v<T> ? Bits{1} << (sizeof(T) * 8 - 1) : 0;
    return static_cast<Bits>(static_cast<Bits>(number) ^ kFlip);
  }
}

template <class T, class Key>
double value_of(Key key) {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr Key kSign = Key{1} << (sizeof(T) * 8 - 1);
    return static_cast<double>(
        std::bit_cast<T>((key & kSign) != 0 ? static_cast<Key>(key & ~kSign) : static_cast<Key>(~key)));
  } else {
    constexpr Key kFlip = std::is_signed_v<T> ? Key{1} << (sizeof(T) * 8 - 1) : 0;
    return static_cast<double>(static_cast<T>(static_cast<Key>(key ^ kFlip)));
  }
}

// The key that `rank` keys are below, found digit by digit: no copy of the pixels is needed.
template <class T>
auto select(const T* pixels, size_t count, size_t rank) {
  using Key = decltype(key_of(T{}));
  constexpr u32 kDigit = 11, kBits = sizeof(T) * 8;
  u32 histogram[1u << kDigit];
  Key found = 0;
  for (u32 done = 0; done < kBits;) {
    const u32 digit = std::min(kDigit, kBits - done), shift = kBits - done - digit;
    const Key mask = static_cast<Key>((Key{1} << digit) - 1);
    std::memset(histogram, 0, sizeof histogram);
    for (size_t i = 0; i < count; ++i) {
      if (pixels[i] != pixels[i]) continue;
      const Key key = key_of(pixels[i]);
      // Only keys whose higher digits are the ones found.
      if (done > 0 && static_cast<Key>((key ^ found) >> (kBits - done)) != 0) continue;
      ++histogram[static_cast<Key>(key >> shift) & mask];
    }
    u32 bin = 0;
    while (rank >= histogram[bin]) rank -= histogram[bin++];
    found = static_cast<Key>(found | static_cast<Key>(static_cast<Key>(bin) << shift));
    done += digit;
  }
  return found;
}

// Sums with the rounding errors kept (Neumaier, ZAMM 54 (1974), 39).
struct Sum {
  double total = 0, lost = 0;
  void add(double value) {
    const double sum = total + value;
    lost += __builtin_fabs(total) >= __builtin_fabs(value) ? (total - sum) + value : (value - sum) + total;
    total = sum;
  }
  // Infinities leave no error to add.
  double value() const { return __builtin_isfinite(total) ? total + lost : total; }
};

template <class T>
void summarize(const T* pixels, size_t count, double out[4]) {
  using Key = decltype(key_of(T{}));
  Key low = std::numeric_limits<Key>::max(), high = 0;
  Sum sum;
  size_t numbers = 0;
  for (size_t i = 0; i < count; ++i) {
    if (pixels[i] != pixels[i]) continue;
    const Key key = key_of(pixels[i]);
    low = std::min(low, key);
    high = std::max(high, key);
    if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      // In two parts that float64 holds.
      const T upper = static_cast<T>(pixels[i] >> 32 << 32);
      sum.add(static_cast<double>(upper));
      sum.add(static_cast<double>(static_cast<u32>(pixels[i])));
    } else {
      sum.add(static_cast<double>(pixels[i]));
    }
    ++numbers;
  }
  if (numbers == 0) return;
  out[0] = value_of<T>(low);
  out[1] = value_of<T>(high);
  out[2] = sum.value() / static_cast<double>(numbers);
  const double middle = value_of<T>(select(pixels, count, numbers / 2));
  out[3] = numbers % 2 == 1 ? middle : (value_of<T>(select(pixels, count, numbers / 2 - 1)) + middle) / 2;
}

}  // namespace

extern "C" void af_plane_summary(const AfPlane* plane, double out[4]) {
  const size_t count = size_t{plane->width} * plane->height;
  for (int i = 0; i < 4; ++i) out[i] = kNan;
  const void* data = plane->data;
  switch (plane->type) {
    case AF_I32:
      return summarize(static_cast<const i32*>(data), count, out);
    case AF_F32:
      return summarize(static_cast<const float*>(data), count, out);
    case AF_U8:
      return summarize(static_cast<const u8*>(data), count, out);
    case AF_I8:
      return summarize(static_cast<const int8_t*>(data), count, out);
    case AF_I16:
      return summarize(static_cast<const i16*>(data), count, out);
    case AF_U16:
      return summarize(static_cast<const u16*>(data), count, out);
    case AF_U32:
      return summarize(static_cast<const u32*>(data), count, out);
    case AF_I64:
      return summarize(static_cast<const i64*>(data), count, out);
    case AF_U64:
      return summarize(static_cast<const u64*>(data), count, out);
    case AF_F64:
      return summarize(static_cast<const double*>(data), count, out);
    default:
      return;
  }
}
