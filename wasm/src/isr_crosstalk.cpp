// Crosstalk: what the other amplifiers add while they are read out at the same time.
// Formula, layout and mask: lsst.ip.isr crosstalk.py (CrosstalkCalib, subtractCrosstalk with subtrahend
// masking); the code there indexes [source][target].
#include <algorithm>

#include "calib_table.h"
#include "isr_statistics.h"
#include "isr_steps.h"

namespace af {
namespace {

// In the image's unit; minPixelToMask of the LSST cameras.
constexpr float kMasked = 1.0f;

class Crosstalk final : public Phase {
 public:
  Crosstalk(const CrosstalkCalib& calib, IsrFrame* frame, float* const* raws, u32 raw_width, u32 raw_height,
            bool begins_mask)
      : calib_(calib),
        frame_(*frame),
        raws_(raws),
        width_(raw_width),
        height_(raw_height),
        begins_mask_(begins_mask) {}

  AfStatus step(u32 max_rows, AfError* error) override {
    if (!prepared_)
      if (const AfStatus status = prepare(error); status != AF_OK) return status;
    const u32 amplifiers = calib_.amplifiers;
    i64 budget = std::max(max_rows, 1u);
    for (; target_ < amplifiers && budget > 0; --budget) {
      const bool whole = row_ == box_height_;
      if (const AfStatus status = measure_row(error); status != AF_OK) return status;
      // A median goes twice through all values of an amplifier.
      if (whole) return AF_MORE;
    }
    // A row of all amplifiers is two rows of the detector.
    for (; target_ == amplifiers && row_ < height_ && budget > 0; budget -= 2) subtract_row();
    return target_ < amplifiers || row_ < height_ ? AF_MORE : AF_OK;
  }

 private:
  AfStatus prepare(AfError* error) {
    const u32 n = calib_.amplifiers;
    if (n != frame_.amplifier_count)
      return fail(error, AF_INVALID_ARGUMENT, "a crosstalk matrix for another number of amplifiers");
    for (u32 a = 0; a < n; ++a) {
      const AfBox &d = frame_.amplifiers[a].data, &first = frame_.amplifiers[0].data;
      if (d.x1 - d.x0 != first.x1 - first.x0 || d.y1 - d.y0 != first.y1 - first.y0)
        return fail(error, AF_UNSUPPORTED, "crosstalk between amplifiers of different sizes");
      if (raws_ != nullptr && (static_cast<u32>(d.x1) > width_ || static_cast<u32>(d.y1) > height_))
        return fail(error, AF_INVALID_ARGUMENT, "an amplifier's data box that is not inside its raw plane");
    }
    if (n > 0) {
      const AfBox& d = frame_.amplifiers[0].data;
      box_width_ = static_cast<u32>(d.x1 - d.x0);
      box_height_ = static_cast<u32>(d.y1 - d.y0);
    }
    if (raws_ == nullptr) {
      width_ = box_width_;
      height_ = box_height_;
    }
    const bool masks = frame_.mask != nullptr;
    if (!sources_.resize(size_t{n} * width_) || !subtrahend_.resize(width_) ||
        !linear_.resize(size_t{n} * n) || !quadratic_.resize(size_t{n} * n) || !medians_.resize(n) ||
        (masks && !values_.reserve(size_t{box_width_} * box_height_)))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for crosstalk");
    for (size_t i = 0; i < size_t{n} * n; ++i) {
      linear_[i] = static_cast<float>(calib_.linear[i]);
      quadratic_[i] = calib_.quadratic.empty() ? 0.0f : static_cast<float>(calib_.quadratic[i]);
      if (!__builtin_isfinite(linear_[i])) linear_[i] = 0;
      if (!__builtin_isfinite(quadratic_[i]) || linear_[i] == 0) quadratic_[i] = 0;
    }
    for (float& median : medians_) median = 0;
    target_ = masks ? 0 : n;
    prepared_ = true;
    return AF_OK;
  }

  // Row `row` of amplifier `a` in readout order: where it begins, and which way it goes.
  float* row_of(u32 a, u32 row, bool* reversed) const {
    *reversed = false;
    if (raws_ != nullptr) return raws_[a] + size_t{row} * width_;
    const AmplifierInfo& amplifier = frame_.amplifiers[a];
    const i32 r = static_cast<i32>(row);
    const i32 y = amplifier.flip_y ? amplifier.detector.y1 - 1 - r : amplifier.detector.y0 + r;
    *reversed = amplifier.flip_x;
    return frame_.image + frame_.at(static_cast<u32>(amplifier.detector.x0), static_cast<u32>(y));
  }

  // In readout order; what is not finite adds nothing to the other amplifiers.
  void gather(u32 a, u32 row) {
    bool reversed;
    const float* const from = row_of(a, row, &reversed);
    float* const to = sources_.data() + size_t{a} * width_;
    for (u32 x = 0; x < width_; ++x) {
      const float v = from[reversed ? width_ - 1 - x : x];
      to[x] = __builtin_isfinite(v) ? v : 0.0f;
    }
  }

  // Sources in the order of the matrix, each its linear term and then its quadratic one; float32 throughout.
  void compute(u32 target) {
    const u32 n = calib_.amplifiers;
    float* const out = subtrahend_.data();
    for (u32 x = 0; x < width_; ++x) out[x] = 0;
    for (u32 source = 0; source < n; ++source) {
      const float c = linear_[size_t{source} * n + target], q = quadratic_[size_t{source} * n + target];
      if (c == 0) continue;
      const float* const from = sources_.data() + size_t{source} * width_;
      for (u32 x = 0; x < width_; ++x) out[x] += c * from[x];
      if (q == 0) continue;
      for (u32 x = 0; x < width_; ++x) out[x] += q * (from[x] * from[x]);
    }
  }

  // Collects what would be subtracted from the image area of one amplifier, and takes its median at the end.
  AfStatus measure_row(AfError* error) {
    const u32 n = calib_.amplifiers;
    const AfBox& data = frame_.amplifiers[target_].data;
    const u32 first_row = raws_ == nullptr ? 0 : static_cast<u32>(data.y0);
    const u32 first_column = raws_ == nullptr ? 0 : static_cast<u32>(data.x0);
    if (row_ < box_height_) {
      for (u32 source = 0; source < n; ++source)
        if (linear_[size_t{source} * n + target_] != 0) gather(source, first_row + row_);
      compute(target_);
      for (u32 x = 0; x < box_width_; ++x) {
        const float v = subtrahend_[first_column + x];
        if (__builtin_isfinite(v)) (void)values_.push(v);
      }
      ++row_;
      return AF_OK;
    }
    if (!values_.empty()) {
      const u32 count = static_cast<u32>(values_.size());
      double median = 0;
      if (!measure_median({values_.data(), AF_F32, count, count, 1}, &median))
        return fail(error, AF_OUT_OF_MEMORY, "no memory for crosstalk");
      medians_[target_] = static_cast<float>(median);
    }
    values_.clear();
    row_ = 0;
    if (++target_ == n) values_.release();
    return AF_OK;
  }

  void subtract_row() {
    for (u32 a = 0; a < calib_.amplifiers; ++a) gather(a, row_);
    for (u32 target = 0; target < calib_.amplifiers; ++target) {
      compute(target);
      bool reversed;
      float* const to = row_of(target, row_, &reversed);
      const float* const from = subtrahend_.data();
      if (reversed) {
        for (u32 x = 0; x < width_; ++x) to[x] -= from[width_ - 1 - x];
      } else {
        for (u32 x = 0; x < width_; ++x) to[x] -= from[x];
      }
      if (frame_.mask != nullptr) mask_row(target);
    }
    ++row_;
  }

  void mask_row(u32 target) {
    const AmplifierInfo& a = frame_.amplifiers[target];
    const i32 up = static_cast<i32>(row_) - (raws_ == nullptr ? 0 : a.data.y0);
    if (up < 0 || up >= static_cast<i32>(box_height_)) return;
    const float* const from = subtrahend_.data() + (raws_ == nullptr ? 0 : a.data.x0);
    const i32 y = a.flip_y ? a.detector.y1 - 1 - up : a.detector.y0 + up;
    i32* const mask = frame_.mask + frame_.at(static_cast<u32>(a.detector.x0), static_cast<u32>(y));
    if (begins_mask_) std::memset(mask, 0, box_width_ * sizeof(i32));
    for (u32 x = 0; x < box_width_; ++x) {
      const float difference = from[a.flip_x ? box_width_ - 1 - x : x] - medians_[target];
      if (__builtin_fabsf(difference) >= kMasked) mask[x] |= frame_.planes.crosstalk;
    }
  }

  const CrosstalkCalib& calib_;
  IsrFrame& frame_;
  float* const* raws_;                  // null for an assembled image
  u32 width_, height_;                  // of what is corrected of each amplifier
  bool begins_mask_;
  u32 box_width_ = 0, box_height_ = 0;  // of the image area
  Array<float> linear_, quadratic_, medians_;
  Array<float> sources_;     // one row of each amplifier
  Array<float> subtrahend_;  // of one amplifier
  Array<float> values_;      // the subtrahend of one amplifier's image area
  bool prepared_ = false;
  u32 target_ = 0;  // whose median is next
  u32 row_ = 0;
};

}  // namespace

AfStatus read_crosstalk(const AfStream& stream, CrosstalkCalib* out, AfError* error) {
  CalibTable from;
  if (const AfStatus status = open_calib_table(stream, 0, &from, error); status != AF_OK) return status;
  const Column* const linear = from.table.find("CT_COEFFS");
  if (linear == nullptr)
    return fail(error, AF_UNSUPPORTED, "crosstalk wants a table with the column CT_COEFFS", {from.hdu});
  i64 amplifiers = 0;
  if (!from.header->integer("NAMP", &amplifiers) || amplifiers < 1 || amplifiers > kMaxAmplifiers)
    return fail(error, AF_UNSUPPORTED, "a crosstalk matrix for no or too many amplifiers",
                {from.hdu, -1, -1, "NAMP"});
  const u64 wanted = static_cast<u64>(amplifiers * amplifiers);
  out->amplifiers = static_cast<u32>(amplifiers);
  if (const AfStatus status = append_column(from, *linear, wanted, &out->linear, error); status != AF_OK)
    return status;
  if (const Column* const quadratic = from.table.find("CT_COEFFS_SQR"))
    if (const AfStatus status = append_column(from, *quadratic, wanted, &out->quadratic, error);
        status != AF_OK)
      return status;
  Array<double> valid;
  if (const Column* const column = from.table.find("CT_VALID"))
    if (const AfStatus status = append_column(from, *column, wanted, &valid, error); status != AF_OK)
      return status;
  if (out->linear.size() != wanted || (!out->quadratic.empty() && out->quadratic.size() != wanted) ||
      (!valid.empty() && valid.size() != wanted))
    return fail(error, AF_MALFORMED, "a crosstalk matrix that is not NAMP x NAMP", {from.hdu});
  for (size_t i = 0; i < valid.size(); ++i)
    if (valid[i] != 1) out->linear[i] = 0;
  return AF_OK;
}

Phase* new_crosstalk(const CrosstalkCalib& calib, IsrFrame* frame) {
  return create<Crosstalk>(calib, frame, nullptr, 0u, 0u, false);
}

Phase* new_raw_crosstalk(const CrosstalkCalib& calib, IsrFrame* frame, float* const* raws, u32 raw_width,
                         u32 raw_height, bool begins_mask) {
  return create<Crosstalk>(calib, frame, raws, raw_width, raw_height, begins_mask);
}

}  // namespace af
