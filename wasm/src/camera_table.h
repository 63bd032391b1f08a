// The camera table: how each type of detector is laid out, and which type and readout each detector has.
//
// Numbers are those of the camera files of lsst/obs_lsst (afw amplifier tables).
#ifndef ASTRO_FITS_CAMERA_TABLE_H_
#define ASTRO_FITS_CAMERA_TABLE_H_

#include "support.h"

namespace af {

// One type of CCD: 8 segments a half, each read out through its own amplifier. Pixels.
struct CcdType {
  const char* name;
  i32 prescan;  // columns before the image area of a raw
  i32 segment_width, segment_height;
  u32 segment_count;  // 16, or 8 for half a CCD
};

struct Readout {
  double gain_electron_per_adu;
  double read_noise_electron;
  double saturation_adu;
};

// Null when there is no such type.
const CcdType* find_ccd_type(const char* name);

// For example R22_S11.
struct DetectorName {
  char text[16];
};
// -1 when the instrument has no such detector.
i32 detector_number(const char* instrument, const char* name);
// False when the instrument has no such detector.
bool detector_name(const char* instrument, i32 number, DetectorName* out);
// Of the place in the focal plane: ITL, E2V, ITL_WF, ITL_G; empty when the instrument has no such detector.
const char* type_of_detector(const char* instrument, i32 number);

// `segment` is the place in the order of the raw's HDUs: 10..17, 07..00. False when the table has no numbers.
bool find_readout(const char* instrument, i32 detector, u32 segment, Readout* out);

// Segment1x is the upper half of the detector in the DM frame with its first raw row at the upper edge, and
// Segment0x the lower half; of imSim and PhoSim it is the other way round.
bool is_upper_half(const char* instrument, bool segment_is_1x);

}  // namespace af

#endif  // ASTRO_FITS_CAMERA_TABLE_H_
