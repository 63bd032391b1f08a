// Brighter-fatter: charge that is already in a pixel deflects what comes after. Coulton et al. 2018, AJ 155,
// 258:
//   P = K (*) I,   dI = (grad I . grad P + I laplace P) / 2,   I_{n+1} = I_0 + dI_n,
// with central differences, as lsst.ip.isr brighterFatterKernel.py (brighterFatterCorrection) has them.
#include <algorithm>
#include <cmath>

#include "calib_table.h"
#include "isr_steps.h"

namespace af {
namespace {

constexpr u32 kIterations = 10;
constexpr double kConverged = 1000;  // electrons, summed over the change of all pixels
constexpr u32 kLargestStencil = 65;
constexpr u32 kLanes = 16;  // columns that are convolved together

class BrighterFatter final : public Phase {
 public:
  BrighterFatter(const BrighterFatterCalib& calib, IsrFrame* frame)
      : calib_(calib),
        frame_(*frame),
        half_(static_cast<i32>(calib.size / 2)),
        width_(static_cast<i32>(frame->width)),
        height_(static_cast<i32>(frame->height)) {}

  AfStatus step(u32 max_rows, AfError* error) override {
    // Pixels whose differences would reach beyond the frame stay as they are.
    if (width_ < 2 * half_ + 3 || height_ < 2 * half_ + 3) return AF_OK;
    if (stencil_.empty())
      if (const AfStatus status = prepare(error); status != AF_OK) return status;
    // A pixel of the correction costs as many products as the stencil has.
    const i64 cost = 1 + i64{calib_.size} * calib_.size / 16;
    for (i64 budget = std::max(max_rows, 1u); budget > 0 && !done_; budget -= iterating_ ? cost : 1)
      iterating_ ? correct_row() : apply_row();
    return done_ ? AF_OK : AF_MORE;
  }

 private:
  AfStatus prepare(AfError* error) {
    const u32 n = calib_.size, rows = n + 2;
    // Reading past a row's end by less than a group of columns must stay inside.
    stride_ = frame_.width + kLanes;
    if (!stencil_.resize(size_t{n} * n) || !signal_.resize(size_t{stride_} * rows) ||
        !potential_.resize(size_t{stride_} * 3) || !gains_.resize(frame_.width) ||
        !bad_.resize(frame_.width) || !correction_.resize(size_t{frame_.width} * frame_.height))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for brighter-fatter");
    // Turned by half, so that a convolution becomes a sum along rows.
    for (u32 i = 0; i < n * n; ++i) stencil_[i] = static_cast<float>(calib_.stencil[n * n - 1 - i]);
    std::memset(signal_.data(), 0, signal_.size() * sizeof(float));
    return AF_OK;
  }

  i32 first_row() const { return half_ + 1; }
  i32 end_row() const { return height_ - half_ - 1; }
  float* signal(i32 y) {
    return signal_.data() + size_t{stride_} * (static_cast<u32>(y) % (calib_.size + 2));
  }
  float* potential(i32 y) { return potential_.data() + size_t{stride_} * (static_cast<u32>(y) % 3); }
  float* correction(i32 y) { return correction_.data() + frame_.at(0, static_cast<u32>(y)); }

  // Electrons per unit of the image; NaN where it is not known, and there nothing is corrected.
  void load_gains(i32 y) {
    for (float& gain : gains_) gain = frame_.in_electrons ? 1 : std::numeric_limits<float>::quiet_NaN();
    if (frame_.in_electrons) return;
    for (u32 i = 0; i < frame_.amplifier_count; ++i) {
      const AmplifierInfo& a = frame_.amplifiers[i];
      if (y < a.detector.y0 || y >= a.detector.y1) continue;
      for (i32 x = a.detector.x0; x < a.detector.x1; ++x)
        gains_[static_cast<size_t>(x)] = static_cast<float>(a.gain_electron_per_adu);
    }
  }

  // I_n of one row in electrons: the image with its unusable pixels interpolated, and the correction so far.
  void load_signal(i32 y) {
    const u32 width = frame_.width;
    const size_t from = frame_.at(0, static_cast<u32>(y));
    const float* const image = frame_.image + from;
    const i32 bits =
        frame_.planes.saturated | frame_.planes.bad | frame_.planes.no_data | frame_.planes.unmasked_nan;
    load_gains(y);
    float* const to = signal(y);
    for (u32 x = 0; x < width; ++x) to[x] = image[x] * gains_[x];
    u8 any = 0;
    for (u32 x = 0; x < width; ++x) {
      const bool masked = frame_.mask != nullptr && (frame_.mask[from + x] & bits) != 0;
      bad_[x] = masked || !__builtin_isfinite(to[x]) ? 1 : 0;
      any |= bad_[x];
    }
    if (any != 0 && !interpolate_row(bad_.data(), width, to)) std::memset(to, 0, width * sizeof(float));
    float* const so_far = correction(y);
    // Row by row, because a whole plane takes too long for one step.
    if (iteration_ == 0) std::memset(so_far, 0, width * sizeof(float));
    for (u32 x = 0; x < width; ++x) to[x] += so_far[x];
  }

  // P of one row where the stencil lies inside the frame; the terms in the order of the turned stencil, in
  // float32.
  void convolve_row(i32 y) {
    const i32 n = static_cast<i32>(calib_.size);
    float* const out = potential(y);
    for (i32 x = half_; x < width_ - half_; x += kLanes) {
      float sums[kLanes] = {};
      const float* weight = stencil_.data();
      for (i32 v = y - half_; v <= y + half_; ++v) {
        const float* const row = signal(v) + x - half_;
        for (i32 u = 0; u < n; ++u) {
          const float w = *weight++;
          for (u32 lane = 0; lane < kLanes; ++lane) sums[lane] += w * row[static_cast<size_t>(u) + lane];
        }
      }
      std::memcpy(out + x, sums, sizeof sums);
    }
  }

  void correct_row() {
    if (row_ == 0) {
      row_ = first_row();
      change_ = 0;
      for (i32 y = row_ - 1 - half_; y <= row_ + half_; ++y) load_signal(y);
      convolve_row(row_ - 1);
      convolve_row(row_);
    }
    load_signal(row_ + 1 + half_);
    convolve_row(row_ + 1);
    const float *const i0 = signal(row_ - 1), *const i1 = signal(row_), *const i2 = signal(row_ + 1);
    const float *const p0 = potential(row_ - 1), *const p1 = potential(row_), *const p2 = potential(row_ + 1);
    float* const out = correction(row_);
    for (i32 x = half_ + 1; x < width_ - half_ - 1; ++x) {
      const float slopes =
          0.25f * ((i1[x + 1] - i1[x - 1]) * (p1[x + 1] - p1[x - 1]) + (i2[x] - i0[x]) * (p2[x] - p0[x]));
      const float curvature = (p1[x + 1] - 2 * p1[x] + p1[x - 1]) + (p2[x] - 2 * p1[x] + p0[x]);
      const float correction = 0.5f * (slopes + i1[x] * curvature);
      change_ += std::fabs(double{correction} - double{out[x]});
      out[x] = correction;
    }
    if (++row_ < end_row()) return;
    row_ = 0;
    // A change that is not a number ends the iterations, too.
    if (++iteration_ == kIterations || !(change_ >= kConverged)) {
      iterating_ = false;
      row_ = first_row();
    }
  }

  void apply_row() {
    load_gains(row_);
    float* const image = frame_.image + frame_.at(0, static_cast<u32>(row_));
    const float* const from = correction(row_);
    for (i32 x = half_ + 1; x < width_ - half_ - 1; ++x) {
      const float gain = gains_[static_cast<size_t>(x)];
      image[x] += gain > 0 ? from[x] / gain : 0;
    }
    done_ = ++row_ == end_row();
  }

  const BrighterFatterCalib& calib_;
  IsrFrame& frame_;
  const i32 half_, width_, height_;
  u32 stride_ = 0;  // of the rows in `signal_` and `potential_`
  Array<float> stencil_;
  Array<float> signal_;      // as many rows as differences of the potential need
  Array<float> potential_;   // three rows
  Array<float> gains_;       // of one row
  Array<u8> bad_;            // of one row
  Array<float> correction_;  // dI, of the frame
  u32 iteration_ = 0;
  double change_ = 0;
  bool iterating_ = true, done_ = false;
  i32 row_ = 0;
};

// The one detector's stencil, or the mean of the valid amplifiers'.
AfStatus read_stencils(const CalibTable& from, const Column& column, u64 numbers, Array<double>* sum,
                       AfError* error) {
  const Column* const valid = from.table.find("VALID");
  if (!sum->resize(static_cast<size_t>(numbers)))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for brighter-fatter", {from.hdu});
  for (double& v : *sum) v = 0;
  u32 count = 0;
  for (u64 row = 0; row < from.table.rows; ++row) {
    Array<double> is_valid, stencil;
    AfStatus status = valid == nullptr ? AF_OK : append_numbers(from, *valid, row, 1, &is_valid, error);
    if (status == AF_OK) status = append_numbers(from, column, row, numbers, &stencil, error);
    if (status != AF_OK) return status;
    if (!is_valid.empty() && is_valid[0] != 1) continue;
    bool finite = stencil.size() == numbers;
    for (const double v : stencil) finite = finite && std::isfinite(v);
    if (!finite)
      return fail(error, AF_MALFORMED, "a brighter-fatter kernel of another size or not finite", {from.hdu});
    for (size_t i = 0; i < stencil.size(); ++i) (*sum)[i] += stencil[i];
    ++count;
  }
  if (count == 0)
    return fail(error, AF_UNSUPPORTED, "no amplifier has a valid brighter-fatter kernel", {from.hdu});
  for (double& v : *sum) v /= count;
  return AF_OK;
}

}  // namespace

AfStatus read_brighter_fatter(const AfStream& stream, BrighterFatterCalib* out, AfError* error) {
  CalibTable amplifiers, detectors;
  AfStatus status = open_calib_table(stream, 0, &amplifiers, error);
  if (status == AF_OK) status = open_calib_table(stream, 1, &detectors, error);
  if (status != AF_OK) return status;
  const bool has_detector = detectors.table.find("KERNEL") != nullptr && detectors.table.rows > 0;
  const CalibTable& from = has_detector ? detectors : amplifiers;
  const Column* const column = from.table.find("KERNEL");
  if (column == nullptr)
    return fail(error, AF_UNSUPPORTED, "brighter-fatter wants a table with the column KERNEL", {from.hdu});
  if (has_detector && from.table.rows != 1)
    return fail(error, AF_UNSUPPORTED, "brighter-fatter kernels of more than one detector", {from.hdu});
  i64 width = 0, height = 0;
  if (!amplifiers.header->integer("KERNEL_DX", &width) || !amplifiers.header->integer("KERNEL_DY", &height) ||
      width != height || width < 3 || width > kLargestStencil || width % 2 == 0)
    return fail(error, AF_UNSUPPORTED, "a brighter-fatter kernel that is no square of 3 to 65 with a middle",
                {amplifiers.hdu, -1, -1, "KERNEL_DX"});
  out->size = static_cast<u32>(width);
  return read_stencils(from, *column, static_cast<u64>(width * height), &out->stencil, error);
}

Phase* new_brighter_fatter(const BrighterFatterCalib& calib, IsrFrame* frame) {
  return create<BrighterFatter>(calib, frame);
}

}  // namespace af
