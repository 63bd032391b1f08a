#include "section.h"

#include <algorithm>

namespace af {
namespace {

// Larger than any mosaic, small enough that sums of two fit an i32.
constexpr i32 kLargestCoordinate = 100000000;

bool read_coordinate(const char** p, i32* out) {
  i64 value = 0;
  const char* start = *p;
  while (**p >= '0' && **p <= '9' && value <= kLargestCoordinate) value = 10 * value + (*(*p)++ - '0');
  *out = static_cast<i32>(value);
  return *p > start && value >= 1 && value <= kLargestCoordinate;
}

}  // namespace

bool read_section(const Header& header, const char* keyword, Section* out) {
  char text[64];
  read_text(header, keyword, text);
  i32 ends[4];
  const char* p = text;
  const char marks[] = {'[', ':', ',', ':'};
  auto skip_blanks = [&p] {
    while (*p == ' ') ++p;
  };
  for (int i = 0; i < 4; ++i) {
    skip_blanks();
    if (*p++ != marks[i]) return false;
    skip_blanks();
    if (!read_coordinate(&p, &ends[i])) return false;
  }
  skip_blanks();
  if (*p != ']') return false;
  out->box = {std::min(ends[0], ends[1]) - 1, std::min(ends[2], ends[3]) - 1, std::max(ends[0], ends[1]),
              std::max(ends[2], ends[3])};
  out->mirrored_x = ends[0] > ends[1];
  return true;
}

Sentence& operator<<(Sentence& to, const AfBox& box) {
  return to << "[" << i64{box.x0} + 1 << ":" << i64{box.x1} << "," << i64{box.y0} + 1 << ":" << i64{box.y1}
            << "]";
}

}  // namespace af
