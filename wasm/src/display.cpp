// What a display needs: a smaller image, limits and statistics.
#include <algorithm>
#include <cmath>

#include "support.h"

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

inline bool finite(float v) { return std::isfinite(v); }
inline bool finite(i32) { return true; }

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

struct Extremes {
  size_t finite = 0;
  double min = kNanDouble;
  double max = kNanDouble;
};

Extremes extremes(const AfPlane& plane) {
  Extremes result;
  with_pixels(plane, [&](const auto* pixels, size_t count) {
    using T = std::remove_cvref_t<decltype(*pixels)>;
    T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest();
    for (size_t i = 0; i < count; ++i) {
      const bool good = finite(pixels[i]);
      result.finite += good ? 1 : 0;
      low = good && pixels[i] < low ? pixels[i] : low;
      high = good && pixels[i] > high ? pixels[i] : high;
    }
    if (result.finite > 0) {
      result.min = low;
      result.max = high;
    }
  });
  return result;
}

// Every `stride`th finite pixel, at most `most` of them, sorted. False when memory is short.
bool sorted_samples(const AfPlane& plane, size_t stride, size_t most, Array<double>* samples) {
  bool memory = samples->reserve(most);
  with_pixels(plane, [&](const auto* pixels, size_t count) {
    size_t skip = 0;
    for (size_t i = 0; i < count && memory && samples->size() < most; ++i) {
      if (!finite(pixels[i])) continue;
      if (skip == 0) {
        memory = samples->push(static_cast<double>(pixels[i]));
        skip = stride;
      }
      --skip;
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

}  // namespace

extern "C" {

AfPlane* af_bin(const AfPlane* plane, uint32_t factor, AfError* error) {
  if (factor == 0) {
    fail(error, AF_INVALID_ARGUMENT, "a bin factor of 0");
    return nullptr;
  }
  const u32 width = plane->width / factor + (plane->width % factor != 0 ? 1 : 0);
  const u32 height = plane->height / factor + (plane->height % factor != 0 ? 1 : 0);
  Array<double> sums;
  Array<u32> counts;
  AfPlane* binned = af_plane_new(AF_F32, width, height);
  if (binned == nullptr || !sums.resize(width) || !counts.resize(width)) {
    af_plane_free(binned);
    fail(error, AF_OUT_OF_MEMORY, "no memory for the binned image");
    return nullptr;
  }
  with_pixels(*plane, [&](const auto* pixels, size_t) {
    for (u32 by = 0; by < height; ++by) {
      for (u32 bx = 0; bx < width; ++bx) {
        sums[bx] = 0;
        counts[bx] = 0;
      }
      const u32 y_end = std::min<u64>(plane->height, u64{by + 1} * factor);
      for (u32 y = by * factor; y < y_end; ++y) {
        const auto* row = pixels + size_t{y} * plane->width;
        for (u32 bx = 0, x = 0; bx < width; ++bx) {
          const u32 x_end = static_cast<u32>(std::min<u64>(plane->width, u64{bx + 1} * factor));
          double sum = sums[bx];
          u32 count = counts[bx];
          for (; x < x_end; ++x) {
            const bool good = finite(row[x]);
            sum += good ? static_cast<double>(row[x]) : 0.0;
            count += good ? 1 : 0;
          }
          sums[bx] = sum;
          counts[bx] = count;
        }
      }
      float* out = static_cast<float*>(binned->data) + size_t{by} * width;
      for (u32 bx = 0; bx < width; ++bx)
        out[bx] = counts[bx] > 0 ? static_cast<float>(sums[bx] / counts[bx]) : kNan;
    }
  });
  return binned;
}

AfStatus af_zscale(const AfPlane* plane, double limits[2], AfError* error) {
  limits[0] = limits[1] = kNanDouble;
  size_t finite_count = 0;
  with_pixels(*plane, [&](const auto* pixels, size_t count) {
    for (size_t i = 0; i < count; ++i) finite_count += finite(pixels[i]) ? 1 : 0;
  });
  if (finite_count == 0) return AF_OK;
  Array<double> samples;
  Array<u8> rejected, grown;
  const size_t stride = std::max<size_t>(1, finite_count / kSamples);
  if (!sorted_samples(*plane, stride, kSamples, &samples) || !rejected.resize(samples.size()) ||
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
  const Extremes range = extremes(*plane);
  out[0] = range.min;
  out[1] = range.max;
  Array<double> samples;
  if (count > 0 && range.finite > 0) {
    const size_t stride = (range.finite + kPercentileSamples - 1) / kPercentileSamples;
    if (!sorted_samples(*plane, stride, kPercentileSamples, &samples))
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
