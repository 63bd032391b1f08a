// Raw amplifiers to a detector image: serial overscan, assembly, bias, dark, flat.
// The overscan follows the Science Pipelines' MEDIAN_PER_ROW (lsst.ip.isr overscan.py) in float arithmetic.
#include <algorithm>

#include "pixels.h"

using namespace af;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kSigmaPerQuartileRange = 0.74;
constexpr double kWideRow = 2.0;  // times the median sigma
constexpr double kClip = 3.0;     // sigma
// An overscan row is narrower than a row of the result; this many of them count as one row of a step.
constexpr u32 kOverscanRowsPerRow = 4;

struct RowFit {
  double middle;  // median of all values
  double sigma;
  u32 count;  // finite values
};

i32 box_width(const AfBox& b) { return b.x1 - b.x0; }
i32 box_height(const AfBox& b) { return b.y1 - b.y0; }
bool inside(const AfBox& b, u32 width, u32 height) {
  return b.x0 >= 0 && b.y0 >= 0 && b.x0 < b.x1 && b.y0 < b.y1 && static_cast<u32>(b.x1) <= width &&
         static_cast<u32>(b.y1) <= height;
}

// Linear between order statistics; `sorted` holds `count` > 0 values.
double quantile(const float* sorted, u32 count, double fraction) {
  const double at = fraction * (count - 1);
  const u32 below = static_cast<u32>(at);
  if (below + 1 >= count) return sorted[count - 1];
  const double t = at - below, a = sorted[below], b = sorted[below + 1];
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

// Of an even count the mean of the two middle values.
double median_of_sorted(const float* sorted, u32 count) {
  const u32 half = count / 2;
  return count % 2 == 1 ? double{sorted[half]} : (double{sorted[half - 1]} + double{sorted[half]}) / 2;
}

struct Amplifier {
  AfAmplifier request;
  float* offsets = nullptr;  // overscan level of each row of `data`, or null without overscan
};

}  // namespace

struct AfReduction {
  AfReduction() = default;
  AfReduction(const AfReduction&) = delete;
  AfReduction& operator=(const AfReduction&) = delete;
  ~AfReduction() {
    if (!done && !borrowed) af_plane_free(plane);
  }

  AfStatus start(const AfReductionOptions* options, AfError* error);
  AfStatus step(u32 max_rows, AfError* error);
  bool fit_rows(u32* budget);
  void finish_amplifier();
  void sort_row(const Amplifier& amplifier, u32 row, float* to, u32* count) const;
  void reduce_row(u32 y);

  AfReductionOptions request{};
  Array<Amplifier> amplifiers;
  Array<float> offsets;  // all amplifiers' rows
  Array<float> sorted;   // the overscan of one amplifier, each row sorted
  Array<RowFit> fits;
  Array<double> sigmas;
  Array<u8> clipped_whole;
  AfPlane* plane = nullptr;
  bool borrowed = false;
  bool done = false;
  bool covered = false;  // every pixel belongs to an amplifier
  float dark_scale = 1;
  u32 amplifier = 0;  // whose overscan is next
  u32 overscan_row = 0;
  u32 next_row = 0;
};

AfStatus AfReduction::start(const AfReductionOptions* options, AfError* error) {
  request = *options;
  const u32 width = request.width, height = request.height;
  auto invalid = [&](const char* message) { return fail(error, AF_INVALID_ARGUMENT, message); };
  if (width == 0 || height == 0 || width > 1000000 || height > 1000000)
    return invalid("a result without a size");
  if (request.amplifier_count > 1024) return invalid("more than 1024 amplifiers");
  for (const AfPlane* calib :
       {request.bias, request.dark, request.flat, static_cast<const AfPlane*>(request.into)}) {
    if (calib == nullptr) continue;
    if (calib->type != AF_F32 || calib->width != width || calib->height != height)
      return invalid("a calib or target plane that is not f32 of the size of the result");
  }
  dark_scale = static_cast<float>(request.dark_scale);
  size_t rows = 0, widest = 0, tallest = 0;
  u64 area = 0;
  for (u32 i = 0; i < request.amplifier_count; ++i) {
    const AfAmplifier& a = request.amplifiers[i];
    if (a.raw == nullptr || !inside(a.data, a.raw->width, a.raw->height))
      return invalid("an amplifier's data box that is not inside its raw plane");
    if (!is_working_type(a.raw->type)) return invalid("a raw plane that is neither i32 nor f32");
    if (!inside(a.detector, width, height)) return invalid("an amplifier's detector box outside the result");
    if (box_width(a.data) != box_width(a.detector) || box_height(a.data) != box_height(a.detector))
      return invalid("an amplifier's data and detector boxes of different sizes");
    if (request.overscan != 0) {
      const AfBox& o = a.serial_overscan;
      if (!inside(o, a.raw->width, a.raw->height))
        return invalid("an amplifier's overscan box that is not inside its raw plane");
      if (o.y0 > a.data.y0 || o.y1 < a.data.y1)
        return invalid("an overscan box that does not cover the data rows");
      widest = std::max(widest, static_cast<size_t>(box_width(o)));
      tallest = std::max(tallest, static_cast<size_t>(box_height(o)));
    }
    rows += static_cast<size_t>(box_height(a.data));
    area += static_cast<u64>(box_width(a.data)) * static_cast<u64>(box_height(a.data));
    if (!amplifiers.push({a, nullptr})) return fail(error, AF_OUT_OF_MEMORY, "no memory for the amplifiers");
  }
  covered = area == u64{width} * height;
  if (request.overscan != 0) {
    if (!offsets.resize(rows) || !sorted.resize(widest * tallest) || !fits.resize(tallest) ||
        !sigmas.resize(tallest) || !clipped_whole.resize(tallest))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for the overscan");
    float* next = offsets.data();
    for (Amplifier& a : amplifiers) {
      a.offsets = next;
      next += box_height(a.request.data);
    }
  } else {
    amplifier = static_cast<u32>(amplifiers.size());
  }
  borrowed = request.into != nullptr;
  plane = borrowed ? request.into : af_plane_new(AF_F32, width, height);
  if (plane == nullptr) return fail(error, AF_OUT_OF_MEMORY, "no memory for the result");
  return AF_OK;
}

// Sorts integers of a narrow range, as those of an overscan row are, by counting them. False when the range
// is wide.
static bool sort_by_counting(const i32* from, u32 count, float* to) {
  constexpr u32 kRange = 512;
  i32 low = from[0], high = from[0];
  for (u32 i = 1; i < count; ++i) {
    low = std::min(low, from[i]);
    high = std::max(high, from[i]);
  }
  const i64 range = i64{high} - low + 1;
  if (range > kRange || count > 65535) return false;
  u16 counts[kRange];
  std::memset(counts, 0, static_cast<size_t>(range) * sizeof counts[0]);
  for (u32 i = 0; i < count; ++i) ++counts[from[i] - low];
  for (i32 v = 0; v < range; ++v)
    for (u32 n = counts[v]; n > 0; --n) *to++ = static_cast<float>(low + v);
  return true;
}

void AfReduction::sort_row(const Amplifier& a, u32 row, float* to, u32* count) const {
  const AfBox& o = a.request.serial_overscan;
  const AfPlane& raw = *a.request.raw;
  const size_t at = (static_cast<size_t>(o.y0) + row) * raw.width + static_cast<size_t>(o.x0);
  const u32 width = static_cast<u32>(box_width(o));
  u32 n = 0;
  if (raw.type == AF_I32) {
    const i32* from = static_cast<const i32*>(raw.data) + at;
    *count = width;
    if (sort_by_counting(from, width, to)) return;
    for (; n < width; ++n) to[n] = static_cast<float>(from[n]);
  } else {
    const float* from = static_cast<const float*>(raw.data) + at;
    for (u32 x = 0; x < width; ++x)
      if (__builtin_isfinite(from[x])) to[n++] = from[x];
  }
  std::sort(to, to + n);
  *count = n;
}

// Sorts and measures overscan rows of the present amplifier. True when it has no more.
bool AfReduction::fit_rows(u32* budget) {
  const Amplifier& a = amplifiers[amplifier];
  const size_t width = static_cast<size_t>(box_width(a.request.serial_overscan));
  const u32 height = static_cast<u32>(box_height(a.request.serial_overscan));
  for (; overscan_row < height && *budget > 0; ++overscan_row, --*budget) {
    float* row = sorted.data() + overscan_row * width;
    RowFit fit{0, 0, 0};
    sort_row(a, overscan_row, row, &fit.count);
    if (fit.count > 0) {
      fit.middle = median_of_sorted(row, fit.count);
      fit.sigma = kSigmaPerQuartileRange * (quantile(row, fit.count, 0.75) - quantile(row, fit.count, 0.25));
    }
    fits[overscan_row] = fit;
  }
  return overscan_row == height;
}

// Clips each row by its own sigma, or by the amplifier's where a bleed has widened its own, and takes the
// medians.
void AfReduction::finish_amplifier() {
  Amplifier& a = amplifiers[amplifier];
  const AfBox& o = a.request.serial_overscan;
  const AfBox& d = a.request.data;
  const size_t width = static_cast<size_t>(box_width(o));
  const u32 height = static_cast<u32>(box_height(o));
  for (u32 y = 0; y < height; ++y) sigmas[y] = fits[y].sigma;
  double* const end = sigmas.data() + height;
  double* const half = sigmas.data() + height / 2;
  std::nth_element(sigmas.data(), half, end);
  double typical = *half;
  if (height % 2 == 0) typical = (typical + *std::max_element(sigmas.data(), half)) / 2;

  const u32 first = static_cast<u32>(d.y0 - o.y0), count = static_cast<u32>(box_height(d));
  for (u32 y = 0; y < count; ++y) {
    const RowFit& fit = fits[first + y];
    const double sigma = fit.sigma > kWideRow * typical ? typical : fit.sigma;
    const float* row = sorted.data() + (first + y) * width;
    u32 low = 0, high = fit.count;
    while (low < high && fit.middle - double{row[low]} > kClip * sigma) ++low;
    while (high > low && double{row[high - 1]} - fit.middle > kClip * sigma) --high;
    clipped_whole[y] = low == high ? 1 : 0;
    a.offsets[y] = low == high ? kNan : static_cast<float>(median_of_sorted(row + low, high - low));
  }
  for (u32 y = 0; y < count; ++y) {
    if (clipped_whole[y] == 0) continue;
    i64 below = i64{y} - 1, above = i64{y} + 1;
    while (below >= 0 && clipped_whole[static_cast<size_t>(below)] != 0) --below;
    while (above < count && clipped_whole[static_cast<size_t>(above)] != 0) ++above;
    if (below >= 0 && above < count) {
      a.offsets[y] = static_cast<float>((double{a.offsets[below]} + double{a.offsets[above]}) / 2);
    } else if (below >= 0 || above < count) {
      a.offsets[y] = a.offsets[below >= 0 ? below : above];
    }
  }
  ++amplifier;
  overscan_row = 0;
}

namespace {

template <class T>
void copy_segment(const T* from, i32 count, bool reversed, float offset, bool subtract, float* to) {
  if (!subtract) {
    for (i32 x = 0; x < count; ++x) to[x] = static_cast<float>(from[reversed ? count - 1 - x : x]);
  } else if (reversed) {
    for (i32 x = 0; x < count; ++x) to[x] = static_cast<float>(from[count - 1 - x]) - offset;
  } else {
    for (i32 x = 0; x < count; ++x) to[x] = static_cast<float>(from[x]) - offset;
  }
}

}  // namespace

void AfReduction::reduce_row(u32 y) {
  const size_t width = request.width;
  float* const out = static_cast<float*>(plane->data) + y * width;
  if (!covered)
    for (size_t x = 0; x < width; ++x) out[x] = kNan;
  for (const Amplifier& a : amplifiers) {
    const AfBox& to = a.request.detector;
    const AfBox& from = a.request.data;
    if (static_cast<i32>(y) < to.y0 || static_cast<i32>(y) >= to.y1) continue;
    const i32 up = static_cast<i32>(y) - to.y0;
    const i32 row = a.request.flip_y != 0 ? box_height(from) - 1 - up : up;
    const AfPlane& raw = *a.request.raw;
    const size_t at = static_cast<size_t>(from.y0 + row) * raw.width + static_cast<size_t>(from.x0);
    const float offset = a.offsets != nullptr ? a.offsets[row] : 0;
    const bool reversed = a.request.flip_x != 0;
    if (raw.type == AF_I32) {
      copy_segment(static_cast<const i32*>(raw.data) + at, box_width(from), reversed, offset,
                   a.offsets != nullptr, out + to.x0);
    } else {
      copy_segment(static_cast<const float*>(raw.data) + at, box_width(from), reversed, offset,
                   a.offsets != nullptr, out + to.x0);
    }
  }
  auto row_of = [&](const AfPlane* calib) { return static_cast<const float*>(calib->data) + y * width; };
  if (request.bias != nullptr) {
    const float* bias = row_of(request.bias);
    for (size_t x = 0; x < width; ++x) out[x] -= bias[x];
  }
  if (request.dark != nullptr) {
    const float* dark = row_of(request.dark);
    for (size_t x = 0; x < width; ++x) out[x] -= dark[x] * dark_scale;
  }
  if (request.flat != nullptr) {
    const float* flat = row_of(request.flat);
    constexpr float kMax = std::numeric_limits<float>::max();
    for (size_t x = 0; x < width; ++x) {
      const bool good = flat[x] > 0 && flat[x] <= kMax;
      const float quotient = out[x] / (good ? flat[x] : 1.0f);
      out[x] = good ? quotient : kNan;
    }
  }
}

AfStatus AfReduction::step(u32 max_rows, AfError*) {
  if (done) return AF_OK;
  if (max_rows == 0) max_rows = 1;
  u32 budget = max_rows > 1000000 ? 1000000 * kOverscanRowsPerRow : max_rows * kOverscanRowsPerRow;
  while (amplifier < amplifiers.size()) {
    if (budget == 0) return AF_MORE;
    if (fit_rows(&budget)) finish_amplifier();
  }
  for (; next_row < request.height && budget >= kOverscanRowsPerRow;
       ++next_row, budget -= kOverscanRowsPerRow)
    reduce_row(next_row);
  if (next_row < request.height) return AF_MORE;
  done = true;
  offsets.release();
  sorted.release();
  fits.release();
  sigmas.release();
  clipped_whole.release();
  return AF_OK;
}

extern "C" {

AfReduction* af_reduction_new(const AfReductionOptions* options, AfError* error) {
  AfReduction* reduction = create<AfReduction>();
  if (reduction == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for a reduction");
    return nullptr;
  }
  if (reduction->start(options, error) != AF_OK) {
    destroy(reduction);
    return nullptr;
  }
  return reduction;
}

AfStatus af_reduction_step(AfReduction* reduction, uint32_t max_rows, AfError* error) {
  return reduction->step(max_rows, error);
}

AfPlane* af_reduction_plane(AfReduction* reduction) { return reduction->plane; }

void af_reduction_free(AfReduction* reduction) { destroy(reduction); }

}  // extern "C"
