// Where the pixels of a raw lie: the camera table, and what a raw's headers add to it.
#ifndef ASTRO_FITS_CAMERA_H_
#define ASTRO_FITS_CAMERA_H_

#include "box.h"
#include "stream.h"

namespace af {

inline constexpr u32 kMaxAmplifiers = 16;

// One detector as its raw says it is. Numbers that nothing gives are NaN.
struct DetectorInfo {
  char instrument[24];     // the Butler's name, for example LSSTCam
  i32 detector;            // -1 where the headers do not tell
  char detector_name[16];  // for example R22_S11; empty where the headers do not tell
  char detector_type[8];   // ITL, E2V, ITL_WF, ITL_G; empty when the table does not know the detector
  u32 width, height;       // of the assembled image: DETSIZE, else the bounding box of all DETSEC
  bool complete;           // false until finish_detector has looked at every segment
  double exposure_seconds;
  double dark_seconds;  // DARKTIME, else EXPTIME
  u32 amplifier_count;  // segments that the detector has: 16, 8 for a wavefront half, by the raw for others
};

// One amplifier: boxes of the raw HDU (half-open, 0-based), and where `data` goes after the flips.
struct AmplifierInfo {
  char name[8];       // C10
  char hdu_name[16];  // Segment10
  i32 hdu;
  u32 raw_width, raw_height;
  AfBox data;
  AfBox serial_overscan;    // every row; empty when there is none. No skips applied
  AfBox parallel_overscan;  // rows above `data`, image columns; empty when there is none. No skips applied
  AfBox detector;
  bool flip_x, flip_y;
  double gain_electron_per_adu;
  double read_noise_electron;
  double saturation_adu;
  // Where the three come from, for the report: static text such as "camera table" or "header GAIN".
  const char* gain_source;
  const char* read_noise_source;
  const char* saturation_source;
};

// True for HDUs named Segment[01][0-7].
bool is_segment(const Header& header);
// From the primary header and that of the first segment. `out->complete` is false where that is not enough:
// of detectors that the camera table does not know, and without DETSIZE when the header is obeyed.
void read_detector(const Header& primary, const Header& segment, AfGeometryMode mode, DetectorInfo* out);
// Of a raw that has arrived whole: the number of segments and, without DETSIZE, the bounding box of their
// DETSEC.
AfStatus finish_detector(const AfStream& raw, DetectorInfo* out, AfError* error);
// Whether the camera table says where the pixels lie, not the segments' headers. It always does for wavefront
// halves, whose raws give the sections of a whole CCD.
bool placed_by_table(const DetectorInfo& detector, AfGeometryMode mode);
// `warning` (may stay empty) is one sentence, for example that DATASEC differs from the table.
AfStatus read_amplifier(const DetectorInfo& detector, const Header& segment, i32 hdu, u32 raw_width,
                        u32 raw_height, AfGeometryMode mode, AmplifierInfo* out, char (&warning)[160],
                        AfError* error);

// Without a raw: false when the table does not know the detector.
bool detector_of_table(const char* instrument, i32 detector, DetectorInfo* out);
// `place` is below `detector.amplifier_count`, in the order of the raw's HDUs.
void amplifier_of_table(const DetectorInfo& detector, u32 place, AmplifierInfo* out);

}  // namespace af

#endif  // ASTRO_FITS_CAMERA_H_
