// Defects: boxes of bad pixels. Layouts: lsst.ip.isr defects.py, fromTable: columns x0, y0, width, height
// (0-based), or FITS regions (X and Y of the centre, 1-based; SHAPE BOX, POINT or ROTBOX; R = width and
// height).
#include <algorithm>
#include <cmath>

#include "calib_table.h"
#include "isr_steps.h"

namespace af {
namespace {

// Beyond any detector, and far from the ends of i32.
constexpr double kFar = 1e8;

// Half-open; false for numbers that are no box.
bool box_of(double x0, double y0, double width, double height, AfBox* box) {
  for (const double v : {x0, y0, width, height})
    if (!(v > -kFar && v < kFar)) return false;
  if (width < 0 || height < 0) return false;
  box->x0 = static_cast<i32>(x0);
  box->y0 = static_cast<i32>(y0);
  box->x1 = box->x0 + static_cast<i32>(width);
  box->y1 = box->y0 + static_cast<i32>(height);
  return true;
}

// A centre at the middle of a pixel or between two, 1-based, to the first pixel, 0-based.
double first_of(double centre, double length) { return std::floor(centre - 1 - 0.5 * length + 0.5 + 0.5); }

struct Regions {
  const Column *x, *y, *shape, *size, *rotation;
};

bool read_region(const CalibTable& from, const Regions& columns, u64 row, AfBox* box) {
  Cell x, y, size, rotation;
  const Table& t = from.table;
  const Text shape = text_cell(from, *columns.shape, row);
  if (!t.cell(*columns.x, row, &x) || !t.cell(*columns.y, row, &y) || x.count == 0 || y.count == 0)
    return false;
  const double centre_x = real_at(*columns.x, x, 0), centre_y = real_at(*columns.y, y, 0);
  if (shape.is("POINT") || shape.is("point"))
    return box_of(first_of(centre_x, 1), first_of(centre_y, 1), 1, 1, box);
  double degrees = 0;
  if (shape.is("ROTBOX") || shape.is("rotbox")) {
    if (columns.rotation == nullptr || !t.cell(*columns.rotation, row, &rotation) || rotation.count == 0)
      return false;
    degrees = real_at(*columns.rotation, rotation, 0);
  } else if (!shape.is("BOX") && !shape.is("box")) {
    return false;
  }
  if (!t.cell(*columns.size, row, &size) || size.count < 2 || std::fmod(degrees, 90) != 0) return false;
  double width = std::floor(real_at(*columns.size, size, 0));
  double height = std::floor(real_at(*columns.size, size, 1));
  if (std::fmod(degrees, 180) != 0) std::swap(width, height);
  return box_of(first_of(centre_x, width), first_of(centre_y, height), width, height, box);
}

bool read_simple(const CalibTable& from, const Column* const (&columns)[4], u64 row, AfBox* box) {
  double values[4];
  for (int i = 0; i < 4; ++i) {
    Cell cell;
    if (!from.table.cell(*columns[i], row, &cell) || cell.count == 0) return false;
    values[i] = std::floor(real_at(*columns[i], cell, 0));
  }
  return box_of(values[0], values[1], values[2], values[3], box);
}

class Defects final : public Phase {
 public:
  Defects(const DefectsCalib& calib, IsrFrame* frame) : calib_(calib), frame_(*frame) {}

  AfStatus step(u32 max_rows, AfError*) override {
    if (frame_.mask == nullptr) return AF_OK;
    i64 budget = std::max(max_rows, 1u);
    for (; next_ < calib_.boxes.size() && budget > 0; --budget) {
      const AfBox& box = calib_.boxes[next_];
      const i32 x0 = std::max(box.x0, 0), x1 = std::min(box.x1, static_cast<i32>(frame_.width));
      const i32 y0 = std::max(box.y0, 0), y1 = std::min(box.y1, static_cast<i32>(frame_.height));
      const i32 y = y0 + rows_done_;
      if (x0 >= x1 || y >= y1) {
        ++next_;
        rows_done_ = 0;
        continue;
      }
      i32* const mask = frame_.mask + frame_.at(0, static_cast<u32>(y));
      for (i32 x = x0; x < x1; ++x) mask[x] |= frame_.planes.bad;
      ++rows_done_;
    }
    return next_ < calib_.boxes.size() ? AF_MORE : AF_OK;
  }

 private:
  const DefectsCalib& calib_;
  IsrFrame& frame_;
  size_t next_ = 0;
  i32 rows_done_ = 0;  // of that box
};

}  // namespace

AfStatus read_defects(const AfStream& stream, DefectsCalib* out, AfError* error) {
  CalibTable from;
  if (const AfStatus status = open_calib_table(stream, 0, &from, error); status != AF_OK) return status;
  const Table& t = from.table;
  const Regions regions{t.find("X"), t.find("Y"), t.find("SHAPE"), t.find("R"), t.find("ROTANG")};
  const Column* const simple[4] = {t.find("x0"), t.find("y0"), t.find("width"), t.find("height")};
  const bool is_region =
      regions.x != nullptr && regions.y != nullptr && regions.shape != nullptr && regions.size != nullptr;
  const bool is_simple = std::all_of(simple, simple + 4, [](const Column* c) { return c != nullptr; });
  if (!is_region && !is_simple)
    return fail(error, AF_UNSUPPORTED,
                "defects want a table with X, Y, SHAPE, R or with x0, y0, width, height", {from.hdu});
  for (u64 row = 0; row < t.rows; ++row) {
    AfBox box{};
    if (!(is_region ? read_region(from, regions, row, &box) : read_simple(from, simple, row, &box)))
      return fail(error, AF_UNSUPPORTED,
                  "a defect that is no box: SHAPE is BOX, POINT or ROTBOX turned by quarters", {from.hdu});
    if (!out->boxes.push(box)) return fail(error, AF_OUT_OF_MEMORY, "no memory for the defects", {from.hdu});
  }
  return AF_OK;
}

Phase* new_defects(const DefectsCalib& calib, IsrFrame* frame) { return create<Defects>(calib, frame); }

}  // namespace af
