#include "number_text.h"

#include <charconv>
#include <cmath>

namespace af {
namespace {

// The exact decimal digits of a double: whole and fractional parts in limbs of nine digits, the first limb the highest.
// The largest double has 309 digits before the point, the smallest 1074 behind it.
struct Decimal {
  static constexpr u32 kBase = 1000000000;
  static constexpr size_t kWhole = 36, kFraction = 120;
  u32 limbs[kWhole + kFraction] = {};

  explicit Decimal(double magnitude) {
    int exponent = 0;
    const u64 mantissa = static_cast<u64>(std::ldexp(std::frexp(magnitude, &exponent), 53));
    exponent -= 53;
    limbs[kWhole - 1] = static_cast<u32>(mantissa % kBase);
    limbs[kWhole - 2] = static_cast<u32>(mantissa / kBase);
    for (int left = exponent; left > 0; left -= 29) times_power_of_two(static_cast<u32>(left < 29 ? left : 29));
    // 2^9 divides 10^9, so that nothing is lost.
    for (int left = -exponent; left > 0; left -= 9) over_power_of_two(static_cast<u32>(left < 9 ? left : 9));
  }

  // Digit `i` from the highest.
  u32 digit(size_t i) const {
    u32 limb = limbs[i / 9];
    for (size_t k = i % 9; k < 8; ++k) limb /= 10;
    return limb % 10;
  }
  static constexpr size_t kDigits = (kWhole + kFraction) * 9;

 private:
  void times_power_of_two(u32 bits) {
    u64 carry = 0;
    for (size_t i = kWhole; i-- > 0;) {
      const u64 value = (u64{limbs[i]} << bits) + carry;
      limbs[i] = static_cast<u32>(value % kBase);
      carry = value / kBase;
    }
  }
  void over_power_of_two(u32 bits) {
    u32 remainder = 0;
    for (u32& limb : limbs) {
      const u32 value = (limb >> bits) + remainder;
      remainder = (limb & ((1u << bits) - 1)) * (kBase >> bits);
      limb = value;
    }
  }
};

// `count` significant digits, rounded half to even; returns the power of ten of the first one.
int rounded_digits(const Decimal& exact, u32 count, char* digits) {
  size_t first = 0;
  while (exact.digit(first) == 0) ++first;
  for (u32 i = 0; i < count; ++i)
    digits[i] = static_cast<char>('0' + (first + i < Decimal::kDigits ? exact.digit(first + i) : 0));
  int power = static_cast<int>(Decimal::kWhole * 9) - 1 - static_cast<int>(first);
  const size_t next = first + count;
  const u32 follows = next < Decimal::kDigits ? exact.digit(next) : 0;
  bool beyond_half = false;
  for (size_t i = next + 1; i < Decimal::kDigits && !beyond_half; ++i) beyond_half = exact.digit(i) != 0;
  const bool odd = (digits[count - 1] - '0') % 2 == 1;
  if (follows > 5 || (follows == 5 && (beyond_half || odd))) {
    u32 i = count;
    while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
    if (i > 0) {
      ++digits[i - 1];
    } else {
      digits[0] = '1';
      ++power;
    }
  }
  return power;
}

// As C's %G lays digits out: plain from 1e-4 up to `count` digits, else with an exponent.
char* lay_out(const char* digits, u32 count, int power, char* to) {
  while (count > 1 && digits[count - 1] == '0') --count;
  if (power >= -4 && power < 17) {
    int place = power < 0 ? 0 : power;
    for (int at = place; at >= 0 || power - at < static_cast<int>(count); --at) {
      if (at == -1) *to++ = '.';
      const int index = power - at;
      *to++ = index >= 0 && index < static_cast<int>(count) ? digits[index] : '0';
    }
    if (power >= static_cast<int>(count) - 1) {
      *to++ = '.';
      *to++ = '0';
    }
  } else {
    *to++ = digits[0];
    *to++ = '.';
    if (count == 1) *to++ = '0';
    for (u32 i = 1; i < count; ++i) *to++ = digits[i];
    *to++ = 'E';
    *to++ = power < 0 ? '-' : '+';
    to = std::to_chars(to, to + 4, power < 0 ? -power : power).ptr;
  }
  *to = '\0';
  return to;
}

}  // namespace

template <class T>
static char* whole_text(T value, char* to) {
  char* const end = std::to_chars(to, to + kNumberText - 1, value).ptr;
  *end = '\0';
  return end;
}
char* integer_text(i64 value, char* to) { return whole_text(value, to); }
char* unsigned_text(u64 value, char* to) { return whole_text(value, to); }

char* real_text(double value, char* to) {
  if (std::signbit(value)) *to++ = '-';
  const double magnitude = std::fabs(value);
  char* end = lay_out("0", 1, 0, to);
  if (magnitude == 0) return end;
  const Decimal exact(magnitude);
  for (u32 count = 15; count <= 17; ++count) {
    char digits[17];
    const int power = rounded_digits(exact, count, digits);
    end = lay_out(digits, count, power, to);
    if (std::strtod(to, nullptr) == magnitude) break;
  }
  return end;
}

}  // namespace af
