// What a display needs: a smaller image, limits and statistics.
#include <algorithm>
#include <cmath>

#include "pixels.h"

using namespace af;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kNanDouble = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kPercentileSamples = 100000;

// zscale's constants, as in IRAF.
constexpr size_t kSamples = 1000;
constexpr double kContrast = 0.25;
constexpr double kMaxReject = 0.5;
constexpr size_t kMinPixels = 5;
constexpr double kReject = 2.5;
constexpr int kMaxRounds = 5;

// Pixels are looked through in blocks: most hold finite pixels only, and of those samples are taken by
// arithmetic.
constexpr size_t kBlockPixels = 4096;

// The order of floats as the order of integers, so that the loops below become vector code without fast-math.
inline i32 bits_of(float v) { return std::bit_cast<i32>(v); }
inline bool finite(float v) { return (bits_of(v) & 0x7F800000) != 0x7F800000; }
inline bool finite(i32) { return true; }
inline i32 order_of(float v) { return bits_of(v) ^ ((bits_of(v) >> 31) & 0x7FFFFFFF); }
inline i32 order_of(i32 v) { return v; }
inline double value_at(i32 order, float) {
  return static_cast<double>(std::bit_cast<float>(order ^ ((order >> 31) & 0x7FFFFFFF)));
}
inline double value_at(i32 order, i32) { return static_cast<double>(order); }

// Calls `visit` with the pixels as i32 or float.
template <class Visit>
void with_pixels(const AfPlane& plane, Visit visit) {
  const size_t count = size_t{plane.width} * plane.height;
  if (plane.type == AF_I32) {
    visit(static_cast<const i32*>(plane.data), count);
  } else {
    visit(static_cast<const float*>(plane.data), count);
  }
}

AfStatus refuse_type(AfError* error) {
  return fail(error, AF_INVALID_ARGUMENT, "a plane that is neither i32 nor f32");
}

struct Survey {
  Array<u16> finite_of_block;
  size_t finite_count = 0;
  double min = kNanDouble;
  double max = kNanDouble;
};

// False when memory is short.
bool survey(const AfPlane& plane, Survey* result) {
  const size_t all = size_t{plane.width} * plane.height;
  if (!result->finite_of_block.resize((all + kBlockPixels - 1) / kBlockPixels)) return false;
  with_pixels(plane, [&](const auto* pixels, size_t count) {
    i32 low = std::numeric_limits<i32>::max(), high = std::numeric_limits<i32>::min();
    for (size_t block = 0; block * kBlockPixels < count; ++block) {
      const auto* p = pixels + block * kBlockPixels;
      const size_t n = std::min(kBlockPixels, count - block * kBlockPixels);
      i32 good_pixels = 0;
      for (size_t i = 0; i < n; ++i) {
        const bool good = finite(p[i]);
        const i32 order = order_of(p[i]);
        good_pixels += good ? 1 : 0;
        low = std::min(low, good ? order : std::numeric_limits<i32>::max());
        high = std::max(high, good ? order : std::numeric_limits<i32>::min());
      }
      result->finite_of_block[block] = static_cast<u16>(good_pixels);
      result->finite_count += static_cast<size_t>(good_pixels);
    }
    if (result->finite_count > 0) {
      result->min = value_at(low, pixels[0]);
      result->max = value_at(high, pixels[0]);
    }
  });
  return true;
}

// The least and the greatest pixel, when no infinity is among them. Comparing with a NaN is false, so that it
// is neither. False when it takes a survey.
bool plain_extremes(const float* pixels, size_t count, double* low, double* high) {
  constexpr size_t kLanes = 16;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float least[kLanes], greatest[kLanes];
  std::fill(least, least + kLanes, kInfinity);
  std::fill(greatest, greatest + kLanes, -kInfinity);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float value = pixels[i + lane];
      least[lane] = value < least[lane] ? value : least[lane];
      greatest[lane] = value > greatest[lane] ? value : greatest[lane];
    }
  }
  for (; i < count; ++i) {
    least[0] = pixels[i] < least[0] ? pixels[i] : least[0];
    greatest[0] = pixels[i] > greatest[0] ? pixels[i] : greatest[0];
  }
  const float min = *std::min_element(least, least + kLanes);
  const float max = *std::max_element(greatest, greatest + kLanes);
  *low = static_cast<double>(min);
  *high = static_cast<double>(max);
  return std::isfinite(min) && std::isfinite(max);
}
bool plain_extremes(const i32*, size_t, double*, double*) { return false; }

// Every `stride`th finite pixel, at most `most` of them, sorted. False when memory is short.
bool sorted_samples(const AfPlane& plane, const Survey& known, size_t stride, size_t most,
                    Array<double>* samples) {
  if (!samples->reserve(std::min(most, known.finite_count))) return false;
  bool memory = true;
  with_pixels(plane, [&](const auto* pixels, size_t count) {
    size_t skip = 0;  // finite pixels to pass by before the next sample
    for (size_t block = 0; block < known.finite_of_block.size() && memory && samples->size() < most;
         ++block) {
      const auto* p = pixels + block * kBlockPixels;
      const size_t n = std::min(kBlockPixels, count - block * kBlockPixels);
      if (known.finite_of_block[block] == n) {
        size_t i = skip;
        for (; i < n && memory && samples->size() < most; i += stride)
          memory = samples->push(static_cast<double>(p[i]));
        skip = i - std::min(i, n);
        continue;
      }
      for (size_t i = 0; i < n && memory && samples->size() < most; ++i) {
        if (!finite(p[i])) continue;
        if (skip == 0) {
          memory = samples->push(static_cast<double>(p[i]));
          skip = stride;
        }
        --skip;
      }
    }
  });
  std::sort(samples->begin(), samples->end());
  return memory;
}

double quantile(const Array<double>& sorted, double fraction) {
  const double at = fraction * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(at);
  if (below + 1 >= sorted.size()) return sorted[sorted.size() - 1];
  const double t = at - static_cast<double>(below), a = sorted[below], b = sorted[below + 1];
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

struct Line {
  double slope;
  double at_zero;
};

// Least squares through (i, samples[i]) of the samples that are not rejected. Centred, so that it stays well
// conditioned.
Line fit_line(const Array<double>& samples, const Array<u8>& rejected) {
  double n = 0, sum_x = 0, sum_y = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (rejected[i] != 0) continue;
    n += 1;
    sum_x += static_cast<double>(i);
    sum_y += samples[i];
  }
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0, xy = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (rejected[i] != 0) continue;
    const double x = static_cast<double>(i) - mean_x;
    xx += x * x;
    xy += x * (samples[i] - mean_y);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  return {slope, mean_y - slope * mean_x};
}

// Rejects what lies off the line by more than kReject sigma, and the neighbours within half of `grow`.
// Returns how many samples are left.
size_t reject(const Array<double>& samples, const Line& line, size_t grow, Array<u8>* rejected,
              Array<u8>* grown) {
  auto residual = [&](size_t i) { return samples[i] - (line.at_zero + line.slope * static_cast<double>(i)); };
  const size_t count = samples.size();
  double n = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < count; ++i) {
    if ((*rejected)[i] != 0) continue;
    n += 1;
    sum += residual(i);
  }
  const double mean = sum / n;
  for (size_t i = 0; i < count; ++i)
    if ((*rejected)[i] == 0) squares += (residual(i) - mean) * (residual(i) - mean);
  const double threshold = kReject * std::sqrt(squares / n);
  for (size_t i = 0; i < count; ++i)
    if (residual(i) < -threshold || residual(i) > threshold) (*rejected)[i] = 1;
  // The window that an even width leaves off centre reaches further towards higher samples.
  const size_t back = grow / 2, ahead = grow - 1 - back;
  std::memset(grown->data(), 0, count);
  for (size_t i = 0; i < count; ++i) {
    if ((*rejected)[i] == 0) continue;
    const size_t from = i < ahead ? 0 : i - ahead, to = std::min(count - 1, i + back);
    for (size_t k = from; k <= to; ++k) (*grown)[k] = 1;
  }
  size_t left = 0;
  for (size_t i = 0; i < count; ++i) {
    (*rejected)[i] = (*grown)[i];
    left += (*grown)[i] == 0 ? 1 : 0;
  }
  return left;
}

template <typename T>
float mean_of_finite(const T* pixels, size_t columns, size_t x_begin, size_t x_end, u64 y_begin, u64 y_end) {
  double total = 0;
  u64 count = 0;
  for (u64 y = y_begin; y < y_end; ++y) {
    for (size_t x = x_begin; x < x_end; ++x) {
      const T value = pixels[y * columns + x];
      if (!finite(value)) continue;
      total += static_cast<double>(value);
      ++count;
    }
  }
  return count > 0 ? static_cast<float>(total / static_cast<double>(count)) : kNan;
}

typedef float f32x2 __attribute__((vector_size(8)));
typedef double f64x2 __attribute__((vector_size(16)));

// The means of whole cells beside each other. NaN or infinite where a pixel of the cell is.
template <size_t kFactor>
void mean_cells(const float* pixels, size_t columns, size_t cells, float* means) {
  for (size_t cell = 0; cell < cells; ++cell) {
    f64x2 sums[kFactor / 2] = {};  // of each column
    for (size_t y = 0; y < kFactor; ++y) {
      for (size_t pair = 0; pair < kFactor / 2; ++pair) {
        f32x2 values;
        std::memcpy(&values, pixels + y * columns + cell * kFactor + pair * 2, sizeof values);
        sums[pair] += __builtin_convertvector(values, f64x2);
      }
    }
    double total = 0;
    for (const f64x2& sum : sums) total = total + sum[0] + sum[1];
    means[cell] = static_cast<float>(total / static_cast<double>(kFactor * kFactor));
  }
}

// Those of them whose size the display asks for; returns how many were done.
size_t mean_whole_cells(const float* pixels, size_t columns, u64 rows, u32 factor, float* means) {
  const size_t cells = columns / factor;
  if (rows < factor) return 0;
  if (factor == 2) return mean_cells<2>(pixels, columns, cells, means), cells;
  if (factor == 4) return mean_cells<4>(pixels, columns, cells, means), cells;
  if (factor == 8) return mean_cells<8>(pixels, columns, cells, means), cells;
  return 0;
}
size_t mean_whole_cells(const i32*, size_t, u64, u32, float*) { return 0; }

}  // namespace

extern "C" {

AfPlane* af_bin(const AfPlane* plane, uint32_t factor, AfError* error) {
  if (factor == 0) {
    fail(error, AF_INVALID_ARGUMENT, "a bin factor of 0");
    return nullptr;
  }
  if (!is_working_type(plane->type)) {
    refuse_type(error);
    return nullptr;
  }
  const u32 width = plane->width / factor + (plane->width % factor != 0 ? 1 : 0);
  const u32 height = plane->height / factor + (plane->height % factor != 0 ? 1 : 0);
  Array<double> sums;  // of each column over the rows of a cell
  AfPlane* binned = af_plane_new(AF_F32, width, height);
  if (binned == nullptr || !sums.resize(plane->width)) {
    af_plane_free(binned);
    fail(error, AF_OUT_OF_MEMORY, "no memory for the binned image");
    return nullptr;
  }
  with_pixels(*plane, [&](const auto* pixels, size_t) {
    const size_t columns = plane->width;
    double* const sum = sums.data();
    for (u32 by = 0; by < height; ++by) {
      const u64 y_begin = u64{by} * factor;
      const u64 y_end = std::min<u64>(plane->height, y_begin + factor);
      const auto* row = pixels + y_begin * columns;
      float* out = static_cast<float*>(binned->data) + size_t{by} * width;
      const size_t done = mean_whole_cells(row, columns, y_end - y_begin, factor, out);
      const size_t begin = done * factor;
      for (size_t x = begin; x < columns; ++x) sum[x] = static_cast<double>(row[x]);
      for (u64 y = y_begin + 1; y < y_end; ++y) {
        row = pixels + y * columns;
        for (size_t x = begin; x < columns; ++x) sum[x] += static_cast<double>(row[x]);
      }
      for (size_t bx = 0; bx < width; ++bx) {
        const size_t x_begin = bx * factor;
        const size_t x_end = static_cast<size_t>(std::min<u64>(columns, u64{x_begin} + factor));
        if (bx >= done) {
          double total = 0;
          for (size_t x = x_begin; x < x_end; ++x) total += sum[x];
          const u64 count = (y_end - y_begin) * (x_end - x_begin);
          out[bx] = static_cast<float>(total / static_cast<double>(count));
        }
        // Few cells have a pixel without a value; only those are gone through pixel by pixel.
        if (!finite(out[bx])) out[bx] = mean_of_finite(pixels, columns, x_begin, x_end, y_begin, y_end);
      }
    }
  });
  return binned;
}

AfStatus af_zscale(const AfPlane* plane, double limits[2], AfError* error) {
  limits[0] = limits[1] = kNanDouble;
  if (!is_working_type(plane->type)) return refuse_type(error);
  Survey known;
  Array<double> samples;
  Array<u8> rejected, grown;
  if (!survey(*plane, &known)) return fail(error, AF_OUT_OF_MEMORY, "no memory for the samples");
  if (known.finite_count == 0) return AF_OK;
  const size_t stride = std::max<size_t>(1, known.finite_count / kSamples);
  if (!sorted_samples(*plane, known, stride, kSamples, &samples) || !rejected.resize(samples.size()) ||
      !grown.resize(samples.size()))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for the samples");
  const size_t count = samples.size();
  std::memset(rejected.data(), 0, count);
  limits[0] = samples[0];
  limits[1] = samples[count - 1];
  const size_t min_pixels =
      std::max(kMinPixels, static_cast<size_t>(static_cast<double>(count) * kMaxReject));
  const size_t grow = std::max<size_t>(1, static_cast<size_t>(static_cast<double>(count) * 0.01));
  size_t good = count, good_before = count + 1;
  Line line{0, 0};
  for (int round = 0; round < kMaxRounds && good < good_before && good >= min_pixels; ++round) {
    line = fit_line(samples, rejected);
    good_before = good;
    good = reject(samples, line, grow, &rejected, &grown);
  }
  if (good >= min_pixels) {
    const double slope = line.slope / kContrast;
    const double middle = quantile(samples, 0.5);
    const double centre = static_cast<double>((count - 1) / 2);
    limits[0] = std::max(limits[0], middle - (centre - 1) * slope);
    limits[1] = std::min(limits[1], middle + (static_cast<double>(count) - centre) * slope);
  }
  return AF_OK;
}

AfStatus af_statistics(const AfPlane* plane, const double* fractions, uint32_t count, double* out,
                       AfError* error) {
  if (!is_working_type(plane->type)) return refuse_type(error);
  if (count == 0) {
    bool plain = false;
    with_pixels(*plane, [&](const auto* pixels, size_t pixel_count) {
      plain = plain_extremes(pixels, pixel_count, &out[0], &out[1]);
    });
    if (plain) return AF_OK;
  }
  Survey known;
  Array<double> samples;
  if (!survey(*plane, &known)) return fail(error, AF_OUT_OF_MEMORY, "no memory for the samples");
  out[0] = known.min;
  out[1] = known.max;
  if (count > 0 && known.finite_count > 0) {
    const size_t stride = (known.finite_count + kPercentileSamples - 1) / kPercentileSamples;
    if (!sorted_samples(*plane, known, stride, kPercentileSamples, &samples))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for the samples");
  }
  for (u32 i = 0; i < count; ++i) {
    if (!(fractions[i] >= 0 && fractions[i] <= 1))
      return fail(error, AF_INVALID_ARGUMENT, "a percentile fraction outside 0 to 1");
    out[2 + i] = samples.empty() ? kNanDouble : quantile(samples, fractions[i]);
  }
  return AF_OK;
}

}  // extern "C"
