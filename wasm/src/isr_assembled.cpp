// The part of instrument signature removal that works on the assembled frame.
#include <algorithm>

#include "isr_job.h"
#include "isr_rows.h"

using namespace af;

// Photons that were counted, and the noise of reading them: (RN / g)^2 in adu^2, RN^2 in electron^2.
AfIsr::VarianceTerms AfIsr::variance_terms(const AmplifierInfo& a) const {
  const bool electrons = in_electrons_before(AF_STEP_VARIANCE);
  const double gain = electrons ? 1 : a.gain_electron_per_adu, noise = a.read_noise_electron / gain;
  return {static_cast<float>(gain), static_cast<float>(noise * noise)};
}

// The calib's numbers are taken to the image's unit.
void AfIsr::linearize(u32 amplifier, float* values, u32 count) const {
  const i32 at = segments[amplifier].linearity;
  if (at < 0) return;
  const LinearityCalib& calib = options.calibs[AF_CALIB_LINEARITY]->linearity;
  const bool convert =
      options.calibs[AF_CALIB_LINEARITY]->unit == Unit::kAdu && in_electrons_before(AF_STEP_LINEARITY);
  linearize_row(calib, static_cast<u32>(at), convert ? amplifiers[amplifier].gain_electron_per_adu : 1,
                values, count);
}

// The steps of the present pass behind `assemble`, on the piece of row y that belongs to one amplifier.
void AfIsr::frame_steps(u32 amplifier, u32 y) {
  const AmplifierInfo& a = amplifiers[amplifier];
  const u32 x0 = static_cast<u32>(a.detector.x0), x1 = static_cast<u32>(a.detector.x1), width = x1 - x0;
  const size_t at = frame.at(x0, y);
  float* const values = frame.image + at;
  float* const variances = variance != nullptr ? static_cast<float*>(variance->data) + at : nullptr;
  i32* const bits = frame.mask != nullptr ? frame.mask + at : nullptr;
  const float gain = static_cast<float>(a.gain_electron_per_adu);
  auto calib_row = [&](const AfCalib& calib) {
    if (bits != nullptr) merge_mask(calib.mask, frame.planes, y, x0, x1, bits);
    return static_cast<const float*>(calib.plane->data) + at;
  };
  const size_t first = std::max(plan.at(AF_STEP_ASSEMBLE) + 1, size_t{pass_first_});
  for (size_t i = first; i < pass_end_; ++i) {
    if (!plan[i].run) continue;
    const AfCalibKind kind = calib_of(plan[i].step);
    const AfCalib* const calib = kind != AF_CALIB_KIND_COUNT ? options.calibs[kind] : nullptr;
    switch (plan[i].step) {
      case AF_STEP_BIAS:
        subtract_row(values, width, calib_row(*calib));
        break;
      case AF_STEP_LINEARITY:
        linearize(amplifier, values, width);
        break;
      case AF_STEP_DARK:
        subtract_scaled(values, width, calib_row(*calib), static_cast<float>(dark_scale));
        break;
      case AF_STEP_VARIANCE: {
        const VarianceTerms terms = variance_terms(a);
        variance_row(values, width, terms.gain, terms.noise, frame.planes.bad, variances, bits);
        break;
      }
      case AF_STEP_FLAT:
        divide_by_flat(values, variances, width, calib_row(*calib));
        break;
      case AF_STEP_GAIN:
        multiply_number(values, width, gain);
        if (variances != nullptr) multiply_number(variances, width, gain * gain);
        break;
      default:
        break;
    }
  }
  if (bits != nullptr) mask_nan(values, width, frame.planes.unmasked_nan, bits);
}

void AfIsr::frame_pass() {
  for (; row_ < frame.height && budget_ > 0; ++row_, budget_ -= kSegmentRowsPerRow)
    for (u32 i = 0; i < found; ++i)
      if (static_cast<i32>(row_) >= amplifiers[i].detector.y0 &&
          static_cast<i32>(row_) < amplifiers[i].detector.y1)
        frame_steps(i, row_);
}

// Pixels that no amplifier covers.
void AfIsr::fill_uncovered() {
  for (; row_ < frame.height && budget_ > 0; ++row_, --budget_) {
    for (u32 x = 0; x < frame.width;) {
      // To the end of an amplifier that begins here or before, or else to the next one's beginning.
      u32 end = x, next = frame.width;
      for (u32 i = 0; i < found; ++i) {
        const AfBox& box = amplifiers[i].detector;
        if (static_cast<i32>(row_) < box.y0 || static_cast<i32>(row_) >= box.y1) continue;
        const u32 x0 = static_cast<u32>(box.x0), x1 = static_cast<u32>(box.x1);
        if (x0 <= x) end = std::max(end, x1);
        if (x0 > x) next = std::min(next, x0);
      }
      if (end == x) {
        for (size_t at = frame.at(x, row_); x < next; ++x, ++at) {
          frame.image[at] = std::numeric_limits<float>::quiet_NaN();
          if (mask != nullptr) frame.mask[at] = frame.planes.no_data | frame.planes.unmasked_nan;
          if (variance != nullptr)
            static_cast<float*>(variance->data)[at] = std::numeric_limits<float>::quiet_NaN();
        }
      }
      x = std::max(x, end);
    }
  }
}

// frame.variance and frame.in_electrons are those at this point of the recipe.
AfStatus AfIsr::start_phase(AfStep step, AfError* error) {
  const bool before_variance = plan.at(step) < plan.at(AF_STEP_VARIANCE);
  frame.variance = variance != nullptr && !before_variance ? static_cast<float*>(variance->data) : nullptr;
  frame.in_electrons = in_electrons_before(step);
  switch (step) {
    case AF_STEP_CROSSTALK: {
      const CrosstalkCalib& calib = options.calibs[AF_CALIB_CROSSTALK]->crosstalk;
      if (plan.at(step) > plan.at(AF_STEP_ASSEMBLE)) {
        phase_ = new_crosstalk(calib, &frame);
        break;
      }
      for (u32 i = 0; i < found; ++i) {
        if (amplifiers[i].raw_width != amplifiers[0].raw_width ||
            amplifiers[i].raw_height != amplifiers[0].raw_height)
          return fail(error, AF_UNSUPPORTED, "crosstalk between segments of different sizes",
                      {amplifiers[i].hdu});
        raws_[i] = static_cast<float*>(segments[i].raw->data);
      }
      phase_ = new_raw_crosstalk(calib, &frame, raws_, amplifiers[0].raw_width, amplifiers[0].raw_height,
                                 !plan.runs(AF_STEP_SATURATION));
      break;
    }
    case AF_STEP_DEFECTS:
      phase_ = new_defects(options.calibs[AF_CALIB_DEFECTS]->defects, &frame);
      break;
    case AF_STEP_BRIGHTER_FATTER:
      phase_ = new_brighter_fatter(options.calibs[AF_CALIB_BRIGHTER_FATTER]->brighter_fatter, &frame);
      break;
    case AF_STEP_COSMIC_RAYS:
      phase_ = new_cosmic_rays(&frame);
      break;
    default:
      phase_ = new_interpolate(&frame);
  }
  return phase_ != nullptr ? AF_OK : fail(error, AF_OUT_OF_MEMORY, "no memory for a step");
}
