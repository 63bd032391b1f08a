// What an exposure's headers decide: the plan, the planes, and why steps are left out.
#include "isr_job.h"
#include "sentence.h"

using namespace af;

namespace {

// IsrTaskLSST's configuration of LATISS in obs_lsst: saturated from this many adu on, overscan taken away.
constexpr double kLatissFullSaturationAdu = 120000;

// These set no bit of the mask: a run with nothing else has none.
constexpr u32 kUnmaskedSteps = step_bit(AF_STEP_SERIAL_OVERSCAN) | step_bit(AF_STEP_PARALLEL_OVERSCAN) |
                               step_bit(AF_STEP_LINEARITY) | step_bit(AF_STEP_GAIN) |
                               step_bit(AF_STEP_ASSEMBLE);

bool inside(const AfBox& b, u32 width, u32 height) {
  return b.x0 >= 0 && b.y0 >= 0 && b.x0 < b.x1 && b.y0 < b.y1 && static_cast<u32>(b.x1) <= width &&
         static_cast<u32>(b.y1) <= height;
}
bool empty(const AfBox& b) { return b.x0 >= b.x1 || b.y0 >= b.y1; }

bool same_name(const AmplifierInfo& a, const AmplifierInfo& b) {
  return std::strcmp(a.hdu_name, b.hdu_name) == 0;
}

}  // namespace

AfStatus AfIsr::check_options(AfError* error) const {
  auto invalid = [&](const char* message) { return fail(error, AF_INVALID_ARGUMENT, message); };
  if (options.recipe < 0 || options.recipe > AF_RECIPE_FULL) return invalid("no such recipe");
  if (options.overscan < 0 || options.overscan > AF_OVERSCAN_SPLINE)
    return invalid("no such overscan method");
  if (options.geometry < 0 || options.geometry > AF_GEOMETRY_HEADER) return invalid("no such geometry");
  if ((options.steps >> AF_STEP_COUNT) != 0) return invalid("no such step");
  for (const i32 skip :
       {options.serial_skip[0], options.serial_skip[1], options.parallel_skip[0], options.parallel_skip[1]})
    if (skip < 0) return invalid("a number of skipped columns or rows that is negative");
  for (i32 kind = 0; kind < AF_CALIB_KIND_COUNT; ++kind) {
    const AfCalib* calib = options.calibs[kind];
    if (calib == nullptr) continue;
    if (calib->kind != kind) return invalid("a calibration of another kind than its place");
    if (!calib->ready()) return invalid("a calibration that has not been read to its end");
  }
  return AF_OK;
}

AfStatus AfIsr::warn(const char* text, AfError* error) {
  Warning warning;
  copy_text(warning.text, sizeof warning.text, text);
  return warnings.push(warning) ? AF_OK : fail(error, AF_OUT_OF_MEMORY, "no memory for a warning");
}

AfStatus AfIsr::start_detector(const Header& segment, AfError* error) {
  const Header& primary = stream->hdus[0]->header;
  read_detector(primary, segment, static_cast<AfGeometryMode>(options.geometry), &detector);
  if (!detector.complete) {
    // The headers of all segments are wanted.
    if (!stream->ended) return AF_WAITING;
    const AfStatus status = finish_detector(*stream, &detector, error);
    if (status != AF_OK) return status;
  }
  if (plan.runs(AF_STEP_CROSSTALK) &&
      (primary.logical("LSST ISR CROSSTALK APPLIED") || segment.logical("LSST ISR CROSSTALK APPLIED")))
    plan.skip(AF_STEP_CROSSTALK,
              "the header says that crosstalk has been corrected (LSST ISR CROSSTALK APPLIED)");
  return AF_OK;
}

void AfIsr::check_calibs() {
  for (const AfStep step : {AF_STEP_BIAS, AF_STEP_DARK, AF_STEP_FLAT})
    if (plan.runs(step)) check_size(step, *options.calibs[calib_of(step)]);
  for (const AfStep step :
       {AF_STEP_BIAS, AF_STEP_DARK, AF_STEP_FLAT, AF_STEP_CROSSTALK, AF_STEP_LINEARITY})
    if (plan.runs(step)) check_unit(step, *options.calibs[calib_of(step)]);
  if (plan.runs(AF_STEP_DARK)) check_dark();
}

void AfIsr::check_size(AfStep step, const AfCalib& calib) {
  if (calib.plane->width == detector.width && calib.plane->height == detector.height) return;
  Sentence why;
  why << "it has " << calib.plane->width << " x " << calib.plane->height << " pixels, the image "
      << detector.width << " x " << detector.height;
  plan.skip(step, why.text);
}

void AfIsr::check_unit(AfStep step, const AfCalib& calib) {
  // A file without a unit is taken to be in that of the image.
  if (calib.unit_text[0] == '\0') return;
  const bool electrons = in_electrons_before(step);
  const Unit wanted = electrons ? Unit::kElectron : Unit::kAdu;
  // A flat is a ratio, whatever it was made from; only counts of the other kind speak against it.
  if (calib.unit == wanted || (step == AF_STEP_FLAT && calib.unit == Unit::kUnknown)) return;
  // The linearity of the full recipe is measured in adu: its values are multiplied by the gain.
  if (step == AF_STEP_LINEARITY && calib.unit == Unit::kAdu) return;
  Sentence why;
  why << "it is in " << calib.unit_text << ", the image at this step in " << (electrons ? "electron" : "adu");
  plan.skip(step, why.text);
}

void AfIsr::check_dark() {
  const double scale = detector.dark_seconds / options.calibs[AF_CALIB_DARK]->seconds;
  if (scale - scale != 0)
    return plan.skip(AF_STEP_DARK, "the exposure's dark time is not known: no DARKTIME and no EXPTIME");
  dark_scale = scale;
}

// What the first amplifier lacks all of them are taken to lack.
void AfIsr::check_amplifier_steps(const AmplifierInfo& a) {
  i32 from = 0, to = 0;
  auto lacks = [](double number) { return !(number > 0 && number - number == 0); };
  const bool gain = !lacks(a.gain_electron_per_adu), noise = !lacks(a.read_noise_electron);
  auto skip_unless = [&](bool good, AfStep step, const char* reason) {
    if (plan.runs(step) && !good) plan.skip(step, reason);
  };
  skip_unless(serial_columns(a, options.serial_skip, &from, &to), AF_STEP_SERIAL_OVERSCAN,
              "no overscan column is left");
  skip_unless(parallel_rows(a, options.parallel_skip, &from, &to), AF_STEP_PARALLEL_OVERSCAN,
              "no overscan row is left");
  skip_unless(segments[0].threshold == segments[0].threshold, AF_STEP_SATURATION,
              "the saturation level is not known");
  skip_unless(gain, AF_STEP_GAIN, "the gain is not known");
  skip_unless(noise, AF_STEP_VARIANCE, "the read noise is not known");
  skip_unless(gain || in_electrons_before(AF_STEP_VARIANCE), AF_STEP_VARIANCE, "the gain is not known");
  skip_unless(gain, AF_STEP_BRIGHTER_FATTER, "the gain is not known");
  skip_unless(plan.runs(AF_STEP_VARIANCE) || (gain && noise), AF_STEP_COSMIC_RAYS,
              "the gain and the read noise are not known");
  skip_unless(segments[0].linearity >= 0, AF_STEP_LINEARITY, "it has no such amplifier as the raw's first");
}

// Index in the calib, by name; -1 when it is not there.
i32 AfIsr::linearity_of(const AmplifierInfo& a) const {
  const AfCalib* calib = options.calibs[AF_CALIB_LINEARITY];
  if (calib == nullptr) return -1;
  const auto& known = calib->linearity.amplifiers;
  for (size_t i = 0; i < known.size(); ++i)
    if (std::strncmp(known[i].name, a.name, sizeof a.name) == 0) return static_cast<i32>(i);
  return -1;
}

AfStatus AfIsr::start_amplifier(const HduRecord& hdu, i32 index, AfError* error) {
  if (found == 0) {
    const AfStatus status = start_detector(hdu.header, error);
    if (status != AF_OK) return status;
  }
  AmplifierInfo& a = amplifiers[found];
  char warning[160] = "";
  AfStatus status = read_amplifier(detector, hdu.header, index, hdu.width, hdu.height,
                                   static_cast<AfGeometryMode>(options.geometry), &a, warning, error);
  if (status != AF_OK) return status;
  if (warning[0] != '\0' && (status = warn(warning, error)) != AF_OK) return status;
  if (!inside(a.data, a.raw_width, a.raw_height) || !inside(a.detector, detector.width, detector.height) ||
      a.data.x1 - a.data.x0 != a.detector.x1 - a.detector.x0 ||
      a.data.y1 - a.data.y0 != a.detector.y1 - a.detector.y0 ||
      (!empty(a.serial_overscan) && !inside(a.serial_overscan, a.raw_width, a.raw_height)) ||
      (!empty(a.parallel_overscan) && !inside(a.parallel_overscan, a.raw_width, a.raw_height)))
    return fail(error, AF_MALFORMED, "the sections of a segment do not fit its pixels",
                {index, -1, -1, "DATASEC"});
  for (u32 i = 0; i < found; ++i)
    if (same_name(amplifiers[i], a))
      return fail(error, AF_MALFORMED, "a segment that comes twice", {index, -1, -1, "EXTNAME"});
  const bool full = options.recipe == AF_RECIPE_FULL;
  segments[found].threshold =
      full && std::strcmp(detector.instrument, "LATISS") == 0 ? kLatissFullSaturationAdu : a.saturation_adu;
  segments[found].linearity = linearity_of(a);
  if (found == 0) {
    // Without the gain step the image stays in adu, so that comes first.
    check_amplifier_steps(a);
    check_calibs();
    if ((status = take_planes(error)) != AF_OK) return status;
  }
  if (status = warn_of_lacks(a, error); status != AF_OK) return status;
  if (!row_values_.resize(a.raw_width) || !row_mask_.resize(a.raw_width) ||
      !neutral_.resize(size_t{3} * a.raw_width))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for a row", {index});
  ++found;
  frame.amplifier_count = found;
  return AF_OK;
}

// Of what the first amplifier had.
AfStatus AfIsr::warn_of_lacks(const AmplifierInfo& a, AfError* error) {
  i32 from = 0, to = 0;
  auto lacks = [&](AfStep step, bool good, const char* what) {
    if (!plan.runs(step) || good) return AF_OK;
    Sentence text;
    text << a.name << ": " << what;
    return warn(text.text, error);
  };
  const Segment& s = segments[found];
  const bool gain = a.gain_electron_per_adu > 0, noise = a.read_noise_electron > 0;
  AfStatus status = lacks(AF_STEP_SERIAL_OVERSCAN, serial_columns(a, options.serial_skip, &from, &to),
                          "no overscan column is left, nothing is taken away");
  if (status == AF_OK)
    status = lacks(AF_STEP_PARALLEL_OVERSCAN, parallel_rows(a, options.parallel_skip, &from, &to),
                   "no overscan row is left, nothing is taken away");
  if (status == AF_OK)
    status = lacks(AF_STEP_SATURATION, s.threshold == s.threshold,
                   "saturation level not known, nothing is masked");
  if (status == AF_OK)
    status = lacks(AF_STEP_LINEARITY, s.linearity >= 0, "not in the linearity calibration");
  if (status == AF_OK) status = lacks(AF_STEP_GAIN, gain, "gain not known, its pixels become NaN");
  if (status == AF_OK)
    status = lacks(AF_STEP_VARIANCE, gain && noise, "gain or read noise not known, no variance");
  return status;
}

// Of a detector that the camera table does not know the raw alone tells how many segments there are.
AfStatus AfIsr::warn_of_gaps(AfError* error) {
  u64 covered = 0;
  for (u32 i = 0; i < found; ++i) {
    const AfBox& box = amplifiers[i].detector;
    covered += static_cast<u64>(box.x1 - box.x0) * static_cast<u64>(box.y1 - box.y0);
  }
  if (covered >= u64{detector.width} * detector.height) return AF_OK;
  const Sentence missing = missing_segment();
  Sentence text;
  text << "the raw's " << static_cast<i32>(found) << " segments do not cover the whole image";
  if (missing.text[0] != '\0') text << " (" << missing.text << " is not there)";
  text << "; the rest is NO_DATA";
  return warn(text.text, error);
}

AfPlane* AfIsr::plane_for(AfPlane* given, AfPlaneType type) const {
  return given != nullptr ? given : af_plane_new(type, detector.width, detector.height);
}

AfStatus AfIsr::take_planes(AfError* error) {
  const u32 width = detector.width, height = detector.height;
  if (u64{width} * height > stream->options.memory_limit / sizeof(float))
    return fail(error, AF_LIMIT, "the assembled image is larger than the memory limit",
                {0, -1, -1, "DETSIZE"});
  auto fits = [&](const AfPlane* plane, AfPlaneType type) {
    return plane == nullptr || (plane->type == type && plane->width == width && plane->height == height);
  };
  if (!fits(options.image, AF_F32) || !fits(options.mask, AF_I32) || !fits(options.variance, AF_F32))
    return fail(error, AF_INVALID_ARGUMENT,
                "a plane to write into that has not the type and size of the result");
  bool masks = false;
  for (size_t i = 0; i < AF_STEP_COUNT; ++i)
    masks = masks || (plan[i].run && (kUnmaskedSteps & step_bit(plan[i].step)) == 0);
  image = plane_for(options.image, AF_F32);
  if (masks) mask = plane_for(options.mask, AF_I32);
  if (plan.runs(AF_STEP_VARIANCE)) variance = plane_for(options.variance, AF_F32);
  if (image == nullptr || (masks && mask == nullptr) || (plan.runs(AF_STEP_VARIANCE) && variance == nullptr))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for the assembled image");
  frame.width = width;
  frame.height = height;
  frame.image = static_cast<float*>(image->data);
  frame.mask = mask != nullptr ? static_cast<i32*>(mask->data) : nullptr;
  frame.amplifiers = amplifiers;
  for (const AfCalib* calib : options.calibs) {
    if (calib == nullptr || !calib->mask.has_planes) continue;
    frame.planes = calib->mask.planes;
    break;
  }
  return AF_OK;
}
