// How the tables of gain, read noise and saturation are written down: whole numbers take half the room of
// doubles.
#ifndef ASTRO_FITS_CAMERA_READOUT_H_
#define ASTRO_FITS_CAMERA_READOUT_H_

#include "support.h"

namespace af {

// In the order of the raw's HDUs: 10..17, 07..00; of half a CCD the first 8.
struct ReadoutRow {
  u32 detector;
  u32 gain[16];        // 1e-5 electron / adu
  u32 read_noise[16];  // 1e-3 electron
  u32 saturation[16];  // adu
};

}  // namespace af

#endif  // ASTRO_FITS_CAMERA_READOUT_H_
