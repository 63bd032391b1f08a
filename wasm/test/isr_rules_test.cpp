// Rules that every run of instrument signature removal keeps to: short steps, units of calibs, segments that
// are not there, amplifiers that are saturated as a whole.
#include <algorithm>

#include "frame_of.h"
#include "isr_run.h"

using check::Bytes;
using check::Calibs;
using check::defaults;
using check::Random;
using check::Result;
using check::run;
using check::same;
using check::says;

TEST(a_step_measures_one_statistic) {
  Random random(91);
  const auto raw = check::small_raw(random);
  AfIsrOptions options = defaults();
  const Result plain = run(raw.file, options, 1000000);
  options.statistics = 1;
  const Result measured = run(raw.file, options, 1000000);
  CHECK(measured.status == AF_OK && same(plain, measured));
  // Of each segment: two before, the overscan's, two after.
  CHECK(measured.steps >= plain.steps + 16 * 5);
}

TEST(a_calib_is_read_a_few_rows_a_step) {
  Random random(92);
  auto master = check::small_master(random, 0, 1, "adu");
  for (const bool integers : {false, true}) {
    Bytes file = master.file;
    // Integers are made floats in bands, too.
    if (integers) {
      const char floats[] = "BITPIX  = -32", whole[] = "BITPIX  = 32 ";
      const auto at = std::search(file.begin(), file.end(), floats, floats + 13);
      CHECK(at != file.end());
      std::copy(whole, whole + 13, at);
    }
    AfError error{};
    AfStream* stream = af_stream_new(nullptr);
    CHECK(af_stream_push(stream, file.data(), file.size(), &error) == AF_OK);
    CHECK(af_stream_end(stream, &error) == AF_OK);
    AfCalib* calib = af_calib_new(stream, AF_CALIB_BIAS, "bias", &error);
    CHECK(calib != nullptr);
    int steps = 1;
    while (af_calib_step(calib, 4, &error) == AF_MORE) ++steps;
    // One row of the image and one of the mask at a time, four where there is nothing to decode.
    CHECK(steps >= 2 * check::kFrameHeight + (integers ? 2 : 1) * check::kFrameHeight / 4);
    const AfPlane* plane = af_calib_plane(calib);
    CHECK(plane->type == AF_F32);
    const float* pixels = static_cast<const float*>(plane->data);
    for (size_t i = 0; i < master.pixels.size(); ++i) {
      int32_t word = 0;
      std::memcpy(&word, &master.pixels[i], sizeof word);
      CHECK(pixels[i] == (integers ? static_cast<float>(word) : master.pixels[i]));
    }
    af_calib_free(calib);
    af_stream_free(stream);
  }
}

TEST(units_of_tables_are_checked) {
  Random random(93);
  const auto raw = check::small_raw(random);
  auto crosstalk = [](const std::vector<std::string>& cards) {
    std::vector<double> ratios(256, 1e-4);
    std::vector<std::string> all = {"NAMP    = 16"};
    all.insert(all.end(), cards.begin(), cards.end());
    return check::calib_file({{{"CT_COEFFS", "256D", {check::big_endian(ratios)}}}}, all);
  };
  auto linearity = [](const std::vector<std::string>& cards) {
    std::vector<Bytes> names, types, numbers;
    for (const char* segment : check::kSegmentNames) {
      names.push_back(check::text_bytes(std::string("C") + segment, 3));
      types.push_back(check::text_bytes("Polynomial", 10));
      numbers.push_back(check::big_endian(std::vector<double>{1e-7}));
    }
    return check::calib_file(
        {{{"AMPLIFIER_NAME", "3A", names}, {"TYPE", "10A", types}, {"COEFFS", "1D", numbers}}}, cards);
  };
  const char* const adu = "it is in adu, the image at this step in electron";
  const char* const electron = "it is in electron, the image at this step in adu";
  struct Case {
    Bytes file;
    int kind, recipe;
    const char* reason;  // null when the step runs
  };
  const Case cases[] = {
      {crosstalk({}), AF_CALIB_CROSSTALK, AF_RECIPE_RAPID, nullptr},
      {crosstalk({}), AF_CALIB_CROSSTALK, AF_RECIPE_FULL, nullptr},
      {crosstalk({"HIERARCH CROSSTALK_RATIOS_UNITS = 'adu'"}), AF_CALIB_CROSSTALK, AF_RECIPE_RAPID, nullptr},
      {crosstalk({"HIERARCH CROSSTALK_RATIOS_UNITS = 'adu'"}), AF_CALIB_CROSSTALK, AF_RECIPE_FULL, adu},
      {crosstalk({"BUNIT   = 'electron'"}), AF_CALIB_CROSSTALK, AF_RECIPE_RAPID, electron},
      {crosstalk({"BUNIT   = 'adu'", "HIERARCH LSST ISR UNITS = 'electron'"}), AF_CALIB_CROSSTALK,
       AF_RECIPE_FULL, nullptr},
      {linearity({}), AF_CALIB_LINEARITY, AF_RECIPE_FULL, nullptr},
      {linearity({"HIERARCH LINEARITY_UNITS = 'adu'"}), AF_CALIB_LINEARITY, AF_RECIPE_FULL, nullptr},
      {linearity({"HIERARCH LINEARITY_UNITS = 'electron'"}), AF_CALIB_LINEARITY, AF_RECIPE_FULL, nullptr},
      {linearity({"HIERARCH LSST ISR UNITS = 'electron'"}), AF_CALIB_LINEARITY, AF_RECIPE_RAPID, electron},
  };
  for (const Case& each : cases) {
    const bool is_crosstalk = each.kind == AF_CALIB_CROSSTALK;
    AfIsrOptions options = defaults();
    options.recipe = each.recipe;
    options.steps = 1u << AF_STEP_ASSEMBLE | 1u << AF_STEP_GAIN |
                    1u << (is_crosstalk ? AF_STEP_CROSSTALK : AF_STEP_LINEARITY);
    Calibs calibs;
    calibs.add(&options, each.kind, each.file, "table");
    const Result r = run(raw.file, options, 50);
    CHECK(r.status == AF_OK);
    const std::string name = std::string("{\"name\":\"") + (is_crosstalk ? "crosstalk" : "linearity");
    CHECK(says(r, each.reason == nullptr
                      ? name + "\",\"done\":true"
                      : name + "\",\"done\":false,\"reason\":\"" + each.reason + "\""));
  }
}

TEST(a_linearity_in_adu_is_taken_to_electrons) {
  Random random(94);
  const auto raw = check::small_raw(random);
  std::vector<Bytes> names, types, numbers;
  for (const char* segment : check::kSegmentNames) {
    names.push_back(check::text_bytes(std::string("C") + segment, 3));
    types.push_back(check::text_bytes("Polynomial", 10));
    numbers.push_back(check::big_endian(std::vector<double>{1e-7}));
  }
  for (const char* unit : {"adu", "electron", ""}) {
    std::vector<std::string> cards;
    if (*unit != '\0') cards.push_back(std::string("HIERARCH LINEARITY_UNITS = '") + unit + "'");
    const Bytes file = check::calib_file(
        {{{"AMPLIFIER_NAME", "3A", names}, {"TYPE", "10A", types}, {"COEFFS", "1D", numbers}}}, cards);
    AfIsrOptions options = defaults();
    options.recipe = AF_RECIPE_FULL;
    options.steps = 1u << AF_STEP_ASSEMBLE | 1u << AF_STEP_GAIN | 1u << AF_STEP_LINEARITY;
    Calibs calibs;
    calibs.add(&options, AF_CALIB_LINEARITY, file, "linearity");
    const Result r = run(raw.file, options, 50);
    CHECK(r.status == AF_OK);
    // The first pixel of Segment13, which is mirrored in x and y; its GAIN is 1.3.
    const int x = 4 * check::kDataWidth - 1, y = check::kFrameHeight - 1;
    const float electrons = static_cast<float>(raw.segments[3][check::kPrescan]) * 1.3f;
    const double scale = std::string(unit) == "adu" ? 1.3 : 1, v = electrons / scale;
    const double expected = electrons + scale * (v * v * 1e-7);
    const float corrected = r.image[static_cast<size_t>(y * check::kFrameWidth + x)];
    CHECK(std::fabs(corrected - expected) <= std::numeric_limits<float>::epsilon() * expected);
  }
}

TEST(segments_that_are_not_there_are_told) {
  Random random(95);
  const auto raw = check::small_raw(random);
  const AfIsrOptions options = defaults();
  CHECK(!says(run(raw.file, options), "do not cover"));
  const size_t segment = (raw.file.size() - 2880) / 16;
  // Without Segment02, 01 and 00.
  const Bytes file(raw.file.begin(), raw.file.begin() + static_cast<long>(2880 + 13 * segment));
  CHECK(says(run(file, options),
             "the raw's 13 segments do not cover the whole image (Segment02 is not there); "
             "the rest is NO_DATA"));
}

TEST(names_of_segments_in_capitals_are_read) {
  Random random(96);
  const auto raw = check::small_raw(random);
  Bytes file = raw.file;
  const std::string name = "Segment", capitals = "SEGMENT";
  for (auto at = file.begin(); (at = std::search(at, file.end(), name.begin(), name.end())) != file.end();)
    at = std::copy(capitals.begin(), capitals.end(), at);
  CHECK(file != raw.file);
  const Result r = run(file, defaults());
  CHECK(r.status == AF_OK && same(r, run(raw.file, defaults())));
}

TEST(an_amplifier_that_is_saturated_as_a_whole_is_bad) {
  using namespace check;
  Random random(97);
  auto raw = small_raw(random, {"INSTRUME= 'LATISS'"});
  const size_t segment = (raw.file.size() - 2880) / 16;
  // Of Segment10 all pixels, of Segment11 all but one.
  for (size_t s = 0; s < 2; ++s) {
    const size_t data = 2880 + s * segment + 2880;
    for (int y = 0; y < kDataHeight; ++y)
      for (int x = kPrescan; x < kPrescan + kDataWidth; ++x) {
        const bool dark = s == 1 && y == kDataHeight - 1 && x == kPrescan + 4;
        const size_t at = data + 4 * static_cast<size_t>(y * kRawWidth + x);
        const int32_t value = dark ? 20000 : 250000;
        for (size_t i = 0; i < 4; ++i) raw.file[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
      }
  }
  AfIsrOptions options = defaults();
  // The rapid recipe has no level for a detector that the camera table does not know.
  CHECK(run(raw.file, options).mask.empty());
  options.recipe = AF_RECIPE_FULL;
  for (const int separate : {0, 1}) {
    options.separate = separate;
    const Result r = run(raw.file, options);
    CHECK(r.status == AF_OK && r.mask.size() == size_t{kFrameWidth} * kFrameHeight);
    int bad = 0, saturated = 0;
    for (int y = kDataHeight; y < kFrameHeight; ++y)
      for (int x = 0; x < 2 * kDataWidth; ++x) {
        const int32_t bits = r.mask.at(static_cast<size_t>(y * kFrameWidth + x));
        CHECK((bits & 1 << 0) == 0 || x < kDataWidth);
        bad += (bits & 1 << 0) != 0 ? 1 : 0;
        saturated += (bits & 1 << 1) != 0 ? 1 : 0;
      }
    CHECK(bad == kDataWidth * kDataHeight);
    CHECK(saturated == 2 * kDataWidth * kDataHeight - 1);
  }
}
