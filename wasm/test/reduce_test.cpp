// Reduction: requests that lie, abandoned work, and the overscan fit on levels that are known.
// (The arithmetic is held against numpy bit for bit in python/tests/test_engine.py.)
#include <cmath>

#include "astro_fits.h"
#include "check.h"

using check::Random;

namespace {

constexpr int kWidth = 40, kHeight = 30, kOver = 64;

AfPlane* raw_plane(Random& random, int level) {
  AfPlane* plane = af_plane_new(AF_I32, kWidth + kOver, kHeight);
  int32_t* pixels = static_cast<int32_t*>(plane->data);
  for (int i = 0; i < (kWidth + kOver) * kHeight; ++i)
    pixels[i] = level + static_cast<int>(check::below(random, 9)) - 4;
  return plane;
}

AfAmplifier amplifier(const AfPlane* raw) {
  return {raw, {0, 0, kWidth, kHeight}, {kWidth, 0, kWidth + kOver, kHeight}, {0, 0, kWidth, kHeight}, 0, 0};
}

AfReductionOptions options(const AfAmplifier* a) {
  AfReductionOptions o{};
  o.width = kWidth;
  o.height = kHeight;
  o.amplifier_count = 1;
  o.overscan = 1;
  o.amplifiers = a;
  o.dark_scale = 1;
  return o;
}

}  // namespace

TEST(overscan_takes_the_level_away_despite_a_bleed) {
  Random random(1);
  AfPlane* raw = raw_plane(random, 20000);
  int32_t* pixels = static_cast<int32_t*>(raw->data);
  for (int y = 5; y < 9; ++y)
    for (int x = kWidth; x < kWidth + 25; ++x) pixels[y * (kWidth + kOver) + x] += 30000;
  const AfAmplifier a = amplifier(raw);
  const AfReductionOptions o = options(&a);
  AfError error{};
  AfReduction* reduction = af_reduction_new(&o, &error);
  CHECK(reduction != nullptr);
  while (af_reduction_step(reduction, 1, &error) == AF_MORE) {
  }
  AfPlane* plane = af_reduction_plane(reduction);
  const float* out = static_cast<const float*>(plane->data);
  for (int i = 0; i < kWidth * kHeight; ++i) CHECK(std::fabs(out[i]) < 10);
  af_reduction_free(reduction);
  af_plane_free(plane);
  af_plane_free(raw);
}

TEST(abandoned_reductions_give_everything_back) {
  Random random(2);
  AfPlane* raw = raw_plane(random, 20000);
  AfPlane* into = af_plane_new(AF_F32, kWidth, kHeight);
  const AfAmplifier a = amplifier(raw);
  for (const bool borrow : {false, true}) {
    for (uint32_t steps = 0; steps < 8; ++steps) {
      AfReductionOptions o = options(&a);
      if (borrow) o.into = into;
      AfError error{};
      AfReduction* reduction = af_reduction_new(&o, &error);
      CHECK(reduction != nullptr);
      for (uint32_t k = 0; k < steps; ++k) CHECK(af_reduction_step(reduction, 2, &error) == AF_MORE);
      af_reduction_free(reduction);  // the leak checker watches
    }
  }
  af_plane_free(into);
  af_plane_free(raw);
}

TEST(impossible_requests_are_refused) {
  Random random(3);
  AfPlane* raw = raw_plane(random, 20000);
  const AfAmplifier good = amplifier(raw);
  const auto refused = [](const AfReductionOptions& o) {
    AfError error{};
    AfReduction* reduction = af_reduction_new(&o, &error);
    const bool no = reduction == nullptr && error.status == AF_INVALID_ARGUMENT && error.message[0] != '\0';
    if (reduction != nullptr) af_plane_free(af_reduction_plane(reduction));
    return no;
  };
  for (const AfBox box : {AfBox{-1, 0, kWidth - 1, kHeight}, AfBox{0, 0, kWidth + kOver + 1, kHeight},
                          AfBox{5, 5, 5, 9}, AfBox{9, 0, 4, kHeight}, AfBox{0, 0, 2147483647, 2147483647}}) {
    for (int which = 0; which < 3; ++which) {
      AfAmplifier a = good;
      (which == 0 ? a.data : which == 1 ? a.serial_overscan : a.detector) = box;
      CHECK(refused(options(&a)));
    }
  }
  AfAmplifier a = good;
  a.serial_overscan.y1 = kHeight - 1;
  CHECK(refused(options(&a)));
  a = good;
  a.raw = nullptr;
  CHECK(refused(options(&a)));
  AfReductionOptions o = options(&good);
  o.width = 0;
  CHECK(refused(o));
  o = options(&good);
  o.bias = raw;  // i32
  CHECK(refused(o));
  af_plane_free(raw);
}

TEST(float_raws_with_holes_do_not_break_the_fit) {
  AfPlane* raw = af_plane_new(AF_F32, kWidth + kOver, kHeight);
  float* pixels = static_cast<float*>(raw->data);
  for (int i = 0; i < (kWidth + kOver) * kHeight; ++i) pixels[i] = i % 3 == 0 ? NAN : 100.5f;
  for (int x = 0; x < kWidth + kOver; ++x) pixels[7 * (kWidth + kOver) + x] = INFINITY;
  const AfAmplifier a = amplifier(raw);
  const AfReductionOptions o = options(&a);
  AfError error{};
  AfReduction* reduction = af_reduction_new(&o, &error);
  CHECK(reduction != nullptr);
  while (af_reduction_step(reduction, 100, &error) == AF_MORE) {
  }
  AfPlane* plane = af_reduction_plane(reduction);
  const float* out = static_cast<const float*>(plane->data);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const float raw_value = pixels[y * (kWidth + kOver) + x];
      if (std::isfinite(raw_value)) CHECK(out[y * kWidth + x] == 0);
    }
  CHECK(out[7 * kWidth] == INFINITY);  // its level comes from the rows beside it
  af_reduction_free(reduction);
  af_plane_free(plane);
  af_plane_free(raw);
}
