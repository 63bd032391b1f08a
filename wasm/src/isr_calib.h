// Calibrations that stay in memory.
#ifndef ASTRO_FITS_ISR_CALIB_H_
#define ASTRO_FITS_ISR_CALIB_H_

#include "isr_mask.h"
#include "isr_steps.h"

struct AfCalib {
  AfCalib() = default;
  ~AfCalib();
  AfCalib(const AfCalib&) = delete;
  AfCalib& operator=(const AfCalib&) = delete;

  AfStatus start(AfStream* stream, af::i32 kind, const char* name, AfError* error);
  AfStatus step(af::u32 max_rows, AfError* error);
  size_t bytes() const;
  // Read to its end.
  bool ready() const {
    return decoding_ == nullptr && mask_plane_ == nullptr && (plane == nullptr || plane->type == AF_F32);
  }

  af::i32 kind = AF_CALIB_BIAS;
  af::Array<char> name;  // zero-terminated
  // As the header gives it, and what it means; empty and kUnknown without a header that says so.
  char unit_text[24] = "";
  af::Unit unit = af::Unit::kUnknown;
  double seconds = 1;  // dark time of a master dark
  AfPlane* plane = nullptr;
  af::MaskRuns mask;
  af::CrosstalkCalib crosstalk;
  af::DefectsCalib defects;
  af::LinearityCalib linearity;
  af::BrighterFatterCalib brighter_fatter;

 private:
  AfStatus start_image(AfError* error);
  // `keyword` (may be null) is the calib's own; `image` is its HDU, or -1 to look at all.
  void read_unit(const char* keyword, af::i32 image);
  AfStatus next_decoding(af::u32 hdu, AfError* error);
  AfStatus start_mask(AfError* error);
  AfStatus take_mask(af::u32* budget, AfError* error);
  AfStatus finish(AfError* error);

  AfStream* stream_ = nullptr;
  af::i32 image_hdu_ = -1, mask_hdu_ = -1;
  AfDecoding* decoding_ = nullptr;
  af::u32 float_row_ = 0;  // rows before it are float32
  bool decoding_mask_ = false;
  AfPlane* mask_plane_ = nullptr;  // decoded, not yet in short form
  af::u32 mask_row_ = 0;
};

#endif  // ASTRO_FITS_ISR_CALIB_H_
