// The per-line fit follows MEDIAN_PER_ROW of the Science Pipelines (lsst.ip.isr overscan.py): outliers of a
// line are masked by its quartiles before its median is taken.
#include "isr_overscan.h"

#include <algorithm>
#include <cmath>

namespace af {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr u32 kLanes = OverscanFit::kLanes;
constexpr double kSigmaPerQuartileRange = 0.74;
constexpr double kWideLine = 2.0;  // times the median sigma
constexpr double kClip = 3.0;      // sigma
// Comparisons grow as n (log n)^2: beyond this many samples each line is sorted by itself.
constexpr u32 kMaxNetwork = 256;

bool is_finite(float v) { return v - v == 0; }

// Linear between order statistics, as numpy.percentile does it; `count` > 0. Lane by lane: sorted[k *
// kLanes].
double quantile(const float* sorted, u32 count, double fraction) {
  const double at = fraction * (count - 1);
  const u32 below = static_cast<u32>(at);
  if (below + 1 >= count) return sorted[size_t{count - 1} * kLanes];
  const double t = at - below;
  const double a = sorted[size_t{below} * kLanes], b = sorted[size_t{below + 1} * kLanes];
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

// Of the sorted samples [low, high) of a lane; of an even count the mean of the two middle ones.
double median_between(const float* sorted, u32 low, u32 high) {
  const u32 half = low + (high - low) / 2;
  const double upper = sorted[size_t{half} * kLanes];
  return (high - low) % 2 == 1 ? upper : (double{sorted[size_t{half - 1} * kLanes]} + upper) / 2;
}

template <class T>
double median_of(T* values, size_t count) {
  T* const half = values + count / 2;
  std::nth_element(values, half, values + count);
  if (count % 2 == 1) return *half;
  return (double{*std::max_element(values, half)} + double{*half}) / 2;
}

void compare(float* __restrict a, float* __restrict b) {
  for (u32 lane = 0; lane < kLanes; ++lane) {
    const float x = a[lane], y = b[lane];
    a[lane] = y < x ? y : x;
    b[lane] = y < x ? x : y;
  }
}

}  // namespace

bool OverscanFit::start(AfOverscan method, u32 lines, u32 samples) {
  method_ = method;
  lines_ = lines;
  samples_ = samples;
  const size_t count = size_t{blocks()} * kLanes * samples;
  if (!values_.resize(count) || !fits_.resize(lines) || !scratch_.resize(lines)) return false;
  if (method == AF_OVERSCAN_MEDIAN && !together_.resize(size_t{lines} * samples)) return false;
  if (network_samples_ == samples) return true;
  network_samples_ = samples;
  network_.clear();
  if (samples > kMaxNetwork) return true;
  // Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M).
  u32 top = 1;
  while (2 * top < samples) top *= 2;
  for (u32 p = samples > 1 ? top : 0; p > 0; p /= 2) {
    for (u32 q = top, r = 0, d = p;; d = q - p, q /= 2, r = p) {
      for (u32 i = 0; i + d < samples; ++i)
        if ((i & p) == r && !network_.push({static_cast<u16>(i), static_cast<u16>(i + d)})) return false;
      if (q == p) break;
    }
  }
  return true;
}

void OverscanFit::sort_block(float* values, u32 first_line) {
  const size_t count = size_t{samples_} * kLanes;
  // The lanes behind the last line are defined too, so that nothing depends on what was there before.
  const u32 used = std::min(kLanes, lines_ - first_line);
  for (u32 lane = used; lane < kLanes; ++lane)
    for (u32 k = 0; k < samples_; ++k) values[size_t{k} * kLanes + lane] = 0;
  float differences[kLanes] = {};
  for (size_t i = 0; i < count; i += kLanes)
    for (u32 lane = 0; lane < kLanes; ++lane) differences[lane] += values[i + lane] - values[i + lane];
  bool finite = samples_ <= kMaxNetwork;
  for (u32 lane = 0; lane < kLanes; ++lane) finite = finite && differences[lane] == 0;
  if (finite) {
    for (const Comparison& c : network_)
      compare(values + size_t{c.low} * kLanes, values + size_t{c.high} * kLanes);
    for (u32 lane = 0; lane < used; ++lane) fits_[first_line + lane].count = samples_;
    return;
  }
  for (u32 lane = 0; lane < used; ++lane) {
    // Finite samples to the front, then heap sort in place: the samples of a lane are not side by side.
    u32 n = 0;
    auto at = [&](u32 k) -> float& { return values[size_t{k} * kLanes + lane]; };
    for (u32 k = 0; k < samples_; ++k)
      if (is_finite(at(k))) at(n++) = at(k);
    fits_[first_line + lane].count = n;
    auto sift = [&](u32 root, u32 end) {
      for (u32 child = 2 * root + 1; child < end; root = child, child = 2 * root + 1) {
        if (child + 1 < end && at(child) < at(child + 1)) ++child;
        if (!(at(root) < at(child))) return;
        std::swap(at(root), at(child));
      }
    };
    for (u32 root = n / 2; root > 0; --root) sift(root - 1, n);
    for (u32 end = n; end > 1; --end) {
      std::swap(at(0), at(end - 1));
      sift(0, end - 1);
    }
  }
}

void OverscanFit::fit_block(const float* values, u32 first_line) {
  const u32 used = std::min(kLanes, lines_ - first_line);
  for (u32 lane = 0; lane < used; ++lane) {
    Line& fit = fits_[first_line + lane];
    fit.middle = fit.sigma = 0;
    if (fit.count == 0) continue;
    const float* sorted = values + lane;
    fit.middle = median_between(sorted, 0, fit.count);
    fit.sigma =
        kSigmaPerQuartileRange * (quantile(sorted, fit.count, 0.75) - quantile(sorted, fit.count, 0.25));
  }
}

void OverscanFit::take_block(u32 index) {
  const bool sorted = method_ == AF_OVERSCAN_MEDIAN_PER_ROW || method_ == AF_OVERSCAN_PLAIN_MEDIAN_PER_ROW ||
                      method_ == AF_OVERSCAN_SPLINE;
  if (!sorted) return;
  sort_block(block(index), index * kLanes);
  fit_block(block(index), index * kLanes);
}

double OverscanFit::typical_sigma() {
  for (u32 i = 0; i < lines_; ++i) scratch_[i] = fits_[i].sigma;
  return median_of(scratch_.data(), lines_);
}

// The sorted samples that stay are [low, high).
void OverscanFit::clip(const float* sorted, const Line& line, double typical, u32* low, u32* high) const {
  *low = 0;
  *high = line.count;
  if (method_ == AF_OVERSCAN_PLAIN_MEDIAN_PER_ROW) return;
  // A bleed widens a line's own sigma.
  const double sigma = line.sigma > kWideLine * typical ? typical : line.sigma;
  auto at = [&](u32 k) { return double{sorted[size_t{k} * kLanes]}; };
  while (*low < *high && line.middle - at(*low) > kClip * sigma) ++*low;
  while (*high > *low && at(*high - 1) - line.middle > kClip * sigma) --*high;
}

void OverscanFit::line_levels(float* levels) {
  const double typical = method_ == AF_OVERSCAN_MEAN_PER_ROW ? 0 : typical_sigma();
  for (u32 i = 0; i < lines_; ++i) {
    const float* values = block(i / kLanes) + i % kLanes;
    levels[i] = kNan;
    if (method_ == AF_OVERSCAN_MEAN_PER_ROW) {
      double sum = 0;
      u32 count = 0;
      for (u32 k = 0; k < samples_; ++k) {
        const float v = values[size_t{k} * kLanes];
        if (!is_finite(v)) continue;
        sum += v;
        ++count;
      }
      if (count > 0) levels[i] = static_cast<float>(sum / count);
      continue;
    }
    u32 low = 0, high = 0;
    clip(values, fits_[i], typical, &low, &high);
    if (low < high) levels[i] = static_cast<float>(median_between(values, low, high));
  }
  // A line without a level takes the mean of its nearest ones that have one. NaN marks it until then, so the
  // filled ones are written behind the walk.
  for (u32 i = 0; i < lines_; ++i) {
    scratch_[i] = levels[i];
    if (is_finite(levels[i])) continue;
    i64 below = i64{i} - 1, above = i64{i} + 1;
    while (below >= 0 && !is_finite(levels[below])) --below;
    while (above < lines_ && !is_finite(levels[above])) ++above;
    if (below >= 0 && above < lines_) {
      scratch_[i] = (double{levels[below]} + double{levels[above]}) / 2;
    } else if (below >= 0 || above < lines_) {
      scratch_[i] = levels[below >= 0 ? below : above];
    }
  }
  for (u32 i = 0; i < lines_; ++i) levels[i] = static_cast<float>(scratch_[i]);
}

// Of all samples of all lines, line by line; NaN when none is finite.
double OverscanFit::common_level() {
  double sum = 0;
  size_t count = 0;
  for (u32 i = 0; i < lines_; ++i) {
    for (u32 k = 0; k < samples_; ++k) {
      const float v = block(i / kLanes)[size_t{k} * kLanes + i % kLanes];
      if (!is_finite(v)) continue;
      sum += v;
      if (method_ == AF_OVERSCAN_MEDIAN) together_[count] = v;
      ++count;
    }
  }
  if (count == 0) return kNan;
  return method_ == AF_OVERSCAN_MEAN ? sum / static_cast<double>(count) : median_of(together_.data(), count);
}

bool OverscanFit::finish(float* levels) {
  if (per_line()) {
    line_levels(levels);
    return method_ != AF_OVERSCAN_SPLINE || smooth_by_spline(levels, lines_);
  }
  const float level = static_cast<float>(common_level());
  for (u32 i = 0; i < lines_; ++i) levels[i] = level;
  return true;
}

bool smooth_by_spline(float* levels, u32 count) {
  constexpr u32 kLinesPerKnot = 64;
  const u32 knots = std::max(2u, (count + kLinesPerKnot / 2) / kLinesPerKnot);
  if (count < knots) return true;  // a single line
  Array<double> at, value, curvature, diagonal;
  if (!at.resize(knots) || !value.resize(knots) || !curvature.resize(knots) || !diagonal.resize(knots))
    return false;
  for (u32 k = 0; k < knots; ++k) {
    const u32 first = static_cast<u32>(u64{k} * count / knots);
    const u32 end = static_cast<u32>((u64{k} + 1) * count / knots);
    double sum = 0;
    for (u32 i = first; i < end; ++i) sum += levels[i];
    at[k] = (static_cast<double>(first) + (end - 1)) / 2;
    value[k] = sum / (end - first);
  }
  // Second derivatives at the knots, zero at both ends (de Boor, A Practical Guide to Splines, chapter IV): a
  // tridiagonal system, solved by elimination.
  curvature[0] = curvature[knots - 1] = 0;
  diagonal[0] = 1;
  for (u32 k = 1; k + 1 < knots; ++k) {
    const double left = at[k] - at[k - 1], right = at[k + 1] - at[k];
    const double factor = k > 1 ? left / diagonal[k - 1] : 0;
    diagonal[k] = 2 * (left + right) - factor * left;
    curvature[k] = 6 * ((value[k + 1] - value[k]) / right - (value[k] - value[k - 1]) / left) -
                   factor * (k > 1 ? curvature[k - 1] : 0);
  }
  for (u32 k = knots - 1; k-- > 1;)
    curvature[k] = (curvature[k] - (at[k + 1] - at[k]) * curvature[k + 1]) / diagonal[k];
  for (u32 i = 0, k = 0; i < count; ++i) {
    // The outermost pieces go on beyond their knots.
    while (k + 2 < knots && i > at[k + 1]) ++k;
    const double h = at[k + 1] - at[k], a = (at[k + 1] - i) / h, b = (i - at[k]) / h;
    levels[i] =
        static_cast<float>(a * value[k] + b * value[k + 1] +
                           ((a * a * a - a) * curvature[k] + (b * b * b - b) * curvature[k + 1]) * h * h / 6);
  }
  return true;
}

}  // namespace af
