// Instrument signature removal as a whole: one pass against one pass for each step, a naive twin of the rapid
// recipe, raws that arrive in pieces or not at all, calibs that do not fit, and raws with broken headers.
// (Real geometries and every recipe are held against numpy in wasm/test/isr_twin.py.)
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../src/isr_recipe.h"
#include "astro_fits.h"
#include "isr_run.h"

using check::below;
using check::Bytes;
using check::Calibs;
using check::defaults;
using check::Random;
using check::Result;
using check::run;
using check::same;
using check::says;

namespace {

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.size() % 2 == 1 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

}  // namespace

TEST(one_pass_and_one_pass_a_step_give_equal_bits) {
  Random random(11);
  const auto raw = check::small_raw(random);
  AfIsrOptions options = defaults();
  Calibs calibs;
  calibs.add(&options, AF_CALIB_BIAS, check::small_master(random, -20, 40, "").file, "bias");
  calibs.add(&options, AF_CALIB_DARK, check::small_master(random, 0, 3, "").file, "dark");
  auto flat = check::small_master(random, 0.9f, 0.2f, "");
  calibs.add(&options, AF_CALIB_FLAT, flat.file, "flat");
  // All but those that want tables.
  const uint32_t choice = ~(1u << AF_STEP_CROSSTALK | 1u << AF_STEP_LINEARITY | 1u << AF_STEP_DEFECTS |
                            1u << AF_STEP_BRIGHTER_FATTER) &
                          ((1u << AF_STEP_COUNT) - 1);
  for (int recipe : {AF_RECIPE_RAPID, AF_RECIPE_FULL})
    for (int method = AF_OVERSCAN_MEDIAN_PER_ROW; method <= AF_OVERSCAN_SPLINE; ++method)
      for (int i = 0; i < 6; ++i) {
        options.recipe = recipe;
        options.overscan = method;
        options.steps = (i == 0 ? choice : static_cast<uint32_t>(random()) & choice) | 1u << AF_STEP_ASSEMBLE;
        options.separate = 0;
        const Result together = run(raw.file, options);
        options.separate = 1;
        const Result apart = run(raw.file, options, 3);
        CHECK(together.status == AF_OK);
        CHECK(together.image.size() == size_t{check::kFrameWidth} * check::kFrameHeight);
        CHECK(same(together, apart));
        CHECK(together.report == apart.report);
      }
}

TEST(kept_raws_give_the_bits_of_a_fresh_file) {
  Random random(13);
  const auto raw = check::small_raw(random);
  AfIsrOptions options = defaults();
  AfError error{};
  AfStream* stream = af_stream_new(nullptr);
  CHECK(af_stream_push(stream, raw.file.data(), raw.file.size(), &error) == AF_OK);
  CHECK(af_stream_end(stream, &error) == AF_OK);
  const uint32_t every[] = {1u << AF_STEP_ASSEMBLE, ~0u & ((1u << AF_STEP_COUNT) - 1), 0};
  for (const int separate : {0, 1, 0})
    for (const uint32_t steps : every) {
      options.steps = steps;
      options.separate = separate;
      options.keep_raws = 0;
      const Result fresh = run(raw.file, options);
      options.keep_raws = 1;
      AfIsr* isr = af_isr_new(&options, stream, &error);
      AfStatus status = AF_MORE;
      while (status == AF_MORE) status = af_isr_step(isr, 5, &error);
      Result kept;
      kept.status = status;
      kept.image = check::numbers<float>(af_isr_image(isr));
      kept.mask = check::numbers<int32_t>(af_isr_mask(isr));
      kept.variance = check::numbers<float>(af_isr_variance(isr));
      CHECK(fresh.status == AF_OK && same(fresh, kept));
      for (AfPlane* plane : {af_isr_image(isr), af_isr_mask(isr), af_isr_variance(isr)}) af_plane_free(plane);
      af_isr_free(isr);
    }
  const uint32_t count = af_stream_hdu_count(stream);
  CHECK(af_stream_decoded(stream, 0) == nullptr && af_stream_decoded(stream, count) == nullptr);
  CHECK(af_stream_decoded(stream, count - 1)->type == AF_I32);
  af_stream_free(stream);
}

TEST(rapid_recipe_equals_its_naive_twin) {
  using namespace check;
  Random random(12);
  const auto raw = small_raw(random);
  AfIsrOptions options = defaults();
  Calibs calibs;
  auto bias = small_master(random, -20, 40, "adu"), dark = small_master(random, 0, 3, "adu/s");
  auto flat = small_master(random, 0.9f, 0.2f, "");
  calibs.add(&options, AF_CALIB_BIAS, bias.file, "bias");
  calibs.add(&options, AF_CALIB_DARK, dark.file, "dark");
  calibs.add(&options, AF_CALIB_FLAT, flat.file, "flat");
  options.overscan = AF_OVERSCAN_PLAIN_MEDIAN_PER_ROW;
  const Result r = run(raw.file, options);
  CHECK(r.status == AF_OK);
  CHECK(r.variance.empty());
  const float scale = static_cast<float>(20.3);
  for (int s = 0; s < 16; ++s) {
    const auto& pixels = raw.segments[static_cast<size_t>(s)];
    auto at = [&](int x, int y) {
      return static_cast<float>(pixels[static_cast<size_t>(y * kRawWidth + x)]);
    };
    std::vector<float> rows, columns;
    for (int y = 0; y < kRawHeight; ++y) {
      std::vector<double> samples;
      for (int x = kPrescan + kDataWidth + 3; x < kRawWidth - 3; ++x) samples.push_back(at(x, y));
      rows.push_back(static_cast<float>(median(samples)));
    }
    for (int x = kPrescan; x < kPrescan + kDataWidth; ++x) {
      std::vector<double> samples;
      for (int y = kDataHeight + 3; y < kRawHeight - 3; ++y)
        samples.push_back(at(x, y) - rows[static_cast<size_t>(y)]);
      columns.push_back(static_cast<float>(median(samples)));
    }
    const bool upper = kSegmentNames[s][0] == '1';
    for (int y = 0; y < kDataHeight; ++y)
      for (int x = 0; x < kDataWidth; ++x) {
        const int frame_x = (kSegmentNames[s][1] - '0') * kDataWidth + kDataWidth - 1 - x;
        const int frame_y = upper ? kFrameHeight - 1 - y : y;
        const size_t i = static_cast<size_t>(frame_y * kFrameWidth + frame_x);
        float value = at(x + kPrescan, y);
        // SAT is plane 6 and BAD plane 4 in the masters; plane 12 is not known.
        const int32_t bits = (bias.mask[i] | dark.mask[i] | flat.mask[i]) & (1 << 4 | 1 << 6);
        value -= rows[static_cast<size_t>(y)];
        value -= columns[static_cast<size_t>(x)];
        value -= bias.pixels[i];
        value -= dark.pixels[i] * scale;
        value /= flat.pixels[i];
        CHECK(r.image[i] == value);
        CHECK(r.mask[i] == bits);
      }
  }
  CHECK(says(r, "\"BAD\":4") && says(r, "\"SAT\":6") && says(r, "\"CR\":3"));
}

TEST(a_raw_in_pieces_gives_the_same_image) {
  Random random(13);
  const auto raw = check::small_raw(random);
  AfIsrOptions options = defaults();
  options.statistics = 1;
  const Result whole = run(raw.file, options, 1000000);
  CHECK(whole.status == AF_OK && !whole.waited);
  for (const size_t pieces : {2u, 40u, 200u}) {
    const Result r = run(raw.file, options, 1, pieces);
    CHECK(r.waited);
    CHECK(same(whole, r) && r.report == whole.report);
  }
}

TEST(pixels_of_a_missing_segment_are_no_data) {
  using namespace check;
  Random random(14);
  const auto raw = small_raw(random);
  AfIsrOptions options = defaults();
  options.steps = 1u << AF_STEP_ASSEMBLE | 1u << AF_STEP_VARIANCE;
  const size_t segment = (raw.file.size() - 2880) / 16;
  // Without Segment02, 01 and 00, the lower left.
  Bytes file(raw.file.begin(), raw.file.begin() + static_cast<long>(2880 + 13 * segment));
  const Result r = run(file, options);
  CHECK(r.status == AF_OK);
  for (int y = 0; y < kFrameHeight; ++y)
    for (int x = 0; x < kFrameWidth; ++x) {
      const size_t i = static_cast<size_t>(y * kFrameWidth + x);
      const bool missing = y < kDataHeight && x < 3 * kDataWidth;
      CHECK(std::isnan(r.image[i]) == missing && std::isnan(r.variance[i]) == missing);
      CHECK(r.mask[i] == (missing ? 1 << 8 | 1 << 9 : 0));
    }
  file.resize(2880);
  const Result none = run(file, options);
  CHECK(none.status == AF_MALFORMED && std::string(none.error.message).find("Segment") != std::string::npos);
  // The same segment twice.
  file.assign(raw.file.begin(), raw.file.begin() + static_cast<long>(2880 + segment));
  file.insert(file.end(), raw.file.begin() + 2880, raw.file.begin() + static_cast<long>(2880 + 15 * segment));
  CHECK(run(file, options).status == AF_MALFORMED);
}

TEST(abandoned_work_gives_everything_back) {
  Random random(15);
  const auto raw = check::small_raw(random);
  AfPlane* image = af_plane_new(AF_F32, check::kFrameWidth, check::kFrameHeight);
  for (const int separate : {0, 1})
    for (const bool borrow : {false, true})
      for (int steps = 0; steps < 400; steps += 9) {
        AfIsrOptions options = defaults();
        options.separate = separate;
        options.steps = (1u << AF_STEP_COUNT) - 1;
        if (borrow) options.image = image;
        AfError error{};
        AfStream* stream = af_stream_new(nullptr);
        CHECK(af_stream_push(stream, raw.file.data(), raw.file.size(), &error) == AF_OK);
        CHECK(af_stream_end(stream, &error) == AF_OK);
        AfIsr* isr = af_isr_new(&options, stream, &error);
        AfStatus status = AF_MORE;
        for (int k = 0; k < steps && status == AF_MORE; ++k) status = af_isr_step(isr, 2, &error);
        if (status == AF_OK) {
          if (!borrow) af_plane_free(af_isr_image(isr));
          af_plane_free(af_isr_mask(isr));
          af_plane_free(af_isr_variance(isr));
        }
        af_isr_free(isr);  // the leak checker watches
        af_stream_free(stream);
      }
  af_plane_free(image);
}

TEST(calibs_that_do_not_fit_are_left_out_with_a_reason) {
  Random random(16);
  const auto raw = check::small_raw(random, {"HIERARCH LSST ISR CROSSTALK APPLIED = T"});
  AfIsrOptions options = defaults();
  options.steps = 0x7fff;
  Calibs calibs;
  calibs.add(&options, AF_CALIB_BIAS, check::small_master(random, 0, 1, "electron").file, "b \"1\" \xc3\xa9");
  calibs.add(&options, AF_CALIB_DARK, check::small_master(random, 0, 1, "adu", 5).file, "dark");
  calibs.add(&options, AF_CALIB_FLAT, check::small_master(random, 1, 1, "ADU").file, "flat");
  const Result rapid = run(raw.file, options);
  CHECK(rapid.status == AF_OK);
  CHECK(says(rapid, "it is in electron, the image at this step in adu"));
  CHECK(says(rapid, "it has 5 x 36 pixels, the image 168 x 36"));
  CHECK(says(rapid, "{\"name\":\"flat\",\"done\":true,\"with\":\"flat\"}"));
  CHECK(says(rapid, "{\"name\":\"defects\",\"done\":false,\"reason\":\"no calibration was given\"}"));
  CHECK(says(rapid, "\"unit\":\"electron\""));
  options.recipe = AF_RECIPE_FULL;
  const Result full = run(raw.file, options);
  CHECK(says(full, "{\"name\":\"bias\",\"done\":true,\"with\":\"b \\\"1\\\" \xc3\xa9\"}"));
  CHECK(says(full, "it is in ADU, the image at this step in electron"));
  // Without its gain step the full recipe stays in adu.
  options.steps = 1u << AF_STEP_ASSEMBLE | 1u << AF_STEP_BIAS;
  CHECK(says(run(raw.file, options), "it is in electron, the image at this step in adu"));
  // No overscan is left.
  options.steps = 0;
  options.serial_skip[0] = 20;
  CHECK(says(run(raw.file, options), "no overscan column is left"));
}

TEST(impossible_isr_requests_are_refused) {
  Random random(17);
  const auto raw = check::small_raw(random);
  auto refused = [&](const AfIsrOptions& o) {
    const Result r = run(raw.file, o);
    return r.status == AF_INVALID_ARGUMENT;
  };
  AfIsrOptions o = defaults();
  o.recipe = 2;
  CHECK(refused(o));
  o = defaults();
  o.overscan = -1;
  CHECK(refused(o));
  o = defaults();
  o.steps = 1u << AF_STEP_COUNT;
  CHECK(refused(o));
  o = defaults();
  o.parallel_skip[1] = -2;
  CHECK(refused(o));
  o = defaults();
  o.image = af_plane_new(AF_F32, 3, 3);
  CHECK(refused(o));
  af_plane_free(o.image);
  AfIsrOptions swapped = defaults();
  Calibs calibs;
  calibs.add(&swapped, AF_CALIB_BIAS, check::small_master(random, 0, 1, "").file, "bias");
  swapped.calibs[AF_CALIB_DARK] = swapped.calibs[AF_CALIB_BIAS];
  swapped.calibs[AF_CALIB_BIAS] = nullptr;
  CHECK(refused(swapped));
}

TEST(raws_with_broken_headers_never_trap) {
  Random random(18);
  const auto raw = check::small_raw(random);
  const size_t segment = (raw.file.size() - 2880) / 16;
  int good = 0, bad = 0;
  for (int i = 0; i < 300; ++i) {
    Bytes file = raw.file;
    for (uint64_t n = 1 + below(random, 3); n > 0; --n) {
      // In the cards of the primary header or of a segment's.
      const size_t header = below(random, 4) == 0 ? 0 : 2880 + below(random, 16) * segment;
      file[header + below(random, 13 * 80)] = static_cast<uint8_t>("0123456789:,[]'- ="[below(random, 18)]);
    }
    AfIsrOptions options = defaults();
    options.separate = static_cast<int>(below(random, 2));
    options.recipe = static_cast<int>(below(random, 2));
    options.geometry = static_cast<int>(below(random, 2));
    options.steps = 0x7fff & ~(1u << AF_STEP_COSMIC_RAYS);
    options.statistics = 1;
    ++(run(file, options, 50).status == AF_OK ? good : bad);
  }
  CHECK(good > 10 && bad > 10);
}
