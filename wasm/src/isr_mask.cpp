#include "isr_mask.h"

#include <algorithm>

namespace af {
namespace {

constexpr i64 kPlanes = 31;  // the sign bit stays free

i32 renumbered(i32 bits, const MaskPlanes& from, const MaskPlanes& to) {
  i32 result = 0;
  for (const NamedPlane& plane : kNamedPlanes)
    if ((bits & from.*plane.bit) != 0) result |= to.*plane.bit;
  return result;
}

}  // namespace

bool read_mask_planes(const Header& header, MaskPlanes* planes) {
  i32 taken = 0;
  for (const AfCard& card : header.cards) {
    const bool plane = card.type == AF_CARD_INTEGER && card.keyword_length > 3 &&
                       std::memcmp(header.text.data() + card.keyword, "MP_", 3) == 0;
    if (plane && card.integer >= 0 && card.integer < kPlanes) taken |= i32{1} << card.integer;
  }
  if (taken == 0) return false;
  const MaskPlanes defaults;
  // First the planes that have a number, then those that want one.
  for (const bool named : {true, false}) {
    for (const NamedPlane& plane : kNamedPlanes) {
      char keyword[20] = "MP_";
      copy_text(keyword + 3, sizeof keyword - 3, plane.name);
      i64 number = -1;
      const bool found = header.integer(keyword, &number) && number >= 0 && number < kPlanes;
      if (found != named) continue;
      i32 bit = found ? i32{1} << number : defaults.*plane.bit;
      for (i64 n = 9; !found && (bit & taken) != 0 && n < kPlanes; ++n) bit = i32{1} << n;
      planes->*plane.bit = bit;
      taken |= bit;
    }
  }
  return true;
}

bool MaskRuns::add_row(const i32* row, u32 width) {
  if (first.empty() && !first.push(0)) return false;
  for (u32 x = 0; x < width;) {
    if (row[x] == 0) {
      ++x;
      continue;
    }
    u32 end = x + 1;
    while (end < width && row[end] == row[x]) ++end;
    if (!runs.push({x, end - x, row[x]})) return false;
    x = end;
  }
  return first.push(static_cast<u32>(runs.size()));
}

void merge_mask(const MaskRuns& runs, const MaskPlanes& planes, u32 y, u32 x0, u32 x1, i32* to) {
  if (size_t{y} + 1 >= runs.first.size()) return;
  const MaskRun* const end = runs.runs.data() + runs.first[y + 1];
  const MaskRun* run = std::lower_bound(runs.runs.data() + runs.first[y], end, x0,
                                        [](const MaskRun& r, u32 x) { return r.x + r.count <= x; });
  for (; run < end && run->x < x1; ++run) {
    const i32 bits = renumbered(run->bits, runs.planes, planes);
    for (u32 x = std::max(run->x, x0); x < std::min(run->x + run->count, x1); ++x) to[x - x0] |= bits;
  }
}

}  // namespace af
