// The cards of one FITS header.
#ifndef ASTRO_FITS_HEADER_H_
#define ASTRO_FITS_HEADER_H_

#include "support.h"

namespace af {

struct Header {
  Array<AfCard> cards;
  Array<char> text;

  // The memory that it takes.
  size_t bytes() const { return cards.capacity() * sizeof(AfCard) + text.capacity(); }
  // Of the first card with that keyword; null when there is none.
  const AfCard* find(const char* keyword) const;
  // False when the card is absent or of another type; `out` is then unchanged.
  bool integer(const char* keyword, i64* out) const;
  bool real(const char* keyword, double* out) const;
  bool logical(const char* keyword) const;
  bool text_is(const char* keyword, const char* wanted) const;
};

// "NAXIS" and 12 give "NAXIS12".
struct IndexedKeyword {
  IndexedKeyword(const char* stem, u32 index);
  char text[16];
};

inline constexpr size_t kCardLength = 80;

// Parses `count` cards up to END. Bad cards are kept as such; only a lack of memory fails.
[[nodiscard]] bool parse_cards(const char* cards, size_t count, Header* header);

}  // namespace af

#endif  // ASTRO_FITS_HEADER_H_
