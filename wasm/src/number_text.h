// Numbers as text, without the C library's stdio, which wants system calls, and without the tables of std::to_chars.
#ifndef ASTRO_FITS_NUMBER_TEXT_H_
#define ASTRO_FITS_NUMBER_TEXT_H_

#include "support.h"

namespace af {

// Room for any number with its final zero byte.
inline constexpr size_t kNumberText = 32;

// All return the end, where a zero byte stands.
char* integer_text(i64 value, char* to);
char* unsigned_text(u64 value, char* to);
// With the fewest digits, from 15 on, that read back to the same number; always with a point or an exponent, as FITS
// and JSON take it (1.0, 0.1, 6.02E+23). `value` is finite.
char* real_text(double value, char* to);

}  // namespace af

#endif  // ASTRO_FITS_NUMBER_TEXT_H_
