// Crosstalk against a naive twin that copies the whole image.
#include <algorithm>

#include "frame_of.h"

using check::Bytes;
using check::Detector;
using check::Random;

namespace {

// Pixel (x, y) of an amplifier in readout order.
size_t place(const Detector& d, uint32_t a, uint32_t x, uint32_t y) {
  const af::AmplifierInfo& info = d.amplifiers[a];
  const uint32_t w = static_cast<uint32_t>(info.data.x1 - info.data.x0);
  const uint32_t h = static_cast<uint32_t>(info.data.y1 - info.data.y0);
  return d.frame.at(static_cast<uint32_t>(info.detector.x0) + (info.flip_x ? w - 1 - x : x),
                    static_cast<uint32_t>(info.detector.y0) + (info.flip_y ? h - 1 - y : y));
}

float term(const af::CrosstalkCalib& calib, size_t i, float value, float sum) {
  float c = static_cast<float>(calib.linear[i]);
  if (!std::isfinite(c) || c == 0) return sum;
  if (!std::isfinite(value)) value = 0;
  sum += c * value;
  const float q = calib.quadratic.empty() ? 0 : static_cast<float>(calib.quadratic[i]);
  if (std::isfinite(q) && q != 0) sum += q * (value * value);
  return sum;
}

float median(std::vector<float> v) {
  std::sort(v.begin(), v.end());
  const size_t n = v.size();
  return n % 2 == 1 ? v[n / 2] : static_cast<float>((double{v[n / 2 - 1]} + double{v[n / 2]}) / 2);
}

void fill(Random& random, uint32_t n, bool quadratic, af::CrosstalkCalib* calib) {
  calib->amplifiers = n;
  for (uint32_t i = 0; i < n * n; ++i) {
    const bool self = i % (n + 1) == 0;
    CHECK(calib->linear.push(self ? 0 : i == 2 ? std::nan("") : 1e-3 * check::normal(random)));
    if (quadratic) CHECK(calib->quadratic.push(1e-8 * check::normal(random)));
  }
}

// The corrected image area and its mask, from values of amplifier `a` at (x, y) in readout order.
template <class Value>
void twin(Detector& d, const af::CrosstalkCalib& calib, uint32_t w, uint32_t h, Value value) {
  for (uint32_t t = 0; t < calib.amplifiers; ++t) {
    std::vector<float> s;
    for (uint32_t y = 0; y < h; ++y)
      for (uint32_t x = 0; x < w; ++x) {
        float sum = 0;
        for (uint32_t a = 0; a < calib.amplifiers; ++a)
          sum = term(calib, size_t{a} * calib.amplifiers + t, value(a, x, y), sum);
        s.push_back(sum);
      }
    const float middle = median(s);
    for (uint32_t y = 0; y < h; ++y)
      for (uint32_t x = 0; x < w; ++x) {
        const size_t i = place(d, t, x, y);
        d.image[i] = value(t, x, y) - s[y * w + x];
        if (std::fabs(s[y * w + x] - middle) >= 1.0f) d.mask[i] |= d.frame.planes.crosstalk;
      }
  }
}

}  // namespace

TEST(crosstalk_of_an_assembled_image_equals_its_twin) {
  Random random(41);
  for (int round = 0; round < 30; ++round) {
    const uint32_t w = 1 + static_cast<uint32_t>(check::below(random, 40));
    const uint32_t h = 1 + static_cast<uint32_t>(check::below(random, 12));
    Detector d(2, 2, w, h);
    for (float& v : d.image) {
      v = static_cast<float>(100 + 10 * check::normal(random));
      if (check::below(random, 20) == 0) v = 20000;
      if (check::below(random, 50) == 0) v = std::nanf("");
    }
    af::CrosstalkCalib calib;
    fill(random, 4, round % 2 == 0, &calib);
    Detector expected = d;
    twin(expected, calib, w, h,
         [&](uint32_t a, uint32_t x, uint32_t y) { return d.image[place(d, a, x, y)]; });
    if (round % 5 == 4) d.frame.mask = nullptr;
    CHECK(check::finish(af::new_crosstalk(calib, &d.frame),
                        1 + static_cast<uint32_t>(check::below(random, 9))) == AF_OK);
    for (size_t i = 0; i < d.image.size(); ++i) CHECK(check::same(d.image[i], expected.image[i]));
    if (d.frame.mask != nullptr) CHECK(d.mask == expected.mask);
  }
}

TEST(crosstalk_of_raw_amplifiers_equals_its_twin) {
  Random random(42);
  const uint32_t w = 13, h = 7, raw_w = 20, raw_h = 9;
  Detector d(2, 2, w, h);
  for (af::AmplifierInfo& a : d.amplifiers) a.data = {3, 1, 3 + int{w}, 1 + int{h}};
  std::vector<std::vector<float>> raws(4, std::vector<float>(raw_w * raw_h));
  std::vector<float*> pointers;
  for (auto& raw : raws) {
    for (float& v : raw)
      v = static_cast<float>(100 + 10 * check::normal(random) + (check::below(random, 9) == 0 ? 5e4 : 0));
    pointers.push_back(raw.data());
  }
  af::CrosstalkCalib calib;
  fill(random, 4, true, &calib);
  const std::vector<std::vector<float>> before = raws;
  Detector expected = d;
  twin(expected, calib, w, h,
       [&](uint32_t a, uint32_t x, uint32_t y) { return before[a][(y + 1) * raw_w + x + 3]; });
  // What an earlier step has written stays, and what lay there before the first step goes.
  for (const bool begins_mask : {false, true}) {
    for (size_t a = 0; a < raws.size(); ++a) std::copy(before[a].begin(), before[a].end(), raws[a].begin());
    std::fill(d.mask.begin(), d.mask.end(), d.frame.planes.saturated);
    CHECK(check::finish(af::new_raw_crosstalk(calib, &d.frame, pointers.data(), raw_w, raw_h, begins_mask),
                        3) == AF_OK);
    const int32_t old = begins_mask ? 0 : d.frame.planes.saturated;
    for (size_t i = 0; i < d.mask.size(); ++i) CHECK(d.mask[i] == (expected.mask[i] | old));
  }
  for (uint32_t a = 0; a < 4; ++a)
    for (uint32_t y = 0; y < raw_h; ++y)
      for (uint32_t x = 0; x < raw_w; ++x) {
        // Overscan is corrected like the image.
        float sum = 0;
        for (uint32_t s = 0; s < 4; ++s) sum = term(calib, s * 4 + a, before[s][y * raw_w + x], sum);
        CHECK(raws[a][y * raw_w + x] == before[a][y * raw_w + x] - sum);
      }
}

TEST(crosstalk_refuses_what_does_not_fit) {
  Detector d(2, 2, 5, 5);
  af::CrosstalkCalib calib;
  Random random(43);
  fill(random, 3, false, &calib);
  CHECK(check::finish(af::new_crosstalk(calib, &d.frame), 1) == AF_INVALID_ARGUMENT);
  af::CrosstalkCalib four;
  fill(random, 4, false, &four);
  d.amplifiers[2].data.x1 = 4;
  CHECK(check::finish(af::new_crosstalk(four, &d.frame), 1) == AF_UNSUPPORTED);
}

TEST(a_crosstalk_matrix_is_read) {
  const std::vector<double> c = {0, 1e-4, -2e-4, 0}, q = {0, 1e-9, 2e-9, 0};
  auto file = [&](const char* amplifiers, std::vector<std::string> cards) {
    cards.push_back(std::string("NAMP    = ") + amplifiers);
    return check::calib_file({{{"CT_COEFFS", "4D", {check::big_endian(c)}},
                               {"CT_VALID", "4L", {{'T', 'T', 'F', 'T'}}},
                               {"CT_COEFFS_SQR", "4D", {check::big_endian(q)}}}},
                             cards);
  };
  AfError error{};
  af::CrosstalkCalib calib;
  CHECK(check::read_calib(file("2", {}), af::read_crosstalk, &calib, &error) == AF_OK);
  CHECK(calib.amplifiers == 2);
  // [source][target]; the third is not valid.
  CHECK(calib.linear[1] == 1e-4 && calib.linear[2] == 0 && calib.quadratic[2] == 2e-9);
  for (const char* amplifiers : {"3", "1", "0", "-1", "17", "4611686018427387904"}) {
    af::CrosstalkCalib wrong;
    CHECK(check::read_calib(file(amplifiers, {}), af::read_crosstalk, &wrong, &error) != AF_OK);
  }
}
