// The cards of a header that is written (FITS standard 4.0, section 4).
#ifndef ASTRO_FITS_CARD_TEXT_H_
#define ASTRO_FITS_CARD_TEXT_H_

#include "support.h"

namespace af {

// Collects 80-character cards. A lack of memory is remembered and told by `good`.
class CardText {
 public:
  void logical(const char* keyword, bool value, const char* comment = "");
  void integer(const char* keyword, i64 value, const char* comment = "");
  void unsigned_integer(const char* keyword, u64 value, const char* comment = "");
  // With the fewest digits that read back to the same number. `value` is finite.
  void real(const char* keyword, double value, const char* comment = "");
  // Long strings go on in CONTINUE cards.
  void text(const char* keyword, const char* value, const char* comment = "");
  void undefined(const char* keyword, const char* comment = "");
  // COMMENT, HISTORY or a blank keyword; long ones take several cards.
  void commentary(const char* keyword, const char* text);
  void end();

  // False when memory was short.
  bool good() const { return good_; }
  const Array<char>& characters() const { return characters_; }
  // Takes over the cards of `other`.
  void append(const CardText& other);
  void clear() {
    characters_.clear();
    good_ = true;
  }

 private:
  void value_card(const char* keyword, const char* value, bool right_justified, const char* comment);
  void card(const char* characters, size_t count);

  Array<char> characters_;
  bool good_ = true;
};

// Of letters, digits, hyphen and underscore, at most 8: what fits in a plain card. Others are written with HIERARCH.
bool is_plain_keyword(const char* keyword);
// Printable ASCII, as FITS wants it.
bool is_fits_text(const char* text);
// COMMENT, HISTORY and the blank keyword.
bool is_commentary_keyword(const char* keyword);
// END and CONTINUE: a card of one of them means something to the cards around it.
bool is_framing_keyword(const char* keyword);
// True for keywords that tell the structure of an HDU or how its pixels are stored: a writer sets those itself.
bool is_structural(const char* keyword);

}  // namespace af

#endif  // ASTRO_FITS_CARD_TEXT_H_
