// Celestial frames, and how each is turned into ICRS. The one place where frames are converted.
#ifndef ASTRO_FITS_SKY_FRAME_H_
#define ASTRO_FITS_SKY_FRAME_H_

#include "support.h"

namespace af {

enum class SkyFrame { kIcrs, kFk5, kFk4, kGalactic, kOther };

struct Rotation {
  double m[3][3];
};

// Of vectors in `frame` to vectors in ICRS. `equinox`, in Julian years, counts for FK5. False for FK4, whose
// coordinates also hold terms of aberration, and for frames that are not known.
bool rotation_to_icrs(SkyFrame frame, double equinox, Rotation* out);
Rotation transposed(const Rotation& r);
// Degrees, longitude in [0, 360).
void rotate(const Rotation& r, double lonlat[2]);

}  // namespace af

#endif  // ASTRO_FITS_SKY_FRAME_H_
