// The order of the work, in bands that a host can stop between.
#include <algorithm>

#include "isr_job.h"
#include "isr_rows.h"

using namespace af;

bool af::is_phase(AfStep step) {
  return step == AF_STEP_CROSSTALK || step == AF_STEP_DEFECTS || step == AF_STEP_BRIGHTER_FATTER ||
         step == AF_STEP_COSMIC_RAYS || step == AF_STEP_INTERPOLATE;
}

AfIsr::~AfIsr() {
  af_decoding_free(decoding_);
  destroy(phase_);
  for (Segment& segment : segments)
    if (!segment.borrowed) af_plane_free(segment.raw);
  if (done) return;
  if (image != options.image) af_plane_free(image);
  if (mask != options.mask) af_plane_free(mask);
  if (variance != options.variance) af_plane_free(variance);
}

i32 AfIsr::current_step() const {
  if (done) return -1;
  switch (stage_) {
    case Stage::kFill:
      return AF_STEP_ASSEMBLE;
    case Stage::kRaw:
      return pass_has(AF_STEP_ASSEMBLE) ? AF_STEP_ASSEMBLE : plan[pass_first_].step;
    case Stage::kFrame:
    case Stage::kPhase:
      return plan[pass_first_].step;
    default:
      return AF_STEP_COUNT;
  }
}

AfStatus AfIsr::step(u32 max_rows, AfError* error) {
  budget_ = i64{std::max(max_rows, 1u)} * kSegmentRowsPerRow;
  const i32 first = current_step();
  // A step of the recipe ends the call, so that its time can be told from the next one's.
  while (!done && budget_ > 0 && current_step() == first) {
    const AfStatus status = advance(error);
    if (status != AF_OK && status != AF_MORE) return status;
  }
  return done ? AF_OK : AF_MORE;
}

// One piece of work. AF_MORE when the stage has more of it.
AfStatus AfIsr::advance(AfError* error) {
  AfStatus status = AF_OK;
  switch (stage_) {
    case Stage::kFind:
      return find_segment(error);
    case Stage::kDecode:
      return decode(error);
    case Stage::kBefore:
      return measure_before(error);
    case Stage::kRaw:
      status = raw_pass(error);
      if (status != AF_OK) return status;
      if (!kept_ && found < detector.amplifier_count) {
        stage_ = Stage::kFind;
      } else if (!kept_ || ++segment_ == found) {
        if (!pass_has(AF_STEP_ASSEMBLE)) return next_pass(error);
        stage_ = Stage::kFill;
        row_ = 0;
      }
      return AF_OK;
    case Stage::kFill:
      fill_uncovered();
      return row_ < frame.height ? AF_MORE : next_pass(error);
    case Stage::kFrame:
      frame_pass();
      return row_ < frame.height ? AF_MORE : next_pass(error);
    case Stage::kPhase:
      status = phase_->step(static_cast<u32>(std::max<i64>(1, budget_ / kSegmentRowsPerPhaseRow)), error);
      budget_ = 0;
      if (status != AF_OK) return status;
      destroy(phase_);
      phase_ = nullptr;
      return next_pass(error);
    case Stage::kAfter:
      return measure_after(error);
  }
  return AF_OK;
}

// The first that is not there, in the order of the files: 10 to 17, 07 to 00. A wavefront sensor has one
// half.
Sentence AfIsr::missing_segment() const {
  auto is_there = [&](const char* name) {
    for (u32 i = 0; i < found; ++i)
      if (std::strcmp(amplifiers[i].hdu_name, name) == 0) return true;
    return false;
  };
  const bool one_half = detector.amplifier_count == kMaxAmplifiers / 2;
  for (u32 i = 0; i < kMaxAmplifiers; ++i) {
    const bool upper = i < 8;
    if (one_half && upper != (amplifiers[0].hdu_name[7] == '1')) continue;
    Sentence name;
    name << "Segment" << (upper ? 1 : 0) << static_cast<i32>(upper ? i : 15 - i);
    if (!is_there(name.text)) return name;
  }
  return {};
}

// Waits for the next segment. When all are there a streaming job goes on with the frame, and one that keeps
// its raws with its first pass.
AfStatus AfIsr::find_segment(AfError* error) {
  const auto& hdus = stream->hdus;
  while (next_hdu_ < hdus.size() && !is_segment(hdus[next_hdu_]->header)) ++next_hdu_;
  if (next_hdu_ == hdus.size() || !hdus[next_hdu_]->complete) {
    if (stream->error.status != AF_OK) {
      *error = stream->error;
      return static_cast<AfStatus>(error->status);
    }
    if (!stream->ended) return AF_WAITING;
    if (found == 0) return fail(error, AF_MALFORMED, "no raw: no HDU is named Segment00 to Segment17");
    Sentence message;
    message << "the raw has no HDU " << missing_segment().text << ": " << static_cast<i32>(found) << " of "
            << static_cast<i32>(detector.amplifier_count) << " segments are there";
    return fail(error, AF_MALFORMED, message.text, {-1, -1, -1, "EXTNAME"});
  }
  const AfStatus status = start_amplifier(*hdus[next_hdu_], static_cast<i32>(next_hdu_), error);
  if (status != AF_OK) return status;
  if (found == 1) {
    kept_ = options.separate != 0 ||
            (plan.runs(AF_STEP_CROSSTALK) && plan.at(AF_STEP_CROSSTALK) < plan.at(AF_STEP_ASSEMBLE));
    pass_end_ = kept_ ? 0 : end_of_rows(plan.at(AF_STEP_ASSEMBLE));
  }
  stage_ = Stage::kDecode;
  if (hdus[next_hdu_]->decoded != nullptr) return finish_decode(error);
  decoding_ = af_decoding_new(stream, next_hdu_, AF_FORM_WORKING, error);
  return decoding_ == nullptr ? static_cast<AfStatus>(error->status) : AF_MORE;
}

AfStatus AfIsr::decode(AfError* error) {
  constexpr u32 kBand = 256;  // rows
  const AfStatus status = af_decoding_step(decoding_, kBand, error);
  budget_ -= kBand;
  return status == AF_OK ? finish_decode(error) : status;
}

AfStatus AfIsr::finish_decode(AfError* error) {
  Segment& s = segments[found - 1];
  HduRecord& hdu = *stream->hdus[next_hdu_];
  if (decoding_ != nullptr) {
    s.raw = af_decoding_plane(decoding_);
    af_decoding_free(decoding_);
    decoding_ = nullptr;
    if (options.keep_raws != 0) hdu.decoded = s.raw;
  }
  s.borrowed = hdu.decoded != nullptr;
  if (s.borrowed) s.raw = hdu.decoded;
  if (s.borrowed && kept_) {
    // Its passes change the raw.
    s.raw = af_plane_new(hdu.decoded->type, hdu.decoded->width, hdu.decoded->height);
    s.borrowed = false;
    if (s.raw == nullptr)
      return fail(error, AF_OUT_OF_MEMORY, "no memory for a raw", {static_cast<i32>(next_hdu_)});
    std::memcpy(s.raw->data, hdu.decoded->data, size_t{s.raw->width} * s.raw->height * sizeof(i32));
  }
  AfStatus status = af_stream_release(stream, next_hdu_++, error);
  if (status != AF_OK) return status;
  segment_ = found - 1;
  measured_ = 0;
  stage_ = Stage::kBefore;
  return found == detector.amplifier_count ? warn_of_gaps(error) : AF_OK;
}

// One measure a step, because each goes several times through all pixels.
AfStatus AfIsr::measure_before(AfError* error) {
  const AmplifierInfo& a = amplifiers[segment_];
  Segment& s = segments[segment_];
  if (options.statistics != 0 && measured_ < 3) {
    auto part = [&](i32 x0, i32 y0, i32 x1, i32 y1) {
      const size_t at = static_cast<size_t>(y0) * a.raw_width + static_cast<size_t>(x0);
      return StridedValues{static_cast<const u8*>(s.raw->data) + at * sizeof(float),
                           static_cast<AfPlaneType>(s.raw->type), a.raw_width, static_cast<u32>(x1 - x0),
                           static_cast<u32>(y1 - y0)};
    };
    const StridedValues data = part(a.data.x0, a.data.y0, a.data.x1, a.data.y1);
    i32 from = 0, to = 0;
    bool memory = true;
    if (measured_ == 0) memory = measure_median(data, &s.before.median);
    if (measured_ == 1) memory = measure_robust_sigma(data, s.before.median, &s.before.robust_sigma);
    if (measured_ == 2 && serial_columns(a, options.serial_skip, &from, &to))
      memory = measure_median(part(from, 0, to, static_cast<i32>(a.raw_height)), &s.overscan_median);
    if (!memory) return fail(error, AF_OUT_OF_MEMORY, "no memory for statistics", {a.hdu});
    ++measured_;
    budget_ = 0;
    return AF_MORE;
  }
  if (!kept_) {
    stage_ = Stage::kRaw;
    return AF_OK;
  }
  u32 row = 0;
  (void)make_float(s.raw, &row, s.raw->height);
  if (found < detector.amplifier_count) {
    stage_ = Stage::kFind;
    return AF_OK;
  }
  return next_pass(error);
}

// Of row-wise steps from `first` on that can go through the rows together.
u32 AfIsr::end_of_rows(size_t first) const {
  if (options.separate != 0) return static_cast<u32>(first) + 1;
  size_t end = first + 1;
  while (end < AF_STEP_COUNT && !(plan[end].run && is_phase(plan[end].step))) ++end;
  return static_cast<u32>(end);
}

AfStatus AfIsr::next_pass(AfError* error) {
  const size_t assemble = plan.at(AF_STEP_ASSEMBLE);
  size_t i = pass_end_;
  while (i < AF_STEP_COUNT && !plan[i].run) ++i;
  row_ = 0;
  segment_ = 0;
  if (i == AF_STEP_COUNT) {
    stage_ = Stage::kAfter;
    measured_ = 0;
    return AF_OK;
  }
  pass_first_ = static_cast<u32>(i);
  if (is_phase(plan[i].step)) {
    pass_end_ = pass_first_ + 1;
    stage_ = Stage::kPhase;
    return start_phase(plan[i].step, error);
  }
  pass_end_ = i < assemble ? pass_first_ + 1 : end_of_rows(i);
  stage_ = i <= assemble ? Stage::kRaw : Stage::kFrame;
  return AF_OK;
}

AfStatus AfIsr::measure_after(AfError* error) {
  if (options.statistics != 0 && segment_ < found) {
    const AfBox& box = amplifiers[segment_].detector;
    const StridedValues values{frame.image + frame.at(static_cast<u32>(box.x0), static_cast<u32>(box.y0)),
                               AF_F32, frame.width, static_cast<u32>(box.x1 - box.x0),
                               static_cast<u32>(box.y1 - box.y0)};
    Spread& after = segments[segment_].after;
    const bool first = measured_ == 0;
    const bool memory = first ? measure_median(values, &after.median)
                              : measure_robust_sigma(values, after.median, &after.robust_sigma);
    if (!memory) return fail(error, AF_OUT_OF_MEMORY, "no memory for statistics");
    measured_ = first ? 1 : 0;
    if (!first) ++segment_;
    budget_ = 0;
    return AF_MORE;
  }
  done = true;
  return AF_OK;
}

extern "C" {

AfIsr* af_isr_new(const AfIsrOptions* options, AfStream* raw, AfError* error) {
  AfIsrOptions with_defaults = *options;
  constexpr i32 kSkip = 3;  // as lsst.ip.isr's IsrTaskLSST leaves out
  for (i32* skip : {with_defaults.serial_skip, with_defaults.parallel_skip})
    for (int i = 0; i < 2; ++i)
      if (skip[i] == -1) skip[i] = kSkip;
  AfIsr* isr = create<AfIsr>(with_defaults, raw);
  if (isr == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for instrument signature removal");
    return nullptr;
  }
  if (isr->check_options(error) != AF_OK) {
    destroy(isr);
    return nullptr;
  }
  isr->plan.start(static_cast<AfRecipe>(options->recipe), options->steps, options->calibs);
  return isr;
}

AfStatus af_isr_step(AfIsr* isr, uint32_t max_rows, AfError* error) { return isr->step(max_rows, error); }
int32_t af_isr_current_step(const AfIsr* isr) { return isr->current_step(); }
AfPlane* af_isr_image(AfIsr* isr) { return isr->image; }
AfPlane* af_isr_mask(AfIsr* isr) { return isr->mask; }
AfPlane* af_isr_variance(AfIsr* isr) { return isr->variance; }
const char* af_isr_report(AfIsr* isr) { return isr->report(); }
void af_isr_free(AfIsr* isr) { destroy(isr); }

}  // extern "C"
