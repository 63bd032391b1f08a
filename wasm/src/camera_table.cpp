// Reference: the camera files of lsst/obs_lsst, one afw Detector table for each instrument.
#include "camera_table.h"

#include "camera_comcam.h"
#include "camera_comcamsim.h"
#include "camera_latiss.h"
#include "camera_lsstcam_corners.h"
#include "camera_lsstcam_e2v_high.h"
#include "camera_lsstcam_e2v_low.h"
#include "camera_lsstcam_itl.h"

namespace af {
namespace {

constexpr CcdType kCcdTypes[] = {{"ITL", 3, 509, 2000, 16},
                                 {"E2V", 10, 512, 2002, 16},
                                 {"ITL_G", 3, 509, 2000, 16},
                                 {"ITL_WF", 3, 509, 2000, 8}};

bool same(const char* a, const char* b) { return std::strcmp(a, b) == 0; }

// Rafts of LSSTCam in the order of their detectors' numbers, nine each.
constexpr char kScienceRafts[][4] = {"R01", "R02", "R03", "R10", "R11", "R12", "R13",
                                     "R14", "R20", "R21", "R22", "R23", "R24", "R30",
                                     "R31", "R32", "R33", "R34", "R41", "R42", "R43"};
constexpr bool kRaftIsE2v[] = {false, false, false, false, true, true, true, true,  false, true, true,
                               true,  true,  true,  true,  true, true, true, false, false, false};
// Then the corners, four each.
constexpr char kCornerRafts[][4] = {"R00", "R04", "R40", "R44"};
constexpr char kCornerSlots[][4] = {"SG0", "SG1", "SW0", "SW1"};
constexpr i32 kFirstCorner = 189;
constexpr i32 kLsstCamDetectors = 205;

bool has_focal_plane(const char* instrument) {
  return same(instrument, "LSSTCam") || same(instrument, "LSSTCamSim") || same(instrument, "LSSTCam-imSim") ||
         same(instrument, "LSSTCam-PhoSim");
}
bool is_comcam(const char* instrument) {
  return same(instrument, "LSSTComCam") || same(instrument, "LSSTComCamSim");
}
// imSim and PhoSim have no corner rafts.
bool has_corners(const char* instrument) {
  return same(instrument, "LSSTCam") || same(instrument, "LSSTCamSim");
}

void join(const char* raft, const char* slot, DetectorName* out) {
  std::memcpy(out->text, raft, 3);
  out->text[3] = '_';
  copy_text(out->text + 4, sizeof out->text - 4, slot);
}

constexpr PackedReadout kPackedLatiss(kLatiss);
constexpr PackedReadout kPackedComCam(kComCam);
constexpr PackedReadout kPackedComCamSim(kComCamSim);
constexpr PackedReadout kPackedItl(kLsstCamItl);
constexpr PackedReadout kPackedE2vLow(kLsstCamE2vLow);
constexpr PackedReadout kPackedE2vHigh(kLsstCamE2vHigh);
constexpr PackedReadout kPackedCorners(kLsstCamCorners);

bool find_numbers(const char* instrument, i32 detector, u32 segment, u32 (&out)[3]) {
  if (same(instrument, "LATISS")) return kPackedLatiss.find(detector, segment, out);
  if (same(instrument, "LSSTComCam")) return kPackedComCam.find(detector, segment, out);
  if (same(instrument, "LSSTComCamSim")) return kPackedComCamSim.find(detector, segment, out);
  // obs_lsst gives the simulated LSSTCam the numbers of the real one.
  return has_corners(instrument) &&
         (kPackedItl.find(detector, segment, out) || kPackedE2vLow.find(detector, segment, out) ||
          kPackedE2vHigh.find(detector, segment, out) || kPackedCorners.find(detector, segment, out));
}

}  // namespace

const CcdType* find_ccd_type(const char* name) {
  for (const CcdType& type : kCcdTypes)
    if (same(type.name, name)) return &type;
  return nullptr;
}

bool detector_name(const char* instrument, i32 number, DetectorName* out) {
  *out = {};
  if (number < 0) return false;
  char slot[4] = {'S', static_cast<char>('0' + number / 3 % 3), static_cast<char>('0' + number % 3), '\0'};
  if (same(instrument, "LATISS") && number == 0) {
    copy_text(out->text, sizeof out->text, "RXX_S00");
  } else if (is_comcam(instrument) && number < 9) {
    join("R22", slot, out);
  } else if (has_focal_plane(instrument) && number < kFirstCorner) {
    join(kScienceRafts[number / 9], slot, out);
  } else if (has_corners(instrument) && number < kLsstCamDetectors) {
    const i32 corner = number - kFirstCorner;
    join(kCornerRafts[corner / 4], kCornerSlots[corner % 4], out);
  }
  return out->text[0] != '\0';
}

i32 detector_number(const char* instrument, const char* name) {
  for (i32 number = 0; number < kLsstCamDetectors; ++number) {
    DetectorName known;
    if (detector_name(instrument, number, &known) && same(known.text, name)) return number;
  }
  return -1;
}

const char* type_of_detector(const char* instrument, i32 number) {
  DetectorName name;
  if (!detector_name(instrument, number, &name)) return "";
  if (number >= kFirstCorner) return name.text[5] == 'G' ? "ITL_G" : "ITL_WF";
  // imSim and PhoSim have one type of CCD throughout.
  return has_corners(instrument) && kRaftIsE2v[number / 9] ? "E2V" : "ITL";
}

bool find_readout(const char* instrument, i32 detector, u32 segment, Readout* out) {
  const bool imsim = same(instrument, "LSSTCam-imSim");
  if (imsim && detector >= 0 && detector < kFirstCorner) {
    *out = {0.7, 7.0, 142857};
    return true;
  }
  u32 numbers[3];
  if (segment >= 16 || !find_numbers(instrument, detector, segment, numbers) || numbers[0] == 0) return false;
  // One division each, so that these are the doubles nearest to the decimal numbers of the camera file.
  *out = {numbers[0] / 1e5, numbers[1] / 1e3, double(numbers[2])};
  return true;
}

bool is_upper_half(const char* instrument, bool segment_is_1x) {
  const bool upside_down = same(instrument, "LSSTCam-imSim") || same(instrument, "LSSTCam-PhoSim");
  return segment_is_1x != upside_down;
}

}  // namespace af
