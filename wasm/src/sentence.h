// Sentences of a few words and numbers for errors and warnings, cut where they are too long.
#ifndef ASTRO_FITS_SENTENCE_H_
#define ASTRO_FITS_SENTENCE_H_

#include "number_text.h"

namespace af {

class Sentence {
 public:
  Sentence& operator<<(const char* words) {
    copy_text(text + length_, sizeof text - length_, words);
    length_ += std::strlen(text + length_);
    return *this;
  }
  Sentence& operator<<(i64 number) {
    char digits[kNumberText];
    integer_text(number, digits);
    return *this << digits;
  }
  char text[160] = "";

 private:
  size_t length_ = 0;
};

}  // namespace af

#endif  // ASTRO_FITS_SENTENCE_H_
