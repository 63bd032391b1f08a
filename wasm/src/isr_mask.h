// Planes of the mask by name, and masks of calibs in short form.
#ifndef ASTRO_FITS_ISR_MASK_H_
#define ASTRO_FITS_ISR_MASK_H_

#include "isr_frame.h"

namespace af {

// The planes that this engine sets, by afw's names.
struct NamedPlane {
  const char* name;
  i32 MaskPlanes::*bit;
};
inline constexpr NamedPlane kNamedPlanes[] = {
    {"BAD", &MaskPlanes::bad},
    {"SAT", &MaskPlanes::saturated},
    {"INTRP", &MaskPlanes::interpolated},
    {"CR", &MaskPlanes::cosmic_ray},
    {"EDGE", &MaskPlanes::edge},
    {"SUSPECT", &MaskPlanes::suspect},
    {"NO_DATA", &MaskPlanes::no_data},
    {"UNMASKEDNAN", &MaskPlanes::unmasked_nan},
    {"CROSSTALK", &MaskPlanes::crosstalk},
};

// From MP_ cards, whose values are bit numbers. Planes that the header does not name keep their default
// number, or take the lowest free one. False when the header has no such card; `planes` is then unchanged.
bool read_mask_planes(const Header& header, MaskPlanes* planes);

// Pixels side by side with the same bits.
struct MaskRun {
  u32 x, count;
  i32 bits;
};

// A mask as its runs of pixels that are not zero: that of a master is nearly empty.
struct MaskRuns {
  MaskPlanes planes;
  bool has_planes = false;
  Array<MaskRun> runs;
  Array<u32> first;  // run of each row, and behind the last row

  // Adds the next row. False when memory is short.
  [[nodiscard]] bool add_row(const i32* row, u32 width);
  size_t bytes() const { return runs.capacity() * sizeof(MaskRun) + first.capacity() * sizeof(u32); }
};

// Sets the bits that `runs` has in row y, x0 <= x < x1, renumbered for `planes`; `to` is the pixel at x0.
// Planes that the engine does not know are left out.
void merge_mask(const MaskRuns& runs, const MaskPlanes& planes, u32 y, u32 x0, u32 x1, i32* to);

}  // namespace af

#endif  // ASTRO_FITS_ISR_MASK_H_
