// The cards of one FITS header.
#ifndef ASTRO_FITS_HEADER_H_
#define ASTRO_FITS_HEADER_H_

#include "support.h"

namespace af {

struct Header {
  Array<AfCard> cards;
  Array<char> text;
  Array<char> raw;  // whole blocks, as they are stored
  size_t stored_cards = 0;  // with END
  Array<AfProblem> problems;

  // The memory that it takes.
  size_t bytes() const {
    return cards.capacity() * sizeof(AfCard) + text.capacity() + raw.capacity() +
           problems.capacity() * sizeof(AfProblem);
  }
  // `problem` is static. False when memory is short.
  [[nodiscard]] bool report(size_t card, const char* problem) {
    return problems.push({static_cast<u32>(card), problem});
  }
  // Of the first card with that keyword; null when there is none.
  const AfCard* find(const char* keyword) const;
  // False when the card is absent or of another type; `out` is then unchanged.
  bool integer(const char* keyword, i64* out) const;
  bool real(const char* keyword, double* out) const;
  bool logical(const char* keyword) const;
  bool text_is(const char* keyword, const char* wanted) const;
};

// The text of a card without blanks at the end, zero-terminated and cut to `size`; empty when there is none.
void read_text(const Header& header, const char* keyword, char* out, size_t size);
template <size_t N>
void read_text(const Header& header, const char* keyword, char (&out)[N]) {
  read_text(header, keyword, out, N);
}

// "NAXIS" and 12 give "NAXIS12".
struct IndexedKeyword {
  IndexedKeyword(const char* stem, u32 index);
  char text[16];
};

inline constexpr size_t kCardLength = 80;

// True for the card that ends a header, whatever stands behind the word.
bool is_end_card(const char* card);
// Parses the cards of `header->raw`. Bad ones are kept as such and reported; only a lack of memory fails.
[[nodiscard]] bool parse_cards(Header* header);
// Reports what breaks the rules for the keywords that every header must have (section 4.4.1).
[[nodiscard]] bool check_mandatory_cards(Header* header);

}  // namespace af

#endif  // ASTRO_FITS_HEADER_H_
