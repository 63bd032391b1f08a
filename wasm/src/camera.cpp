#include "camera.h"

#include <algorithm>
#include <limits>

#include "camera_table.h"
#include "section.h"

namespace af {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Of raws as the cameras have written them since 2018; the camera files have 544 columns for ITL, and so has
// imSim.
constexpr u32 kRawWidth = 576, kRawHeight = 2048;

bool equal(const AfBox& a, const AfBox& b) {
  return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
}
bool same(const char* a, const char* b) { return std::strcmp(a, b) == 0; }
bool finite(double number) { return number - number == 0; }

// Of the primary header, else of the segment's.
template <size_t N>
void read_text(const Header& primary, const Header& segment, const char* keyword, char (&out)[N]) {
  read_text(primary, keyword, out);
  if (out[0] == '\0') read_text(segment, keyword, out);
}

bool starts_with(const char* text, const char* start) {
  return std::strncmp(text, start, std::strlen(start)) == 0;
}

bool same_ignoring_case(const char* a, const char* b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (; *a != '\0' && lower(*a) == lower(*b); ++a, ++b) {
  }
  return *a == *b;
}

bool read_section(const Header& primary, const Header& segment, const char* keyword, Section* out) {
  return read_section(primary, keyword, out) || read_section(segment, keyword, out);
}

// The Butler's name of the instrument. Reference: the header translators of obs_lsst.
void name_instrument(const Header& primary, const Header& segment, char (&out)[24]) {
  char text[24], other[24];
  constexpr struct {
    const char *keyword, *value, *instrument;
  } kMarks[] = {{"TESTTYPE", "IMSIM", "LSSTCam-imSim"},
                {"TESTTYPE", "PHOSIM", "LSSTCam-PhoSim"},
                {"CREATOR", "PHOSIM", "LSSTCam-PhoSim"},
                {"TSTAND", "TS8", "LSST-TS8"},
                {"TSTAND", "BNL-TS3-2-Janeway", "LSST-TS3"}};
  for (const auto& mark : kMarks) {
    read_text(primary, segment, mark.keyword, other);
    if (same(other, mark.value)) return copy_text(out, sizeof out, mark.instrument);
  }
  read_text(primary, segment, "INSTRUME", text);
  read_text(primary, segment, "TELCODE", other);
  if (same_ignoring_case(text, "LSST_CAMERA") && same(other, "CC")) copy_text(text, sizeof text, "ComCam");
  constexpr struct {
    const char *header, *instrument;
  } kNames[] = {
      {"LATISS", "LATISS"},           {"LSST_ATISS", "LATISS"},           {"LSSTCam", "LSSTCam"},
      {"LSSTCamSim", "LSSTCamSim"},   {"ComCam", "LSSTComCam"},           {"LSSTComCam", "LSSTComCam"},
      {"ComCamSim", "LSSTComCamSim"}, {"LSSTComCamSim", "LSSTComCamSim"}, {"LSST-TS8", "LSST-TS8"},
      {"LSST-UCDCam", "LSST-UCDCam"}, {"LSST-UCDCam-ITL", "LSST-UCDCam"}};
  for (const auto& name : kNames)
    if (same_ignoring_case(text, name.header)) return copy_text(out, sizeof out, name.instrument);
  copy_text(out, sizeof out, text);
}

// RAFTBAY and CCDSLOT, else CHIPID, which the simulators write.
void name_detector(const Header& primary, const Header& segment, DetectorInfo* out) {
  char raft[8], slot[8];
  read_text(primary, segment, "RAFTBAY", raft);
  read_text(primary, segment, "CCDSLOT", slot);
  out->detector_name[0] = '\0';
  if (same(out->instrument, "LATISS")) {
    copy_text(out->detector_name, sizeof out->detector_name, "RXX_S00");  // headers say R00_S00, or nothing
  } else if (raft[0] != '\0' && slot[0] != '\0') {
    Sentence name;
    name << raft << "_" << slot;
    copy_text(out->detector_name, sizeof out->detector_name, name.text);
  } else {
    read_text(primary, segment, "CHIPID", out->detector_name);
  }
  out->detector = detector_number(out->instrument, out->detector_name);
}

// The maker that the header names comes first: a slot of the focal plane has not always held the CCD of the
// table.
const char* name_type(const Header& primary, const Header& segment, const DetectorInfo& detector) {
  const char* of_place = type_of_detector(detector.instrument, detector.detector);
  if (starts_with(of_place, "ITL_")) return of_place;
  char maker[24];
  for (const char* keyword : {"CCD_MANU", "LSST_NUM"}) {
    read_text(primary, segment, keyword, maker);
    if (starts_with(maker, "ITL")) return "ITL";
    if (starts_with(maker, "E2V") || starts_with(maker, "e2v")) return "E2V";
  }
  return of_place;
}

i64 raw_axis(const Header& segment, const char* compressed, const char* plain) {
  i64 size = 0;
  if (!segment.integer(compressed, &size)) segment.integer(plain, &size);
  return size;
}

u32 table_width(const CcdType& type) { return 8 * static_cast<u32>(type.segment_width); }
u32 table_height(const CcdType& type) {
  return static_cast<u32>(type.segment_height) * (type.segment_count == 16 ? 2 : 1);
}

// False when the raw is of another make than the table says; DETSIZE may not be there.
bool agrees(const CcdType& type, const Header& segment, const DetectorInfo& detector) {
  if (raw_axis(segment, "ZNAXIS1", "NAXIS1") < type.prescan + type.segment_width ||
      raw_axis(segment, "ZNAXIS2", "NAXIS2") < type.segment_height)
    return false;
  // Raws of wavefront halves give the size of a whole CCD.
  return detector.width == 0 || type.segment_count == 8 ||
         (detector.width == table_width(type) && detector.height == table_height(type));
}

// The digits of SegmentHC: half H (1 or 0) and column C. False for other HDUs. The standard leaves open whether
// names differ by case (FITS 4.0, section 4.4.2.6); `out` has the case of the cameras.
bool read_segment_name(const Header& header, char (&out)[16]) {
  constexpr char kSegment[] = "Segment";
  read_text(header, "EXTNAME", out);
  char word[sizeof kSegment];
  copy_text(word, sizeof word, out);
  if (same_ignoring_case(word, kSegment)) std::memcpy(out, kSegment, sizeof kSegment - 1);
  return starts_with(out, kSegment) && (out[7] == '0' || out[7] == '1') && out[8] >= '0' && out[8] <= '7' &&
         out[9] == '\0';
}

// From the card of the segment, else from the camera table.
void read_readout(const DetectorInfo& detector, const Header& segment, u32 place, AmplifierInfo* out) {
  constexpr const char* kTable = "camera table";
  constexpr const char* kNowhere = "not known";
  Readout known{kNone, kNone, kNone};
  // Of a CCD of another make in that place the numbers would be wrong.
  const bool found = same(detector.detector_type, type_of_detector(detector.instrument, detector.detector)) &&
                     find_readout(detector.instrument, detector.detector, place, &known);
  out->gain_electron_per_adu = known.gain_electron_per_adu;
  out->read_noise_electron = known.read_noise_electron;
  out->saturation_adu = known.saturation_adu;
  out->gain_source = out->read_noise_source = out->saturation_source = found ? kTable : kNowhere;
  double value = 0;
  if (segment.real("GAIN", &value) && finite(value) && value > 0) {
    out->gain_electron_per_adu = value;
    out->gain_source = "header GAIN";
  }
  if (segment.real("RDNOISE", &value) && finite(value) && value >= 0) {
    out->read_noise_electron = value;
    out->read_noise_source = "header RDNOISE";
  }
}

void place_by_table(const CcdType& type, const DetectorInfo& detector, i32 column, bool is_1x,
                    AmplifierInfo* out) {
  const i32 width = type.segment_width, height = type.segment_height;
  const bool whole = type.segment_count == 16;
  const bool upper = is_upper_half(detector.instrument, is_1x);
  const i32 x0 = (whole ? column : 7 - column) * width;
  const i32 y0 = whole && upper ? height : 0;
  out->data = {type.prescan, 0, type.prescan + width, height};
  out->detector = {x0, y0, x0 + width, y0 + height};
  // Both halves of an ITL CCD are read towards the same side; those of an E2V CCD turn by 180 degrees.
  out->flip_x = same(type.name, "E2V") ? is_1x : true;
  out->flip_y = whole ? upper : true;
}

AfStatus place_by_header(const DetectorInfo& detector, const Header& segment, bool is_1x, AmplifierInfo* out,
                         AfError* error) {
  Section data, place;
  const Place where{out->hdu, -1, -1, "DATASEC"};
  if (!read_section(segment, "DATASEC", &data))
    return fail(error, AF_MALFORMED,
                "the segment has no DATASEC [x1:x2,y1:y2], and the camera table is not used", where);
  if (!read_section(segment, "DETSEC", &place))
    return fail(error, AF_MALFORMED,
                "the segment has no DETSEC [x1:x2,y1:y2], and the camera table is not used",
                {out->hdu, -1, -1, "DETSEC"});
  if (static_cast<u32>(data.box.x1) > out->raw_width || static_cast<u32>(data.box.y1) > out->raw_height)
    return fail(error, AF_MALFORMED, "DATASEC is larger than the segment", where);
  const i32 width = data.box.x1 - data.box.x0, height = data.box.y1 - data.box.y0;
  // DETSEC gives x alone: that of most cameras has the halves upside down.
  const bool upper = is_upper_half(detector.instrument, is_1x);
  const i32 x0 = place.box.x0, y0 = upper ? static_cast<i32>(detector.height) - height : 0;
  if (y0 < 0 || static_cast<u32>(x0) + static_cast<u32>(width) > detector.width ||
      static_cast<u32>(height) > detector.height)
    return fail(error, AF_MALFORMED, "the data of the segment do not fit into the detector (DETSIZE, DETSEC)",
                where);
  out->data = data.box;
  out->detector = {x0, y0, x0 + width, y0 + height};
  out->flip_x = place.mirrored_x;
  out->flip_y = upper;
  return AF_OK;
}

void name_amplifier(bool is_1x, i32 column, char (&name)[8]) {
  name[0] = 'C';
  name[1] = is_1x ? '1' : '0';
  name[2] = static_cast<char>('0' + column);
  name[3] = '\0';
}

// Once `out` has its data box.
void place_overscan(const Header& segment, AmplifierInfo* out) {
  const i32 width = static_cast<i32>(out->raw_width), height = static_cast<i32>(out->raw_height);
  Section bias;
  if (read_section(segment, "BIASSEC", &bias)) {
    out->serial_overscan = {std::min(bias.box.x0, width), 0, std::min(bias.box.x1, width), height};
  } else {
    out->serial_overscan = {out->data.x1, 0, width, height};
  }
  out->parallel_overscan = {out->data.x0, out->data.y1, out->data.x1, height};
}

}  // namespace

bool detector_of_table(const char* instrument, i32 detector, DetectorInfo* out) {
  *out = {};
  DetectorName name;
  const CcdType* type = find_ccd_type(type_of_detector(instrument, detector));
  if (type == nullptr || !detector_name(instrument, detector, &name)) return false;
  copy_text(out->instrument, sizeof out->instrument, instrument);
  copy_text(out->detector_name, sizeof out->detector_name, name.text);
  copy_text(out->detector_type, sizeof out->detector_type, type->name);
  out->detector = detector;
  out->width = table_width(*type);
  out->height = table_height(*type);
  out->amplifier_count = type->segment_count;
  out->exposure_seconds = out->dark_seconds = kNone;
  out->complete = true;
  return true;
}

void amplifier_of_table(const DetectorInfo& detector, u32 place, AmplifierInfo* out) {
  *out = {};
  const CcdType& type = *find_ccd_type(detector.detector_type);
  const bool is_1x = place < 8;
  const i32 column = static_cast<i32>(is_1x ? place : 15 - place);
  name_amplifier(is_1x, column, out->name);
  Sentence hdu;
  hdu << "Segment" << out->name + 1;
  copy_text(out->hdu_name, sizeof out->hdu_name, hdu.text);
  out->hdu = static_cast<i32>(place) + 1;
  out->raw_width = kRawWidth;
  out->raw_height = kRawHeight;
  place_by_table(type, detector, column, is_1x, out);
  const Header none;
  place_overscan(none, out);
  read_readout(detector, none, place, out);
}

bool is_segment(const Header& header) {
  char name[16];
  return read_segment_name(header, name);
}

void read_detector(const Header& primary, const Header& segment, AfGeometryMode mode, DetectorInfo* out) {
  *out = {};
  name_instrument(primary, segment, out->instrument);
  name_detector(primary, segment, out);
  out->exposure_seconds = out->dark_seconds = kNone;
  double seconds = 0;
  if (primary.real("EXPTIME", &seconds) && finite(seconds))
    out->exposure_seconds = out->dark_seconds = seconds;
  if (primary.real("DARKTIME", &seconds) && finite(seconds)) out->dark_seconds = seconds;

  Section size;
  const bool has_size = read_section(primary, segment, "DETSIZE", &size);
  if (has_size) {
    out->width = static_cast<u32>(size.box.x1 - size.box.x0);
    out->height = static_cast<u32>(size.box.y1 - size.box.y0);
  }
  const CcdType* type = find_ccd_type(name_type(primary, segment, *out));
  if (type == nullptr || !agrees(*type, segment, *out)) return;
  copy_text(out->detector_type, sizeof out->detector_type, type->name);
  out->amplifier_count = type->segment_count;
  out->complete = mode == AF_GEOMETRY_TABLE || has_size || type->segment_count == 8;
  if (mode == AF_GEOMETRY_HEADER && type->segment_count == 16) return;
  out->width = table_width(*type);
  out->height = table_height(*type);
}

AfStatus finish_detector(const AfStream& raw, DetectorInfo* out, AfError* error) {
  const bool bounding = out->width == 0 || out->height == 0;
  u32 count = 0;
  i32 index = -1;
  for (const HduRecord* hdu : raw.hdus) {
    ++index;
    if (!is_segment(hdu->header)) continue;
    ++count;
    Section place;
    if (!bounding) continue;
    if (!read_section(hdu->header, "DETSEC", &place))
      return fail(error, AF_MALFORMED,
                  "neither DETSIZE nor a DETSEC [x1:x2,y1:y2] gives the size of the detector",
                  {index, -1, -1, "DETSEC"});
    out->width = std::max(out->width, static_cast<u32>(place.box.x1));
    out->height = std::max(out->height, static_cast<u32>(place.box.y1));
  }
  if (count > kMaxAmplifiers)
    return fail(error, AF_UNSUPPORTED, "more than 16 segments: two must have the same name",
                {index, -1, -1, "EXTNAME"});
  out->amplifier_count = count;
  out->complete = true;
  return AF_OK;
}

bool placed_by_table(const DetectorInfo& detector, AfGeometryMode mode) {
  const CcdType* type = find_ccd_type(detector.detector_type);
  return type != nullptr && (mode == AF_GEOMETRY_TABLE || type->segment_count == 8);
}

AfStatus read_amplifier(const DetectorInfo& detector, const Header& segment, i32 hdu, u32 raw_width,
                        u32 raw_height, AfGeometryMode mode, AmplifierInfo* out, char (&warning)[160],
                        AfError* error) {
  *out = {};
  warning[0] = '\0';
  if (!read_segment_name(segment, out->hdu_name))
    return fail(error, AF_INVALID_ARGUMENT, "the HDU is no segment", {hdu, -1, -1, "EXTNAME"});
  out->hdu = hdu;
  out->raw_width = raw_width;
  out->raw_height = raw_height;
  const CcdType* type = find_ccd_type(detector.detector_type);
  bool is_1x = out->hdu_name[7] == '1';
  i32 column = out->hdu_name[8] - '0';
  if (type != nullptr && type->segment_count == 8) {
    // The camera files call the segments of either half C10 to C17; the Science Pipelines take them as they
    // come.
    if (hdu < 1 || hdu > 8)
      return fail(error, AF_MALFORMED, "the segments of a wavefront half are HDUs 1 to 8",
                  {hdu, -1, -1, "EXTNAME"});
    is_1x = true;
    column = hdu - 1;
  }
  name_amplifier(is_1x, column, out->name);

  if (placed_by_table(detector, mode)) {
    place_by_table(*type, detector, column, is_1x, out);
    if (raw_width < static_cast<u32>(out->data.x1) || raw_height < static_cast<u32>(out->data.y1))
      return fail(error, AF_MALFORMED, "the segment is smaller than its image area in the camera table",
                  {hdu});
    Section data;
    if (read_section(segment, "DATASEC", &data) && !equal(data.box, out->data)) {
      Sentence text;
      text << "DATASEC of " << out->hdu_name << " is " << data.box << ", the camera table has " << out->data
           << "; the table was used";
      copy_text(warning, sizeof warning, text.text);
    }
  } else {
    const AfStatus status = place_by_header(detector, segment, is_1x, out, error);
    if (status != AF_OK) return status;
    if (mode == AF_GEOMETRY_TABLE) {
      Sentence text;
      text << "the camera table does not know this detector (" << detector.instrument << " "
           << detector.detector_name << ", " << detector.width << " x " << detector.height
           << "); DATASEC and DETSEC of " << out->hdu_name << " were used";
      copy_text(warning, sizeof warning, text.text);
    }
  }
  place_overscan(segment, out);
  read_readout(detector, segment, static_cast<u32>(is_1x ? column : 15 - column), out);
  return AF_OK;
}

}  // namespace af
