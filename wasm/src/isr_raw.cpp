// The part of instrument signature removal that works on raw segments in readout order, and their assembly.
#include <algorithm>

#include "isr_fused.h"
#include "isr_job.h"
#include "isr_rows.h"

using namespace af;

namespace {

// A row that goes through several planes costs more than one of the raw alone.
constexpr i64 kFusedRowCost = 2, kSeparateRowCost = 4;

u32 width_of(const AfBox& b) { return static_cast<u32>(b.x1 - b.x0); }
u32 height_of(const AfBox& b) { return static_cast<u32>(b.y1 - b.y0); }

// [*from, *to) without `near` at the side of the image and `far` at the other end. False when nothing is
// left.
bool without_skips(i32* from, i32* to, i32 near, i32 far, bool image_is_before) {
  const i64 first = i64{*from} + (image_is_before ? near : far);
  const i64 end = i64{*to} - (image_is_before ? far : near);
  if (first >= end) return false;
  *from = static_cast<i32>(first);
  *to = static_cast<i32>(end);
  return true;
}

}  // namespace

bool af::serial_columns(const AmplifierInfo& a, const i32 skip[2], i32* from, i32* to) {
  *from = a.serial_overscan.x0;
  *to = a.serial_overscan.x1;
  return without_skips(from, to, skip[0], skip[1], a.serial_overscan.x0 >= a.data.x1);
}

bool af::parallel_rows(const AmplifierInfo& a, const i32 skip[2], i32* from, i32* to) {
  *from = a.parallel_overscan.y0;
  *to = a.parallel_overscan.y1;
  return without_skips(from, to, skip[0], skip[1], true);
}

bool AfIsr::pass_has(AfStep step) const {
  const size_t at = plan.at(step);
  return at >= pass_first_ && at < pass_end_ && plan.runs(step);
}

AfStatus AfIsr::raw_pass(AfError* error) {
  AfStatus status = AF_OK;
  switch (part_) {
    case RawPart::kSerialLevels:
      if (pass_has(AF_STEP_SERIAL_OVERSCAN)) status = fit_serial(error);
      if (status != AF_OK) return status;
      part_ = RawPart::kParallelLevels;
      row_ = 0;
      [[fallthrough]];
    case RawPart::kParallelLevels:
      if (pass_has(AF_STEP_PARALLEL_OVERSCAN)) status = fit_parallel(error);
      if (status != AF_OK) return status;
      part_ = RawPart::kRows;
      row_ = 0;
      saturated_bits_ = frame.planes.saturated;
      if (pass_has(AF_STEP_SATURATION) && is_all_saturated()) saturated_bits_ |= frame.planes.bad;
      [[fallthrough]];
    case RawPart::kRows:
      raw_rows();
  }
  const AmplifierInfo& a = amplifiers[segment_];
  if (row_ < (kept_ && !pass_has(AF_STEP_ASSEMBLE) ? a.raw_height : height_of(a.data))) return AF_MORE;
  part_ = RawPart::kSerialLevels;
  row_ = 0;
  if (pass_has(AF_STEP_ASSEMBLE)) {
    if (!segments[segment_].borrowed) af_plane_free(segments[segment_].raw);
    segments[segment_].raw = nullptr;
  }
  return AF_OK;
}

AfStatus AfIsr::fit_serial(AfError* error) {
  constexpr u32 kLanes = OverscanFit::kLanes;
  const AmplifierInfo& a = amplifiers[segment_];
  Segment& s = segments[segment_];
  i32 from = 0, to = 0;
  if (!serial_columns(a, options.serial_skip, &from, &to)) return AF_OK;
  const u32 samples = static_cast<u32>(to - from);
  auto no_memory = [&] { return fail(error, AF_OUT_OF_MEMORY, "no memory for the overscan", {a.hdu}); };
  if (row_ == 0) {
    if (!fit_.start(static_cast<AfOverscan>(options.overscan), a.raw_height, samples) ||
        !s.serial.resize(a.raw_height))
      return no_memory();
  }
  for (; row_ < a.raw_height && budget_ > 0; row_ += kLanes, budget_ -= kLanes) {
    float* block = fit_.block(row_ / kLanes);
    for (u32 lane = 0; lane < std::min(kLanes, a.raw_height - row_); ++lane) {
      load_row(*s.raw, row_ + lane, static_cast<u32>(from), samples, row_values_.data());
      for (u32 k = 0; k < samples; ++k) block[size_t{k} * kLanes + lane] = row_values_[k];
    }
    fit_.take_block(row_ / kLanes);
  }
  if (row_ < a.raw_height) return AF_MORE;
  return fit_.finish(s.serial.data()) ? AF_OK : no_memory();
}

// Of the rows above the image as the steps before have left them.
AfStatus AfIsr::fit_parallel(AfError* error) {
  constexpr u32 kLanes = OverscanFit::kLanes;
  const AmplifierInfo& a = amplifiers[segment_];
  Segment& s = segments[segment_];
  i32 from = 0, to = 0;
  if (!parallel_rows(a, options.parallel_skip, &from, &to)) return AF_OK;
  const u32 samples = static_cast<u32>(to - from), x0 = static_cast<u32>(a.data.x0), count = width_of(a.data);
  if (!fit_.start(static_cast<AfOverscan>(options.overscan), count, samples) || !s.parallel.resize(count))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for the overscan", {a.hdu});
  const size_t end = std::min(plan.at(AF_STEP_PARALLEL_OVERSCAN), size_t{pass_end_});
  for (u32 k = 0; k < samples; ++k) {
    const u32 row = static_cast<u32>(from) + k;
    load_row(*s.raw, row, x0, count, row_values_.data());
    for (size_t i = pass_first_; i < end; ++i)
      if (plan[i].run) raw_step(plan[i].step, row, row_values_.data(), x0, count);
    for (u32 x = 0; x < count; x += kLanes)
      std::memcpy(fit_.block(x / kLanes) + size_t{k} * kLanes, row_values_.data() + x,
                  std::min(kLanes, count - x) * sizeof(float));
  }
  for (u32 block = 0; block < fit_.blocks(); ++block) fit_.take_block(block);
  budget_ -= samples + fit_.blocks() * 4;
  return fit_.finish(s.parallel.data())
             ? AF_OK
             : fail(error, AF_OUT_OF_MEMORY, "no memory for the overscan", {a.hdu});
}

// `values` are `count` pixels of a raw row from column x0 on; those of the image area are among them.
void AfIsr::raw_step(AfStep step, u32 row, float* values, u32 x0, u32 count) {
  const AmplifierInfo& a = amplifiers[segment_];
  const Segment& s = segments[segment_];
  const bool image_row = static_cast<i32>(row) >= a.data.y0 && static_cast<i32>(row) < a.data.y1;
  float* const data = values + (static_cast<u32>(a.data.x0) - x0);
  const u32 width = width_of(a.data);
  switch (step) {
    case AF_STEP_SATURATION:
      if (!image_row) break;
      mask_above(data, width, static_cast<float>(s.threshold), saturated_bits_, row_mask_.data());
      place_row(row_mask_.data(), width, a.flip_x, frame.mask + assembled_at(a, row));
      break;
    case AF_STEP_SERIAL_OVERSCAN:
      if (!s.serial.empty()) subtract_number(values, count, s.serial[row]);
      break;
    case AF_STEP_GAIN:
      multiply_number(values, count, static_cast<float>(a.gain_electron_per_adu));
      break;
    case AF_STEP_PARALLEL_OVERSCAN:
      if (image_row && !s.parallel.empty()) subtract_row(data, width, s.parallel.data());
      break;
    case AF_STEP_LINEARITY:
      if (image_row) linearize(segment_, data, width);
      break;
    default:
      break;
  }
}

// IsrTaskLSST calls an amplifier bad whose pixels are all saturated (isrTaskLSST.py, maskSaturatedPixels).
bool AfIsr::is_all_saturated() {
  if (options.recipe != AF_RECIPE_FULL) return false;
  const AmplifierInfo& a = amplifiers[segment_];
  const u32 x0 = static_cast<u32>(a.data.x0), width = width_of(a.data);
  const float threshold = static_cast<float>(segments[segment_].threshold);
  float* const values = row_values_.data();
  const size_t saturation = plan.at(AF_STEP_SATURATION);
  for (u32 row = static_cast<u32>(a.data.y0); row < static_cast<u32>(a.data.y1); ++row) {
    load_row(*segments[segment_].raw, row, x0, width, values);
    for (size_t i = pass_first_; i < saturation; ++i)
      if (plan[i].run) raw_step(plan[i].step, row, values, x0, width);
    for (u32 x = 0; x < width; ++x)
      if (!(values[x] >= threshold)) return false;
  }
  return true;
}

size_t AfIsr::assembled_at(const AmplifierInfo& a, u32 row) const {
  const i32 up = static_cast<i32>(row) - a.data.y0;
  const i32 y = a.flip_y ? a.detector.y1 - 1 - up : a.detector.y0 + up;
  return frame.at(static_cast<u32>(a.detector.x0), static_cast<u32>(y));
}

void AfIsr::assemble_row(u32 row, const float* values) {
  const AmplifierInfo& a = amplifiers[segment_];
  const size_t at = assembled_at(a, row);
  const u32 width = width_of(a.data);
  place_row(values, width, a.flip_x, frame.image + at);
  // Saturation writes every pixel's bits first, or else crosstalk of raws does.
  const bool begun = plan.runs(AF_STEP_SATURATION) ||
                     (plan.runs(AF_STEP_CROSSTALK) && plan.at(AF_STEP_CROSSTALK) < plan.at(AF_STEP_ASSEMBLE));
  if (frame.mask != nullptr && !begun)
    std::memset(frame.mask + at, 0, width * sizeof(i32));
}

void AfIsr::fused_rows() {
  const AmplifierInfo& a = amplifiers[segment_];
  const Segment& s = segments[segment_];
  const u32 width = width_of(a.data);
  float* const zeros = neutral_.data();
  float* const ones = zeros + width;
  float* const parallel = ones + width;
  for (u32 x = 0; x < width; ++x) zeros[x] = 0;
  for (u32 x = 0; x < width; ++x) ones[x] = 1;
  const bool has_parallel = pass_has(AF_STEP_PARALLEL_OVERSCAN) && !s.parallel.empty();
  if (has_parallel) place_row(s.parallel.data(), width, a.flip_x, parallel);
  const bool saturation = pass_has(AF_STEP_SATURATION), serial = pass_has(AF_STEP_SERIAL_OVERSCAN);
  const bool gain = pass_has(AF_STEP_GAIN), varies = pass_has(AF_STEP_VARIANCE);
  const VarianceTerms terms = varies ? variance_terms(a) : VarianceTerms{1, 0};

  FusedRow r{};
  r.raw = s.raw;
  r.raw_x0 = static_cast<u32>(a.data.x0);
  r.count = width;
  r.reversed = a.flip_x;
  r.threshold = saturation ? static_cast<float>(s.threshold) : std::numeric_limits<float>::quiet_NaN();
  r.parallel = has_parallel ? parallel : zeros;
  r.dark_scale = pass_has(AF_STEP_DARK) ? static_cast<float>(dark_scale) : 0;
  r.variance_gain = terms.gain;
  r.noise = terms.noise;
  r.gain = gain ? static_cast<float>(a.gain_electron_per_adu) : 1;
  r.saturated = saturated_bits_;
  r.bad = varies ? frame.planes.bad : 0;
  r.unmasked_nan = frame.planes.unmasked_nan;
  for (; row_ < height_of(a.data) && budget_ > 0; ++row_, budget_ -= kFusedRowCost) {
    r.raw_row = static_cast<u32>(a.data.y0) + row_;
    const size_t at = assembled_at(a, r.raw_row);
    auto calib_row = [&](AfStep step, const float* otherwise) {
      return pass_has(step) ? static_cast<const float*>(options.calibs[calib_of(step)]->plane->data) + at
                            : otherwise;
    };
    r.serial = serial && !s.serial.empty() ? s.serial[r.raw_row] : 0;
    r.bias = calib_row(AF_STEP_BIAS, zeros);
    r.dark = calib_row(AF_STEP_DARK, zeros);
    r.flat = calib_row(AF_STEP_FLAT, ones);
    r.image = frame.image + at;
    r.variance = varies ? static_cast<float*>(variance->data) + at : nullptr;
    r.mask = frame.mask != nullptr ? frame.mask + at : row_mask_.data();
    fused_row(r, options.recipe == AF_RECIPE_FULL);
    if (frame.mask == nullptr) continue;
    for (const AfStep step : {AF_STEP_BIAS, AF_STEP_DARK, AF_STEP_FLAT})
      if (pass_has(step))
        merge_mask(options.calibs[calib_of(step)]->mask, frame.planes, static_cast<u32>(at / frame.width),
                   static_cast<u32>(a.detector.x0), static_cast<u32>(a.detector.x1), frame.mask + at);
  }
}

void AfIsr::raw_rows() {
  const AmplifierInfo& a = amplifiers[segment_];
  const AfPlane& raw = *segments[segment_].raw;
  const u32 x0 = static_cast<u32>(a.data.x0), width = width_of(a.data);
  const size_t assemble = plan.at(AF_STEP_ASSEMBLE);
  const size_t raw_end = std::min(assemble, size_t{pass_end_});
  if (!pass_has(AF_STEP_ASSEMBLE)) {
    // A pass of its own over kept raws, which are floats.
    for (; row_ < a.raw_height && budget_ > 0; ++row_, --budget_) {
      float* values = static_cast<float*>(raw.data) + size_t{row_} * a.raw_width;
      for (size_t i = pass_first_; i < raw_end; ++i)
        if (plan[i].run) raw_step(plan[i].step, row_, values, 0, a.raw_width);
    }
    return;
  }
  // Streaming only: a pass of its own shows the steps one by one.
  if (!kept_ && !pass_has(AF_STEP_LINEARITY)) return fused_rows();
  for (; row_ < height_of(a.data) && budget_ > 0; ++row_, budget_ -= kSeparateRowCost) {
    const u32 row = static_cast<u32>(a.data.y0) + row_;
    load_row(raw, row, x0, width, row_values_.data());
    for (size_t i = pass_first_; i < raw_end; ++i)
      if (plan[i].run) raw_step(plan[i].step, row, row_values_.data(), x0, width);
    assemble_row(row, row_values_.data());
    frame_steps(segment_, static_cast<u32>(assembled_at(a, row) / frame.width));
  }
}
