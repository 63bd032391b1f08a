// Defects and interpolation against naive twins on whole images.
#include "frame_of.h"

using check::Bytes;
using check::Detector;
using check::Random;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<AfBox> read(const Bytes& file) {
  af::DefectsCalib calib;
  AfError error{};
  if (check::read_calib(file, af::read_defects, &calib, &error) != AF_OK) throw check::Failure(error.message);
  return {calib.boxes.begin(), calib.boxes.end()};
}

AfStatus status_of(const std::vector<check::TableColumn>& table) {
  af::DefectsCalib calib;
  AfError error{};
  return check::read_calib(check::calib_file({table}, {}), af::read_defects, &calib, &error);
}

std::vector<check::TableColumn> simple(const std::vector<int64_t>& box) {
  std::vector<check::TableColumn> columns;
  const char* const names[] = {"x0", "y0", "width", "height"};
  for (int i = 0; i < 4; ++i) columns.push_back({names[i], "K", {check::big_endian<int64_t>({box[i]})}});
  return columns;
}

std::vector<check::TableColumn> region(const char* shape, double x, double y, double r0, double r1,
                                       double angle) {
  return {{"X", "D", {check::big_endian<double>({x})}},
          {"Y", "D", {check::big_endian<double>({y})}},
          {"SHAPE", "8A", {check::text_bytes(shape, 8)}},
          {"R", "2D", {check::big_endian<double>({r0, r1})}},
          {"ROTANG", "D", {check::big_endian<double>({angle})}}};
}

bool is(const AfBox& b, int x0, int y0, int x1, int y1) {
  return b.x0 == x0 && b.y0 == y0 && b.x1 == x1 && b.y1 == y1;
}

// The interpolated image and mask of a frame, each pixel for itself.
void interpolate_twin(Detector& d) {
  const af::IsrFrame& f = d.frame;
  const std::vector<int32_t> before = d.mask;
  const std::vector<float> image = d.image;
  const int w = static_cast<int>(f.width), h = static_cast<int>(f.height);
  auto saturated = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < w && y < h &&
           (before[static_cast<size_t>(y * w + x)] & f.planes.saturated) != 0;
  };
  auto grown = [&](int x, int y) {
    return saturated(x, y) || saturated(x - 1, y) || saturated(x + 1, y) || saturated(x, y - 1) ||
           saturated(x, y + 1);
  };
  auto bad = [&](int x, int y) {
    const size_t i = static_cast<size_t>(y * w + x);
    return grown(x, y) || (before[i] & (f.planes.bad | f.planes.unmasked_nan)) != 0 ||
           !std::isfinite(image[i]);
  };
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      const size_t i = static_cast<size_t>(y * w + x);
      if (grown(x, y)) d.mask[i] |= f.planes.saturated;
      if (!bad(x, y)) continue;
      int left = x, right = x;
      while (left >= 0 && bad(left, y)) --left;
      while (right < w && bad(right, y)) ++right;
      if (left < 0 && right >= w) continue;
      const float* row = image.data() + y * w;
      d.mask[i] |= f.planes.interpolated;
      if (left < 0 || right >= w) {
        d.image[i] = row[left < 0 ? right : left];
      } else {
        d.image[i] = row[left] + (row[right] - row[left]) *
                                     (static_cast<float>(x - left) / static_cast<float>(right - left));
      }
    }
}

}  // namespace

TEST(interpolation_equals_its_twin) {
  Random random(31);
  for (int round = 0; round < 200; ++round) {
    const uint32_t width = 1 + static_cast<uint32_t>(check::below(random, 20));
    const uint32_t height = 1 + static_cast<uint32_t>(check::below(random, 12));
    Detector d(1, 1, width, height);
    const uint64_t share = 1 + check::below(random, 8);
    for (size_t i = 0; i < d.image.size(); ++i) {
      d.image[i] = static_cast<float>(1000 + 30 * check::normal(random));
      if (check::below(random, 8) < share / 2) d.mask[i] = 1 << check::below(random, 11);
      if (check::below(random, 20) == 0) d.image[i] = check::below(random, 2) == 0 ? kNan : INFINITY;
    }
    Detector twin = d;
    twin.frame.image = twin.image.data();
    twin.frame.mask = twin.mask.data();
    interpolate_twin(twin);
    CHECK(check::finish(af::new_interpolate(&d.frame), 1 + static_cast<uint32_t>(check::below(random, 5))) ==
          AF_OK);
    CHECK(d.mask == twin.mask);
    for (size_t i = 0; i < d.image.size(); ++i) CHECK(check::same(d.image[i], twin.image[i]));
  }
}

TEST(interpolation_without_a_mask_fills_what_is_not_finite) {
  Detector d(1, 1, 5, 1);
  d.image = {kNan, 1, kNan, kNan, 4};
  d.frame.image = d.image.data();
  d.frame.mask = nullptr;
  CHECK(check::finish(af::new_interpolate(&d.frame), 1) == AF_OK);
  CHECK((d.image == std::vector<float>{1, 1, 2, 3, 4}));
}

TEST(defects_are_clipped_to_the_frame) {
  Random random(32);
  for (int round = 0; round < 100; ++round) {
    Detector d(1, 1, 1 + static_cast<uint32_t>(check::below(random, 9)),
               1 + static_cast<uint32_t>(check::below(random, 9)));
    std::vector<int32_t> twin = d.mask;
    af::DefectsCalib calib;
    for (int i = 0; i < 4; ++i) {
      const int x = static_cast<int>(check::below(random, 16)) - 5,
                y = static_cast<int>(check::below(random, 16)) - 5;
      const AfBox box{x, y, x + static_cast<int>(check::below(random, 6)),
                      y + static_cast<int>(check::below(random, 6))};
      CHECK(calib.boxes.push(box));
      for (int yy = box.y0; yy < box.y1; ++yy)
        for (int xx = box.x0; xx < box.x1; ++xx)
          if (xx >= 0 && yy >= 0 && xx < static_cast<int>(d.frame.width) &&
              yy < static_cast<int>(d.frame.height))
            twin[static_cast<size_t>(yy) * d.frame.width + static_cast<size_t>(xx)] |= d.frame.planes.bad;
    }
    CHECK(check::finish(af::new_defects(calib, &d.frame),
                        1 + static_cast<uint32_t>(check::below(random, 4))) == AF_OK);
    CHECK(d.mask == twin);
    d.frame.mask = nullptr;
    CHECK(check::finish(af::new_defects(calib, &d.frame), 1) == AF_OK);
  }
}

TEST(defects_of_both_layouts) {
  const std::vector<AfBox> a = read(check::calib_file({simple({7, -2, 3, 40})}, {}));
  CHECK(a.size() == 1 && is(a[0], 7, -2, 10, 38));
  // Centres are 1-based: a box of 3 x 4 from (10, 20) has its centre at (11, 21.5) 0-based.
  CHECK(is(read(check::calib_file({region("BOX", 12, 22.5, 3, 4, 0)}, {}))[0], 10, 20, 13, 24));
  CHECK(is(read(check::calib_file({region("ROTBOX", 12.5, 22, 3, 4, 90)}, {}))[0], 10, 20, 14, 23));
  CHECK(is(read(check::calib_file({region("point", 12, 22, 9, 9, 0)}, {}))[0], 11, 21, 12, 22));
  CHECK(status_of(region("CIRCLE", 12, 22, 9, 9, 0)) == AF_UNSUPPORTED);
  CHECK(status_of(region("ROTBOX", 12, 22, 9, 9, 45)) == AF_UNSUPPORTED);
  CHECK(status_of(region("BOX", std::nan(""), 22, 9, 9, 0)) == AF_UNSUPPORTED);
  CHECK(status_of(region("BOX", 12, 22, 1e300, 9, 0)) == AF_UNSUPPORTED);
  CHECK(status_of(simple({7, 2, -3, 40})) == AF_UNSUPPORTED);
  CHECK(status_of({{"x0", "K", {check::big_endian<int64_t>({1})}}}) == AF_UNSUPPORTED);
  std::vector<check::TableColumn> none = simple({0, 0, 0, 0});
  for (check::TableColumn& column : none) column.cells.clear();
  CHECK(read(check::calib_file({none}, {})).empty());
}
