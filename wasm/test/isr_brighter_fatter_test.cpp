// Brighter-fatter against a twin in float64 over whole images.
#include <algorithm>

#include "frame_of.h"

using check::Detector;
using check::Random;

namespace {

using Plane = std::vector<double>;

// Not symmetric on purpose: a convolution and a correlation differ then.
void fill(Random& random, uint32_t size, af::BrighterFatterCalib* calib) {
  calib->size = size;
  const int half = static_cast<int>(size / 2);
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x)
      CHECK(calib->stencil.push(-1e-6 / (1 + x * x + y * y) * (1 + 0.1 * check::normal(random))));
}

Plane twin(const Plane& first, int w, int h, const af::BrighterFatterCalib& calib) {
  const int n = static_cast<int>(calib.size), half = n / 2;
  Plane correction(first.size()), potential(first.size());
  auto at = [w](int x, int y) { return static_cast<size_t>(y * w + x); };
  for (int iteration = 0; iteration < 10; ++iteration) {
    Plane i = first;
    for (size_t j = 0; j < i.size(); ++j) i[j] += correction[j];
    for (int y = half; y < h - half; ++y)
      for (int x = half; x < w - half; ++x) {
        double sum = 0;
        for (int v = -half; v <= half; ++v)
          for (int u = -half; u <= half; ++u)
            sum += calib.stencil[static_cast<size_t>((v + half) * n + u + half)] * i[at(x - u, y - v)];
        potential[at(x, y)] = sum;
      }
    double change = 0;
    for (int y = half + 1; y < h - half - 1; ++y)
      for (int x = half + 1; x < w - half - 1; ++x) {
        const Plane& p = potential;
        const double gx = (i[at(x + 1, y)] - i[at(x - 1, y)]) / 2 * (p[at(x + 1, y)] - p[at(x - 1, y)]) / 2;
        const double gy = (i[at(x, y + 1)] - i[at(x, y - 1)]) / 2 * (p[at(x, y + 1)] - p[at(x, y - 1)]) / 2;
        const double laplace =
            p[at(x + 1, y)] + p[at(x - 1, y)] + p[at(x, y + 1)] + p[at(x, y - 1)] - 4 * p[at(x, y)];
        const double next = (gx + gy + i[at(x, y)] * laplace) / 2;
        change += std::fabs(next - correction[at(x, y)]);
        correction[at(x, y)] = next;
      }
    if (change < 1000) break;
  }
  return correction;
}

void paint(Random& random, Detector& d) {
  for (uint32_t y = 0; y < d.frame.height; ++y)
    for (uint32_t x = 0; x < d.frame.width; ++x) {
      const double dx = x - d.frame.width / 2.0, dy = y - d.frame.height / 2.0, r2 = dx * dx + dy * dy;
      d.at(x, y) = static_cast<float>(2000 + 80000 * std::exp(-r2 / 8) + 40 * check::normal(random));
    }
}

}  // namespace

TEST(brighter_fatter_equals_its_twin) {
  Random random(61);
  for (const uint32_t size : {3u, 5u, 17u}) {
    for (const bool electrons : {true, false}) {
      Detector d(2, 1, 30, 45);
      d.frame.in_electrons = electrons;
      paint(random, d);
      af::BrighterFatterCalib calib;
      fill(random, size, &calib);
      const std::vector<float> before = d.image;
      Plane first(d.image.size());
      for (uint32_t y = 0; y < d.frame.height; ++y)
        for (uint32_t x = 0; x < d.frame.width; ++x)
          first[d.frame.at(x, y)] =
              double{d.at(x, y)} * (electrons ? 1 : d.amplifiers[x < 30 ? 0 : 1].gain_electron_per_adu);
      const Plane expected = twin(first, 60, 45, calib);
      CHECK(check::finish(af::new_brighter_fatter(calib, &d.frame), 7) == AF_OK);
      double largest = 0, worst = 0;
      for (uint32_t y = 0; y < d.frame.height; ++y)
        for (uint32_t x = 0; x < d.frame.width; ++x) {
          const size_t i = d.frame.at(x, y);
          const double gain = electrons ? 1 : d.amplifiers[x < 30 ? 0 : 1].gain_electron_per_adu;
          worst = std::max(worst, std::fabs(d.image[i] - (before[i] + expected[i] / gain)));
          largest = std::max(largest, std::fabs(expected[i]));
        }
      // In float32, with as many terms a row as the stencil is wide, and 82000 electrons at most.
      CHECK(worst <= size * 1.2e-7 * 82000);
      // The correction is one that matters.
      CHECK(largest > 100);
    }
  }
}

TEST(brighter_fatter_takes_masked_pixels_from_their_neighbours) {
  Random random(62);
  Detector d(1, 1, 40, 40);
  paint(random, d);
  d.frame.in_electrons = true;
  Detector clean = d;
  clean.frame.image = clean.image.data();
  clean.frame.mask = clean.mask.data();
  for (uint32_t x : {10u, 11u, 25u}) {
    d.at(x, 12) = x == 25 ? std::nanf("") : 1e6f;
    d.mask_at(x, 12) = x == 25 ? 0 : d.frame.planes.saturated;
    clean.at(x, 12) =
        x == 25 ? (clean.at(24, 12) + clean.at(26, 12)) / 2
                : clean.at(9, 12) + (clean.at(12, 12) - clean.at(9, 12)) * (static_cast<float>(x - 9) / 3);
  }
  const std::vector<float> before = d.image, clean_before = clean.image;
  af::BrighterFatterCalib calib;
  fill(random, 5, &calib);
  CHECK(check::finish(af::new_brighter_fatter(calib, &d.frame), 100) == AF_OK);
  CHECK(check::finish(af::new_brighter_fatter(calib, &clean.frame), 3) == AF_OK);
  for (size_t i = 0; i < d.image.size(); ++i) {
    if (std::isnan(before[i])) {
      CHECK(std::isnan(d.image[i]));
    } else {
      CHECK(std::fabs((d.image[i] - before[i]) - (clean.image[i] - clean_before[i])) <=
            0.13);  // 1e6 in float32
    }
  }
}

TEST(brighter_fatter_leaves_small_frames_and_edges) {
  Random random(63);
  af::BrighterFatterCalib calib;
  fill(random, 5, &calib);
  for (uint32_t size : {1u, 2u, 6u, 7u}) {
    Detector d(1, 1, size, size);
    paint(random, d);
    const std::vector<float> before = d.image;
    CHECK(check::finish(af::new_brighter_fatter(calib, &d.frame), 1) == AF_OK);
    uint32_t changed = 0;
    for (size_t i = 0; i < before.size(); ++i) changed += d.image[i] != before[i] ? 1 : 0;
    CHECK(changed == (size == 7 ? 1 : 0));
  }
  // An amplifier without a gain has no electrons to correct.
  Detector d(2, 1, 9, 9);
  d.amplifiers[0].gain_electron_per_adu = std::nan("");
  paint(random, d);
  const std::vector<float> before = d.image;
  CHECK(check::finish(af::new_brighter_fatter(calib, &d.frame), 1) == AF_OK);
  for (uint32_t y = 0; y < 9; ++y)
    for (uint32_t x = 0; x < 9; ++x) CHECK(d.at(x, y) == before[d.frame.at(x, y)]);
  CHECK(d.at(12, 4) != before[d.frame.at(12, 4)]);
}

TEST(brighter_fatter_kernels_are_read) {
  std::vector<double> a(9, 1), b(9, 3), bad(9, std::nan(""));
  auto read = [](const std::vector<std::vector<check::TableColumn>>& tables, const char* size,
                 std::vector<double>* out) {
    const std::string n = size;
    af::BrighterFatterCalib calib;
    AfError error{};
    const AfStatus status = check::read_calib(
        check::calib_file(tables, {"HIERARCH KERNEL_DX = " + n, "HIERARCH KERNEL_DY = " + n}),
        af::read_brighter_fatter, &calib, &error);
    out->assign(calib.stencil.begin(), calib.stencil.end());
    return status;
  };
  const std::vector<check::TableColumn> amplifiers = {
      {"KERNEL", "9D", {check::big_endian(a), check::big_endian(b), check::big_endian(bad)}},
      {"VALID",
       "K",
       {check::big_endian<int64_t>({1}), check::big_endian<int64_t>({1}), check::big_endian<int64_t>({0})}}};
  std::vector<double> out;
  CHECK(read({amplifiers}, "3", &out) == AF_OK && out == std::vector<double>(9, 2));
  CHECK(read({amplifiers, {{"KERNEL", "9D", {check::big_endian(b)}}}}, "3", &out) == AF_OK && out == b);
  CHECK(read({amplifiers, {{"KERNEL", "9D", {check::big_endian(b), check::big_endian(a)}}}}, "3", &out) ==
        AF_UNSUPPORTED);
  for (const char* size : {"5", "4", "0", "-3", "1", "67", "4294967299"})
    CHECK(read({amplifiers}, size, &out) != AF_OK);
}
