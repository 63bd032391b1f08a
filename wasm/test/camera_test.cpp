// Facts are typed off the camera files of lsst/obs_lsst and off the headers of real raws.
#include "../src/camera.h"

#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "../src/camera_table.h"
#include "check.h"

namespace {

using Cards = std::vector<std::pair<std::string, std::string>>;

// Blocks of a header. Values are written as in a file: 'text' in quotes, numbers plain.
std::string blocks_of(const Cards& cards) {
  std::string text;
  for (const auto& [keyword, value] : cards) {
    std::string card = keyword;
    card.resize(8, ' ');
    card += "= " + value;
    card.resize(80, ' ');
    text += card;
  }
  text += "END";
  text.resize((text.size() + 2879) / 2880 * 2880, ' ');
  return text;
}

void parse(const Cards& cards, af::Header* header) {
  const std::string text = blocks_of(cards);
  CHECK(header->raw.append(text.data(), text.size()) && af::parse_cards(header));
}

Cards with(Cards cards, const Cards& more) {
  for (const auto& card : more) cards.push_back(card);
  return cards;
}

const Cards kLatiss2018 = {{"INSTRUME", "'LSST_ATISS'"},
                           {"LSST_NUM", "'ITL-3800C-098'"},
                           {"CCD_MANU", "'ITL'"},
                           {"DETSIZE", "'[1:4072,1:4000]'"},
                           {"EXPTIME", "27.0"}};
const Cards kLatiss2022 = {
    {"INSTRUME", "'LATISS'"},        {"RAFTBAY", "'R00'"}, {"CCDSLOT", "'S00'"},
    {"CCD_MANU", "'ITL'"},           {"EXPTIME", "20.0"},  {"DARKTIME", "20.3281297683716"},
    {"DETSIZE", "'[1:4072,1:4000]'"}};
const Cards kLsstCam = {{"INSTRUME", "'lsstCam'"}, {"DETSIZE", "'[1:4096,1:4004]'"}, {"CCD_MANU", "'E2V'"}};

Cards segment(const std::string& name, const std::string& data, const std::string& place, int width = 576) {
  return {{"NAXIS1", std::to_string(width)},
          {"NAXIS2", "2048"},
          {"EXTNAME", "'Segment" + name + "'"},
          {"DATASEC", "'" + data + "'"},
          {"DETSEC", "'" + place + "'"}};
}

struct Read {
  Read(const Cards& primary_cards, const Cards& segment_cards, AfGeometryMode mode = AF_GEOMETRY_TABLE,
       int hdu = 1, uint32_t width = 576, uint32_t height = 2048) {
    af::Header primary, cards;
    parse(primary_cards, &primary);
    parse(segment_cards, &cards);
    af::read_detector(primary, cards, mode, &detector);
    status = af::read_amplifier(detector, cards, hdu, width, height, mode, &amplifier, warning, &error);
  }
  af::DetectorInfo detector;
  af::AmplifierInfo amplifier;
  char warning[160];
  AfError error{};
  AfStatus status;
};

bool is(const AfBox& box, AfBox wanted) { return std::memcmp(&box, &wanted, sizeof box) == 0; }
bool is(const char* a, const char* b) { return std::strcmp(a, b) == 0; }

}  // namespace

TEST(camera_latiss_of_2018) {
  const Read r(kLatiss2018, segment("10", "[4:512,1:2000]", "[509:1,1:2000]"));
  CHECK(r.status == AF_OK && r.warning[0] == '\0');
  CHECK(is(r.detector.instrument, "LATISS") && r.detector.detector == 0);
  CHECK(is(r.detector.detector_name, "RXX_S00") && is(r.detector.detector_type, "ITL"));
  CHECK(r.detector.width == 4072 && r.detector.height == 4000 && r.detector.complete);
  CHECK(r.detector.amplifier_count == 16);
  CHECK(r.detector.exposure_seconds == 27 && r.detector.dark_seconds == 27);
  CHECK(is(r.amplifier.name, "C10") && is(r.amplifier.hdu_name, "Segment10") && r.amplifier.hdu == 1);
  CHECK(is(r.amplifier.data, {3, 0, 512, 2000}) && is(r.amplifier.detector, {0, 2000, 509, 4000}));
  CHECK(is(r.amplifier.serial_overscan, {512, 0, 576, 2048}));
  CHECK(is(r.amplifier.parallel_overscan, {3, 2000, 512, 2048}));
  CHECK(r.amplifier.flip_x && r.amplifier.flip_y);
  CHECK(r.amplifier.gain_electron_per_adu == 1.0811 && r.amplifier.read_noise_electron == 8.4);
  CHECK(r.amplifier.saturation_adu == 142857 && is(r.amplifier.gain_source, "camera table"));

  const Read lower(kLatiss2018, segment("06", "[4:512,1:2000]", "[3563:3055,4000:2001]"), AF_GEOMETRY_TABLE,
                   10);
  CHECK(is(lower.amplifier.detector, {3054, 0, 3563, 2000}) && lower.amplifier.flip_x &&
        !lower.amplifier.flip_y);
  CHECK(lower.amplifier.gain_electron_per_adu == 1.1039 && lower.amplifier.read_noise_electron == 10);
}

TEST(camera_table_wins_over_datasec_and_header_mode_obeys_it) {
  const Cards cards = segment("10", "[1:509,1:2000]", "[509:1,1:2000]");
  const Read table(kLatiss2022, cards);
  CHECK(table.status == AF_OK && is(table.amplifier.data, {3, 0, 512, 2000}));
  CHECK(
      is(table.warning,
         "DATASEC of Segment10 is [1:509,1:2000], the camera table has [4:512,1:2000]; the table was used"));
  CHECK(table.detector.dark_seconds == 20.3281297683716 && table.detector.exposure_seconds == 20);

  const Read header(kLatiss2022, cards, AF_GEOMETRY_HEADER);
  CHECK(header.status == AF_OK && header.warning[0] == '\0' && header.detector.complete);
  CHECK(is(header.amplifier.data, {0, 0, 509, 2000}) && is(header.amplifier.detector, {0, 2000, 509, 4000}));
  CHECK(is(header.amplifier.serial_overscan, {509, 0, 576, 2048}));
  CHECK(is(header.amplifier.parallel_overscan, {0, 2000, 509, 2048}));
}

TEST(camera_e2v_halves_turn) {
  const Cards primary = with(kLsstCam, {{"RAFTBAY", "'R22'"}, {"CCDSLOT", "'S22'"}});
  const Read upper(primary, segment("10", "[11:522,1:2002]", "[512:1,1:2002]"));
  CHECK(is(upper.detector.instrument, "LSSTCam") && upper.detector.detector == 98);
  CHECK(is(upper.detector.detector_type, "E2V") && upper.detector.width == 4096 &&
        upper.detector.height == 4004);
  CHECK(is(upper.amplifier.data, {10, 0, 522, 2002}) && is(upper.amplifier.detector, {0, 2002, 512, 4004}));
  CHECK(upper.amplifier.flip_x && upper.amplifier.flip_y && upper.warning[0] == '\0');
  const Read lower(primary, segment("07", "[11:522,1:2002]", "[3585:4096,4004:2003]"), AF_GEOMETRY_TABLE, 9);
  CHECK(is(lower.amplifier.detector, {3584, 0, 4096, 2002}) && !lower.amplifier.flip_x &&
        !lower.amplifier.flip_y);
  // The header says the same of x.
  const Read header(primary, segment("07", "[11:522,1:2002]", "[3585:4096,4004:2003]"), AF_GEOMETRY_HEADER,
                    9);
  CHECK(is(header.amplifier.detector, lower.amplifier.detector) && !header.amplifier.flip_x);
}

TEST(camera_obeys_the_maker_where_the_slot_has_held_another_ccd) {
  // A real raw of 2019: R22_S21 held an ITL CCD; the camera file has an E2V one there.
  const Read r({{"INSTRUME", "'lsstCam'"},
                {"RAFTBAY", "'R22'"},
                {"CCDSLOT", "'S21'"},
                {"CCD_MANU", "'ITL'"},
                {"DETSIZE", "'[1:4072,1:4000]'"}},
               segment("10", "[4:512,1:2000]", "[509:1,1:2000]"));
  CHECK(r.status == AF_OK && r.detector.detector == 97 && is(r.detector.detector_type, "ITL"));
  CHECK(is(r.amplifier.data, {3, 0, 512, 2000}));
  // The numbers of the camera file are those of the E2V one.
  CHECK(std::isnan(r.amplifier.gain_electron_per_adu) && is(r.amplifier.gain_source, "not known"));
}

TEST(camera_imsim_is_the_other_way_up) {
  const Cards primary = {{"TESTTYPE", "'IMSIM'"}, {"INSTRUME", "'CAMERA'"}, {"CHIPID", "'R11_S20'"}};
  const Read r(primary, with(segment("10", "[4:512,1:2000]", "[509:1,1:2000]", 544), {{"GAIN", "0.75"}}),
               AF_GEOMETRY_TABLE, 1, 544);
  CHECK(r.status == AF_OK && is(r.detector.instrument, "LSSTCam-imSim") && r.detector.detector == 42);
  CHECK(is(r.detector.detector_type, "ITL") && r.detector.complete && r.detector.width == 4072);
  CHECK(is(r.amplifier.detector, {0, 0, 509, 2000}) && r.amplifier.flip_x && !r.amplifier.flip_y);
  CHECK(is(r.amplifier.serial_overscan, {512, 0, 544, 2048}));
  CHECK(r.amplifier.gain_electron_per_adu == 0.75 && is(r.amplifier.gain_source, "header GAIN"));
  CHECK(r.amplifier.read_noise_electron == 7 && is(r.amplifier.read_noise_source, "camera table"));
}

TEST(camera_wavefront_half_has_eight_segments_from_right_to_left) {
  const Cards primary = {{"INSTRUME", "'lsstCam'"},
                         {"RAFTBAY", "'R44'"},
                         {"CCDSLOT", "'SW1'"},
                         {"CCD_MANU", "'ITL'"},
                         {"DETSIZE", "'[1:4072,1:4000]'"}};
  for (const AfGeometryMode mode : {AF_GEOMETRY_TABLE, AF_GEOMETRY_HEADER}) {
    for (const char* name : {"10", "07"}) {  // however the file names its first segment
      const Read r(primary, segment(name, "[4:512,1:2000]", "[509:1,1:2000]"), mode, 1);
      CHECK(r.status == AF_OK && r.detector.detector == 204 && is(r.detector.detector_type, "ITL_WF"));
      CHECK(r.detector.width == 4072 && r.detector.height == 2000 && r.detector.amplifier_count == 8);
      CHECK(is(r.amplifier.name, "C10") && is(r.amplifier.detector, {3563, 0, 4072, 2000}));
      CHECK(r.amplifier.flip_x && r.amplifier.flip_y && r.amplifier.gain_electron_per_adu > 0.9);
    }
  }
  CHECK(Read(primary, segment("10", "[4:512,1:2000]", "[509:1,1:2000]"), AF_GEOMETRY_TABLE, 9).status ==
        AF_MALFORMED);
}

TEST(camera_names_the_instruments_of_the_headers) {
  const Cards cards = segment("10", "[4:512,1:2000]", "[509:1,1:2000]");
  const struct {
    Cards primary;
    const char* instrument;
    int detector;
  } cases[] = {
      {{{"INSTRUME", "'COMCAM'"}, {"RAFTBAY", "'R22'"}, {"CCDSLOT", "'S12'"}}, "LSSTComCam", 5},
      {{{"INSTRUME", "'LSST_CAMERA'"}, {"TELCODE", "'CC'"}, {"RAFTBAY", "'R22'"}, {"CCDSLOT", "'S00'"}},
       "LSSTComCam",
       0},
      {{{"INSTRUME", "'ComCamSim'"}, {"RAFTBAY", "'R22'"}, {"CCDSLOT", "'S22'"}}, "LSSTComCamSim", 8},
      {{{"INSTRUME", "'LSSTCamSim'"}, {"RAFTBAY", "'R22'"}, {"CCDSLOT", "'S11'"}}, "LSSTCamSim", 94},
      {{{"INSTRUME", "'lsstCam'"}, {"RAFTBAY", "'R00'"}, {"CCDSLOT", "'SG1'"}}, "LSSTCam", 190},
      {{{"TSTAND", "'TS8'"}, {"INSTRUME", "'LSST-TS8'"}, {"CCD_MANU", "'ITL'"}}, "LSST-TS8", -1},
      {{{"TSTAND", "'BNL-TS3-2-Janeway'"}, {"INSTRUME", "'ArchonCCDController'"}}, "LSST-TS3", -1},
      {{{"CREATOR", "'PHOSIM'"}, {"CHIPID", "'R11_S02'"}}, "LSSTCam-PhoSim", 38},
      {{{"INSTRUME", "'LSST-UCDCam-ITL'"}}, "LSST-UCDCam", -1},
      {{{"INSTRUME", "'HSC'"}}, "HSC", -1},
      {{}, "", -1},
  };
  for (const auto& c : cases) {
    const Read r(c.primary, cards, AF_GEOMETRY_TABLE);
    CHECK(is(r.detector.instrument, c.instrument) && r.detector.detector == c.detector);
  }
}

TEST(camera_asks_the_header_of_a_detector_that_it_does_not_know) {
  const Cards primary = {{"INSTRUME", "'HSC'"}, {"DETSIZE", "'[1:80, 1:40]'"}};
  Cards cards = segment("01", "[5:24,1:20]", "[40:21,1:20]");
  cards[0].second = "32";
  cards[1].second = "24";
  Read r(primary, with(cards, {{"BIASSEC", "'[27:40,1:20]'"}}), AF_GEOMETRY_TABLE, 3, 32, 24);
  CHECK(r.status == AF_OK && r.detector.detector_type[0] == '\0' && !r.detector.complete);
  CHECK(r.detector.width == 80 && r.detector.height == 40);
  CHECK(is(r.amplifier.data, {4, 0, 24, 20}) && is(r.amplifier.detector, {20, 0, 40, 20}));
  CHECK(r.amplifier.flip_x && !r.amplifier.flip_y);
  CHECK(is(r.amplifier.serial_overscan, {26, 0, 32, 24}));  // BIASSEC, as far as there are columns
  CHECK(std::strstr(r.warning, "does not know this detector (HSC , 80 x 40)") != nullptr);
  // The same of a known instrument whose raw is of another size.
  const Cards latiss = {{"INSTRUME", "'LATISS'"}, {"DETSIZE", "'[1:80,1:40]'"}};
  Read small(latiss, cards, AF_GEOMETRY_TABLE, 3, 32, 24);
  CHECK(small.status == AF_OK && small.detector.detector_type[0] == '\0' && small.warning[0] != '\0');
}

TEST(camera_bounds_a_detector_without_detsize_by_its_segments) {
  struct Raw {
    explicit Raw(const std::vector<Cards>& segments) : stream(af_stream_new(nullptr)) {
      std::string file = blocks_of({{"SIMPLE", "T"}, {"BITPIX", "8"}, {"NAXIS", "0"}});
      for (const Cards& cards : segments) {
        file += blocks_of(with({{"XTENSION", "'IMAGE'"},
                                {"BITPIX", "8"},
                                {"NAXIS", "2"},
                                {"NAXIS1", "32"},
                                {"NAXIS2", "24"},
                                {"PCOUNT", "0"},
                                {"GCOUNT", "1"}},
                               cards));
        file.resize(file.size() + 2880);
      }
      CHECK(af_stream_push(stream, reinterpret_cast<const uint8_t*>(file.data()), file.size(), &error) ==
            AF_OK);
      CHECK(af_stream_end(stream, &error) == AF_OK);
      af::read_detector(stream->hdus[0]->header, stream->hdus[1]->header, AF_GEOMETRY_TABLE, &detector);
      CHECK(!detector.complete);
      status = af::finish_detector(*stream, &detector, &error);
    }
    ~Raw() { af_stream_free(stream); }
    AfStream* stream;
    af::DetectorInfo detector;
    AfError error{};
    AfStatus status;
  };
  auto named = [](const char* name, const char* place) {
    return Cards{{"EXTNAME", std::string("'") + name + "'"}, {"DETSEC", std::string("'") + place + "'"}};
  };
  const Raw two({named("Segment11", "[40:21,1:20]"), named("REB_COND", "[1:9999,1:9999]"),
                 named("Segment00", "[1:20,21:41]")});
  CHECK(two.status == AF_OK && two.detector.complete && two.detector.amplifier_count == 2);
  CHECK(two.detector.width == 40 && two.detector.height == 41);
  const Raw bad({named("Segment11", "[40:21,1:20]"), named("Segment00", "1:20")});
  CHECK(bad.status == AF_MALFORMED && bad.error.hdu == 2 && is(bad.error.keyword, "DETSEC"));
  const Raw many(std::vector<Cards>(17, named("Segment11", "[40:21,1:20]")));
  CHECK(many.status == AF_UNSUPPORTED);
}

TEST(camera_geometry_is_told_as_json) {
  AfError error{};
  char* text = af_camera_geometry("LSSTCam", 191, &error);
  CHECK(text != nullptr);
  const std::string json(text);
  af_free(text);
  CHECK(json.find("\"name\":\"R00_SW0\",\"type\":\"ITL_WF\",\"width\":4072,\"height\":2000") !=
        std::string::npos);
  CHECK(json.find("\"name\":\"C17\",\"hduName\":\"Segment17\",\"rawWidth\":576") != std::string::npos);
  CHECK(json.find("C07") == std::string::npos);
  CHECK(af_camera_geometry(std::string(500, 'x').c_str(), 0, &error) == nullptr &&
        error.status == AF_UNSUPPORTED);
}

TEST(camera_says_what_a_header_lacks) {
  const Cards primary = {{"INSTRUME", "'HSC'"}, {"DETSIZE", "'[1:80,1:40]'"}};
  auto status_of = [&](const std::string& data, const std::string& place, const char* keyword) {
    const Read r(primary, segment("10", data, place), AF_GEOMETRY_HEADER);
    CHECK(is(r.error.keyword, keyword) && r.error.hdu == 1);
    return r.status;
  };
  CHECK(status_of("", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);
  CHECK(status_of("[1:20,1:20", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);
  CHECK(status_of("[0:20,1:20]", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);
  CHECK(status_of("[1:99999999999999999999,1:20]", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);
  CHECK(status_of("[1:577,1:20]", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);
  CHECK(status_of("[1:20,1:41]", "[1:20,1:20]", "DATASEC") == AF_MALFORMED);  // taller than the detector
  CHECK(status_of("[1:20,1:20]", "[62:100000000,1:20]", "DATASEC") == AF_MALFORMED);  // sticks out
  CHECK(status_of("[1:20,1:20]", "", "DETSEC") == AF_MALFORMED);
}

TEST(camera_tables_name_each_detector_once) {
  const struct {
    const char* instrument;
    int count;
  } cameras[] = {{"LATISS", 1},    {"LSSTComCam", 9},   {"LSSTComCamSim", 9},
                 {"LSSTCam", 205}, {"LSSTCamSim", 205}, {"LSSTCam-imSim", 189}};
  for (const auto& camera : cameras) {
    std::set<std::string> names;
    for (int i = 0; i < camera.count; ++i) {
      af::DetectorName name;
      CHECK(af::detector_name(camera.instrument, i, &name));
      CHECK(af::detector_number(camera.instrument, name.text) == i && names.insert(name.text).second);
      CHECK(af::find_ccd_type(af::type_of_detector(camera.instrument, i)) != nullptr);
    }
    af::DetectorName name;
    CHECK(!af::detector_name(camera.instrument, camera.count, &name) &&
          !af::detector_name(camera.instrument, -1, &name));
  }
  af::Readout readout;
  CHECK(af::find_readout("LSSTCam", 191, 7, &readout) && !af::find_readout("LSSTCam", 191, 8, &readout));
  CHECK(af::find_readout("LSSTCam", 0, 15, &readout) && readout.gain_electron_per_adu == 1.33344);
  CHECK(!af::find_readout("LSSTCam", 205, 0, &readout) && !af::find_readout("HSC", 0, 0, &readout));
}
