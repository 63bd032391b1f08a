// Levels of overscan: of each row of a segment (serial) or each column of its image area (parallel).
#ifndef ASTRO_FITS_ISR_OVERSCAN_H_
#define ASTRO_FITS_ISR_OVERSCAN_H_

#include "support.h"

namespace af {

/*
 * Lines of equally many samples, to each of which a level is fitted. The caller writes the samples, has them
 * sorted block by block, and takes the levels. Samples that are not finite do not count.
 *
 * kLanes lines lie side by side, sample by sample: all of a block are sorted by one network of comparisons,
 * and the inner loops run over the lanes.
 */
class OverscanFit {
 public:
  static constexpr u32 kLanes = 16;

  OverscanFit() = default;
  OverscanFit(const OverscanFit&) = delete;
  OverscanFit& operator=(const OverscanFit&) = delete;

  // False when memory is short. Both counts are positive.
  [[nodiscard]] bool start(AfOverscan method, u32 lines, u32 samples);
  u32 lines() const { return lines_; }
  u32 blocks() const { return (lines_ + kLanes - 1) / kLanes; }
  // samples x kLanes numbers; line l of the block has its sample k at [k * kLanes + l].
  float* block(u32 index) { return values_.data() + size_t{index} * samples_ * kLanes; }
  // Once its samples are written.
  void take_block(u32 index);
  // Once all blocks were taken. One level a line; NaN where there is no finite sample at all. False when
  // memory is short.
  [[nodiscard]] bool finish(float* levels);

 private:
  struct Line {
    double middle;  // median of all its samples
    double sigma;
    u32 count;  // finite samples, sorted
  };

  bool per_line() const { return method_ != AF_OVERSCAN_MEDIAN && method_ != AF_OVERSCAN_MEAN; }
  void sort_block(float* values, u32 first_line);
  void fit_block(const float* values, u32 first_line);
  double typical_sigma();
  void clip(const float* values, const Line& line, double typical, u32* low, u32* high) const;
  void line_levels(float* levels);
  double common_level();

  AfOverscan method_ = AF_OVERSCAN_MEDIAN_PER_ROW;
  u32 lines_ = 0, samples_ = 0;
  Array<float> values_;
  Array<Line> fits_;
  Array<double> scratch_;
  Array<float> together_;  // the samples of all lines, where one median is taken of them
  struct Comparison {
    u16 low, high;
  };
  Array<Comparison> network_;  // sorts samples_ numbers; empty when they are too many
  u32 network_samples_ = 0;
};

// Replaces each level by a natural cubic spline through the means of about every 64 of them; docs/isr.md has
// the knots. False when memory is short.
[[nodiscard]] bool smooth_by_spline(float* levels, u32 count);

}  // namespace af

#endif  // ASTRO_FITS_ISR_OVERSCAN_H_
