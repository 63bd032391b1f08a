// Gain, read noise and saturation of the detector of LATISS, in HDU order.
//
// Numbers are those of the LATISS camera of lsst/obs_lsst (afw amplifier table of its camera file).
#ifndef ASTRO_FITS_CAMERA_LATISS_H_
#define ASTRO_FITS_CAMERA_LATISS_H_

#include "camera_readout.h"

namespace af {

constexpr ReadoutRow kLatiss[] = {
    {0, {108110, 104700, 107950, 108100, 106440, 106690, 107950, 105600, 110330, 110390, 110470, 108400,
     109390, 108740, 109330, 109720}, {8400, 8500, 8400, 8600, 8400, 8400, 8400, 8000, 8500, 10000, 10300,
     9700, 9100, 9400, 9900, 9100}, {142857, 142857, 142857, 142857, 142857, 142857, 142857, 142857, 142857,
     142857, 142857, 142857, 142857, 142857, 142857, 142857}},
};

}  // namespace af

#endif  // ASTRO_FITS_CAMERA_LATISS_H_
