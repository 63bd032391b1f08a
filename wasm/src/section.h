// Sections of headers: "[x1:x2,y1:y2]", 1-based, ends included, x1 > x2 where x is mirrored.
#ifndef ASTRO_FITS_SECTION_H_
#define ASTRO_FITS_SECTION_H_

#include "box.h"
#include "header.h"
#include "sentence.h"

namespace af {

struct Section {
  AfBox box;  // half-open, 0-based; from 0 to 1e8
  bool mirrored_x;
};

// False when there is no such card, or it is no section.
bool read_section(const Header& header, const char* keyword, Section* out);
// As in a header.
Sentence& operator<<(Sentence& to, const AfBox& box);

}  // namespace af

#endif  // ASTRO_FITS_SECTION_H_
