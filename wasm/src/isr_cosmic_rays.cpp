// Cosmic rays by their sharp edges: L.A.Cosmic, van Dokkum 2001, PASP 113, 1420, with the choices of the
// common implementations (a fine-structure image of medians 3 and 7, growth by two rounds of neighbours). The
// costly medians are taken only where the Laplacian could still pass its threshold, which changes no result.
#include <algorithm>
#include <cmath>

#include "isr_steps.h"

namespace af {
namespace {

constexpr u32 kIterations = 4;
constexpr float kClip = 4.5f;  // in sigma, of a pixel that begins a cosmic ray
constexpr float kClipNeighbour = 0.3f * kClip;
constexpr float kNearly = 0.999f;  // more than the rounding of the comparison that it stands for
constexpr float kContrast = 5.0f;  // Laplacian against fine structure
constexpr float kLeastFineStructure = 0.01f;
constexpr float kLeastVariance = 1e-5f;
constexpr i32 kBand = 32;              // rows whose cosmic rays are found at once
constexpr i32 kHalo = 6;               // rows and columns beyond them that have a say
constexpr i32 kGrown = 2;              // pixels around a saturated one that are left alone
constexpr i32 kFarthestNeighbour = 4;  // that may replace a cosmic ray's pixel
constexpr float kInfinity = std::numeric_limits<float>::infinity();

enum : u8 { kMaybe = 1, kOver = 2, kSeed = 4, kCore = 8 };

// Of an even count the mean of the two middle values; `count` > 0, values are moved.
float median_of(float* values, size_t count) {
  float* const middle = values + count / 2;
  std::nth_element(values, middle, values + count);
  if (count % 2 == 1) return *middle;
  return static_cast<float>((double{*middle} + double{*std::max_element(values, middle)}) / 2);
}

class CosmicRays final : public Phase {
 public:
  explicit CosmicRays(IsrFrame* frame)
      : frame_(*frame),
        width_(static_cast<i32>(frame->width)),
        height_(static_cast<i32>(frame->height)),
        stride_(frame->width + 2 * kHalo) {}

  AfStatus step(u32 max_rows, AfError* error) override {
    if (found_.empty()) {
      const AfStatus status = prepare(error);
      return status == AF_OK ? AF_MORE : status;
    }
    for (i64 budget = std::max(max_rows, 1u); budget > 0 && iteration_ < kIterations;)
      budget -= cleaning_ ? clean_row() : search();
    return iteration_ < kIterations ? AF_MORE : AF_OK;
  }

 private:
  enum class Part { kLoad, kJudge, kFind };

  AfStatus prepare(AfError* error) {
    const size_t band = size_t{stride_} * (kBand + 2 * kHalo);
    if (!found_.resize(size_t{frame_.width} * frame_.height) || !bad_.resize(frame_.width) ||
        !image_.resize(band) || !variance_.resize(band) || !lowest_.resize(band) ||
        !laplacian_.resize(band) || !noise_.resize(band) || !smooth_.resize(band) || !excess_.resize(band) ||
        !flags_.resize(band))
      return fail(error, AF_OUT_OF_MEMORY, "no memory to look for cosmic rays");
    std::memset(found_.data(), 0, found_.size());
    return AF_OK;
  }

  // Pixel (x, y) of the frame in the band's buffers, whose row kHalo is row_.
  size_t at(i32 x, i32 y) const {
    return static_cast<size_t>(y - row_ + kHalo) * stride_ + static_cast<size_t>(x + kHalo);
  }
  i32 inside_x(i32 x) const { return std::min(std::max(x, 0), width_ - 1); }
  i32 inside_y(i32 y) const { return std::min(std::max(y, 0), height_ - 1); }
  size_t pixel(i32 x, i32 y) const { return frame_.at(static_cast<u32>(x), static_cast<u32>(y)); }

  bool unusable(size_t i) const {
    const i32 bits =
        frame_.planes.saturated | frame_.planes.bad | frame_.planes.no_data | frame_.planes.unmasked_nan;
    return !__builtin_isfinite(frame_.image[i]) || (frame_.mask != nullptr && (frame_.mask[i] & bits) != 0);
  }

  // Pixels that are no cosmic ray whatever they look like: unusable ones, and those around saturated stars.
  bool left_alone(i32 x, i32 y) const {
    if (unusable(pixel(x, y))) return true;
    if (frame_.mask == nullptr) return false;
    for (i32 v = std::max(y - kGrown, 0); v <= std::min(y + kGrown, height_ - 1); ++v)
      for (i32 u = std::max(x - kGrown, 0); u <= std::min(x + kGrown, width_ - 1); ++u)
        if ((frame_.mask[pixel(u, v)] & frame_.planes.saturated) != 0) return true;
    return false;
  }

  // Image and variance of the band and its halo. The frame's edge pixels go on beyond the edge; unusable
  // pixels are interpolated in the image. Unknown variances are infinite.
  void load_row(i32 y) {
    const size_t from = pixel(0, inside_y(y)), to = at(0, y);
    u8 any = 0;
    for (u32 x = 0; x < frame_.width; ++x) {
      bad_[x] = unusable(from + x) ? 1 : 0;
      any |= bad_[x];
    }
    float* const image = image_.data() + to;
    std::memcpy(image, frame_.image + from, frame_.width * sizeof(float));
    if (any != 0 && !interpolate_row(bad_.data(), frame_.width, image))
      for (i32 x = 0; x < width_; ++x) image[x] = 0;
    float* const variance = variance_.data() + to;
    for (i32 x = 0; x < width_; ++x) variance[x] = kInfinity;
    if (frame_.variance != nullptr) {
      for (i32 x = 0; x < width_; ++x) {
        const float v = frame_.variance[from + static_cast<size_t>(x)];
        // A cosmic ray's own variance says nothing about the noise below it.
        if (__builtin_isfinite(v) && found_[from + static_cast<size_t>(x)] == 0) variance[x] = v;
      }
    } else {
      model_variance(inside_y(y), image, variance);
    }
    for (i32 x = -kHalo; x < 0; ++x) {
      image[x] = image[0];
      variance[x] = variance[0];
    }
    for (i32 x = width_; x < width_ + kHalo; ++x) {
      image[x] = image[width_ - 1];
      variance[x] = variance[width_ - 1];
    }
  }

  // Photon and read noise where nothing better is known.
  void model_variance(i32 y, const float* image, float* variance) const {
    for (u32 i = 0; i < frame_.amplifier_count; ++i) {
      const AmplifierInfo& a = frame_.amplifiers[i];
      if (y < a.detector.y0 || y >= a.detector.y1) continue;
      const double gain = frame_.in_electrons ? 1 : a.gain_electron_per_adu;
      const double read = a.read_noise_electron / gain;
      if (!(gain > 0) || !std::isfinite(read)) continue;
      const float inverse = static_cast<float>(1 / gain), floor = static_cast<float>(read * read);
      for (i32 x = a.detector.x0; x < a.detector.x1; ++x) variance[x] = image[x] * inverse + floor;
    }
  }

  // Mean over a pixel's four corners of the positive part of the Laplacian of the image at twice the
  // resolution.
  void laplacian_row(i32 y) {
    const float* const here = image_.data() + at(0, y);
    const float* const below = here - stride_;
    const float* const above = here + stride_;
    float* const out = laplacian_.data() + at(0, y);
    auto positive = [](float v) { return v > 0 ? v : 0.0f; };
    for (i32 x = 1 - kHalo; x < width_ + kHalo - 1; ++x) {
      const float twice = 2 * here[x], left = twice - here[x - 1], right = twice - here[x + 1];
      out[x] = 0.25f * ((positive(left - below[x]) + positive(right - below[x])) +
                        (positive(left - above[x]) + positive(right - above[x])));
    }
  }

  // The lowest variance of the 5 x 5 around each pixel: its median is not below.
  void lowest_row(i32 y) {
    float* const across = smooth_.data() + at(0, y);  // scratch: no smooth pixel has been asked for yet
    float* const out = lowest_.data() + at(0, y);
    const float* const v = variance_.data() + at(0, y);
    for (i32 x = -kHalo; x < width_ + kHalo; ++x) {
      float low = v[x];
      for (i32 d = -2; d <= 2; ++d) {
        const float other = v[x + d * static_cast<i32>(stride_)];
        low = other < low ? other : low;
      }
      across[x] = low;
    }
    for (i32 x = 2 - kHalo; x < width_ + kHalo - 2; ++x) {
      float low = across[x - 2];
      for (i32 d = -1; d <= 2; ++d) low = across[x + d] < low ? across[x + d] : low;
      out[x] = low > kLeastVariance ? low : kLeastVariance;
    }
  }

  // Square root of the median variance of the 5 x 5, infinite where none is known.
  float noise(size_t i) {
    if (noise_[i] >= 0) return noise_[i];
    float values[25];
    size_t n = 0;
    for (size_t row = i - 2 * stride_; row <= i + 2 * stride_; row += stride_)
      for (size_t j = row - 2; j <= row + 2; ++j)
        if (variance_[j] < kInfinity) values[n++] = variance_[j];
    const float variance = n == 0 ? kInfinity : median_of(values, n);
    return noise_[i] = std::sqrt(variance > kLeastVariance ? variance : kLeastVariance);
  }
  float significance(size_t i) { return noise(i) < kInfinity ? laplacian_[i] / (2 * noise(i)) : 0; }

  // The significance without what extended objects have, too.
  float excess(size_t i) {
    if (excess_[i] > -kInfinity) return excess_[i];
    float values[25];
    size_t n = 0;
    for (size_t row = i - 2 * stride_; row <= i + 2 * stride_; row += stride_)
      for (size_t j = row - 2; j <= row + 2; ++j) values[n++] = significance(j);
    return excess_[i] = significance(i) - median_of(values, n);
  }

  float smooth(size_t i) {
    if (!std::isnan(smooth_[i])) return smooth_[i];
    float values[9];
    size_t n = 0;
    for (size_t row = i - stride_; row <= i + stride_; row += stride_)
      for (size_t j = row - 1; j <= row + 1; ++j) values[n++] = image_[j];
    return smooth_[i] = median_of(values, n);
  }

  // What a star has and a cosmic ray has not: structure that survives a small median.
  float fine_structure(size_t i) {
    float values[49];
    size_t n = 0;
    for (size_t row = i - 3 * stride_; row <= i + 3 * stride_; row += stride_)
      for (size_t j = row - 3; j <= row + 3; ++j) values[n++] = smooth(j);
    const float f = (smooth(i) - median_of(values, n)) / noise(i);
    return f > kLeastFineStructure ? f : kLeastFineStructure;
  }

  // Marks the pixels whose significance could be above the threshold: that by the lowest variance is no
  // smaller than the true one, which is no smaller than the excess.
  void mark_candidates(i32 y) {
    constexpr float kLimit = (kNearly * 2 * kClip) * (kNearly * 2 * kClip);
    const size_t first = at(0, y);
    const float *const laplacian = laplacian_.data() + first, *const lowest = lowest_.data() + first;
    u8* const flags = flags_.data() + first;
    for (u32 x = 0; x < frame_.width; ++x)
      flags[x] = laplacian[x] * laplacian[x] > kLimit * lowest[x] ? kMaybe : 0;
  }

  void judge(i32 x, i32 y) {
    const size_t i = at(x, y);
    flags_[i] = 0;
    if (!(significance(i) > kClip) || left_alone(x, y) || !(excess(i) > kClip)) return;
    flags_[i] = kOver;
    if (excess(i) / fine_structure(i) > kContrast) flags_[i] |= kSeed;
  }

  // Calls f(x) for the pixels of the row that have the flag. How many there are.
  template <class F>
  i64 for_flagged(i32 y, u8 flag, F f) {
    const u8* const flags = flags_.data() + at(0, y);
    i64 count = 0;
    for (i32 x = 0; x < width_; ++x) {
      if ((flags[x] & flag) == 0) continue;
      f(x);
      ++count;
    }
    return count;
  }

  // One piece of the search: what a band is judged by, then row by row its candidates, then row by row what
  // is found. Gives what it cost, in rows: how many candidates there are is up to the image.
  i64 search() {
    constexpr i64 kJudgedPerRow = 64;
    const i32 end = std::min(row_ + kBand, height_);
    switch (part_) {
      case Part::kLoad:
        load_band(end);
        part_ = Part::kJudge;
        part_row_ = std::max(row_ - 2, 0);
        return 2 * kBand;
      case Part::kJudge: {
        const i32 y = part_row_;
        const i64 judged = for_flagged(y, kMaybe, [&](i32 x) { judge(x, y); });
        if (++part_row_ == std::min(end + 2, height_)) {
          mark_cores(end);
          part_ = Part::kFind;
          part_row_ = std::max(row_ - 1, 0);
        }
        return 1 + judged / kJudgedPerRow;
      }
      case Part::kFind: {
        const i32 y = part_row_;
        const i64 cores = for_flagged(y, kCore, [&](i32 x) {
          for (i32 v = std::max(y - 1, row_); v <= std::min(y + 1, end - 1); ++v)
            for (i32 u = std::max(x - 1, 0); u <= std::min(x + 1, width_ - 1); ++u) find(u, v);
        });
        if (++part_row_ == std::min(end + 1, height_)) {
          part_ = Part::kLoad;
          row_ = end;
          cleaning_ = row_ == height_;
          if (cleaning_) row_ = 0;
        }
        return 1 + cores / kJudgedPerRow;
      }
    }
    return 1;
  }

  void load_band(i32 end) {
    for (i32 y = row_ - kHalo; y < end + kHalo; ++y) load_row(y);
    for (i32 y = row_ - kHalo + 1; y < end + kHalo - 1; ++y) laplacian_row(y);
    for (i32 y = row_ - 2; y < end + 2; ++y) lowest_row(y);
    for (float& v : noise_) v = -1;
    for (float& v : smooth_) v = std::numeric_limits<float>::quiet_NaN();
    for (float& v : excess_) v = -kInfinity;
    std::memset(flags_.data(), 0, flags_.size());
    for (i32 y = row_ - 2; y < end + 2; ++y) mark_candidates(y);
  }

  // Of the pixels above the threshold those that are or touch a seed.
  void mark_cores(i32 end) {
    for (i32 y = std::max(row_ - 2, 0); y < std::min(end + 2, height_); ++y)
      for_flagged(y, kSeed, [&](i32 x) {
        for (size_t row = at(x - 1, y - 1); row <= at(x - 1, y + 1); row += stride_)
          for (size_t j = row; j < row + 3; ++j)
            if ((flags_[j] & kOver) != 0) flags_[j] |= kCore;
      });
  }

  void find(i32 x, i32 y) {
    u8& found = found_[pixel(x, y)];
    if (found != 0 || left_alone(x, y) || !(excess(at(x, y)) > kClipNeighbour)) return;
    found = 1;
    any_new_ = true;
  }

  // Replaces the cosmic rays of one row by the median of their good neighbours, which no cleaning changes.
  // Gives what it cost, in rows.
  i64 clean_row() {
    constexpr i64 kCleanedPerRow = 64;
    i64 count = 0;
    for (i32 x = 0; x < width_; ++x) {
      const size_t i = pixel(x, row_);
      if (found_[i] == 0) continue;
      ++count;
      float values[(2 * kFarthestNeighbour + 1) * (2 * kFarthestNeighbour + 1)];
      size_t n = 0;
      for (i32 reach = 2; reach <= kFarthestNeighbour && n == 0; ++reach)
        for (i32 v = std::max(row_ - reach, 0); v <= std::min(row_ + reach, height_ - 1); ++v)
          for (i32 u = std::max(x - reach, 0); u <= std::min(x + reach, width_ - 1); ++u)
            if (found_[pixel(u, v)] == 0 && !unusable(pixel(u, v))) values[n++] = frame_.image[pixel(u, v)];
      if (n > 0) frame_.image[i] = median_of(values, n);
      if (frame_.mask != nullptr)
        frame_.mask[i] |= frame_.planes.cosmic_ray | (n > 0 ? frame_.planes.interpolated : 0);
    }
    if (++row_ == height_) {
      cleaning_ = false;
      iteration_ = any_new_ ? iteration_ + 1 : kIterations;
      any_new_ = false;
      row_ = 0;
    }
    return 1 + count / kCleanedPerRow;
  }

  IsrFrame& frame_;
  const i32 width_, height_;
  const u32 stride_;  // of a row of the band's buffers
  Array<u8> found_;   // of the frame
  Array<u8> bad_;     // of one row
  Array<float> image_, variance_, laplacian_;
  Array<float> lowest_;  // variance of the 5 x 5
  Array<float> noise_;   // negative, NaN and -infinity: not computed yet
  Array<float> smooth_;
  Array<float> excess_;
  Array<u8> flags_;
  u32 iteration_ = 0;
  bool cleaning_ = false;
  bool any_new_ = false;
  i32 row_ = 0;  // of the search the band's first
  Part part_ = Part::kLoad;
  i32 part_row_ = 0;
};

}  // namespace

Phase* new_cosmic_rays(IsrFrame* frame) { return create<CosmicRays>(frame); }

}  // namespace af
