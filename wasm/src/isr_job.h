// One exposure of one detector on its way from the raw to the assembled image.
#ifndef ASTRO_FITS_ISR_JOB_H_
#define ASTRO_FITS_ISR_JOB_H_

#include "isr_calib.h"
#include "isr_overscan.h"
#include "isr_recipe.h"
#include "isr_statistics.h"
#include "sentence.h"

namespace af {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// What an amplifier has besides its geometry.
struct Segment {
  AfPlane* raw = nullptr;  // from its decoding until it is assembled
  bool borrowed = false;   // the raw is the stream's, and only read
  // Overscan levels by raw row and by column of the image area; empty where none is taken away.
  Array<float> serial, parallel;
  double threshold = kUnknown;  // of saturation
  i32 linearity = -1;           // its amplifier in that calib; -1 when it has none
  // For the report, when it is asked for. Raw serial overscan; the image area before and after.
  double overscan_median = kUnknown;
  Spread before{kUnknown, kUnknown}, after{kUnknown, kUnknown};
};

// The columns (rows) of the overscan that are used, `skip` being left out. False when none is left.
bool serial_columns(const AmplifierInfo& a, const i32 skip[2], i32* from, i32* to);
bool parallel_rows(const AmplifierInfo& a, const i32 skip[2], i32* from, i32* to);

// True for the steps that want more than one row at a time.
bool is_phase(AfStep step);

}  // namespace af

/*
 * The steps before `assemble` work on raw segments, those behind it on the frame. Without a step that wants
 * all segments at once, a segment goes through all row-wise steps up to the frame as soon as it is decoded,
 * and its raw pixels are given back (streaming). Otherwise the raws are kept and each step is a pass of its
 * own over them.
 *
 * Work is counted in rows of a segment; a row of the frame counts as kSegmentRowsPerRow of them.
 */
struct AfIsr {
  static constexpr af::u32 kSegmentRowsPerRow = 8;
  // Phases look at the rows around each row too.
  static constexpr af::u32 kSegmentRowsPerPhaseRow = 32;

  AfIsr(const AfIsrOptions& o, AfStream* raw) : options(o), stream(raw) {}
  ~AfIsr();
  AfIsr(const AfIsr&) = delete;
  AfIsr& operator=(const AfIsr&) = delete;

  AfStatus check_options(AfError* error) const;
  AfStatus step(af::u32 max_rows, AfError* error);
  af::i32 current_step() const;
  const char* report();

  AfIsrOptions options;
  AfStream* stream;
  af::Plan plan;
  af::DetectorInfo detector{};
  af::AmplifierInfo amplifiers[af::kMaxAmplifiers] = {};
  af::Segment segments[af::kMaxAmplifiers];
  af::u32 found = 0;  // segments read so far
  af::IsrFrame frame;
  AfPlane *image = nullptr, *mask = nullptr, *variance = nullptr;
  double dark_scale = af::kUnknown;
  struct Warning {
    char text[160];
  };
  af::Array<Warning> warnings;
  bool done = false;

  // True when the image is in electrons where this step of the plan begins.
  bool in_electrons_before(AfStep step) const {
    return plan.runs(AF_STEP_GAIN) && plan.at(AF_STEP_GAIN) < plan.at(step);
  }

 private:
  enum class Stage { kFind, kDecode, kBefore, kRaw, kFill, kFrame, kPhase, kAfter };
  // What of a raw pass comes next in the present segment.
  enum class RawPart { kSerialLevels, kParallelLevels, kRows };

  // isr_setup.cpp
  AfStatus start_detector(const af::Header& segment, AfError* error);
  AfStatus start_amplifier(const af::HduRecord& hdu, af::i32 index, AfError* error);
  AfStatus take_planes(AfError* error);
  AfPlane* plane_for(AfPlane* given, AfPlaneType type) const;
  void check_calibs();
  void check_size(AfStep step, const AfCalib& calib);
  void check_unit(AfStep step, const AfCalib& calib);
  void check_dark();
  void check_amplifier_steps(const af::AmplifierInfo& a);
  af::i32 linearity_of(const af::AmplifierInfo& a) const;
  AfStatus warn_of_lacks(const af::AmplifierInfo& a, AfError* error);
  AfStatus warn_of_gaps(AfError* error);
  AfStatus warn(const char* text, AfError* error);

  // isr.cpp
  AfStatus advance(AfError* error);
  AfStatus find_segment(AfError* error);
  af::Sentence missing_segment() const;
  AfStatus decode(AfError* error);
  AfStatus finish_decode(AfError* error);
  AfStatus measure_before(AfError* error);
  AfStatus measure_after(AfError* error);
  af::u32 end_of_rows(size_t first) const;
  AfStatus next_pass(AfError* error);

  // isr_raw.cpp
  AfStatus raw_pass(AfError* error);
  AfStatus fit_serial(AfError* error);
  AfStatus fit_parallel(AfError* error);
  void raw_rows();
  void fused_rows();
  void raw_step(AfStep step, af::u32 row, float* values, af::u32 x0, af::u32 count);
  // Of the raw row's image area in the frame, at its lowest x.
  size_t assembled_at(const af::AmplifierInfo& a, af::u32 row) const;
  void assemble_row(af::u32 row, const float* values);
  bool pass_has(AfStep step) const;
  bool is_all_saturated();

  // isr_assembled.cpp
  struct VarianceTerms {
    float gain, noise;  // V = I / gain + noise
  };
  VarianceTerms variance_terms(const af::AmplifierInfo& a) const;
  void linearize(af::u32 amplifier, float* values, af::u32 count) const;
  void frame_steps(af::u32 amplifier, af::u32 y);
  void frame_pass();
  void fill_uncovered();
  AfStatus start_phase(AfStep step, AfError* error);

  // isr_report.cpp
  bool by_table() const;
  const char* saturation_source() const;
  const char* used_by(AfStep step) const;

  Stage stage_ = Stage::kFind;
  af::i64 budget_ = 0;  // rows of a segment left in this step
  af::u32 next_hdu_ = 0;
  AfDecoding* decoding_ = nullptr;
  bool kept_ = false;  // raws of all segments, for passes of one step each
  // The steps of the present pass are [pass_first_, pass_end_) of the plan; in a raw pass that assembles, the
  // frame steps among them follow row by row.
  af::u32 pass_first_ = 0, pass_end_ = 0;
  af::u32 segment_ = 0;  // of the raw pass or of the statistics
  RawPart part_ = RawPart::kSerialLevels;
  af::u32 row_ = 0;             // of the present part
  af::i32 saturated_bits_ = 0;  // of a saturated pixel of the present segment
  af::u32 measured_ = 0;        // measures of the present segment
  af::OverscanFit fit_;
  af::Array<float> row_values_;
  af::Array<af::i32> row_mask_;
  af::Array<float> neutral_;  // three rows of operands for the fused steps
  af::Phase* phase_ = nullptr;
  float* raws_[af::kMaxAmplifiers] = {};  // of all segments, for crosstalk
  af::Array<char> report_;
};

#endif  // ASTRO_FITS_ISR_JOB_H_
