// What was done to an exposure, and what not; docs/isr.md has the schema.
#include "isr_job.h"
#include "json_text.h"

using namespace af;

namespace {

constexpr const char* kRecipes[] = {"rapid", "full"};
constexpr const char* kOverscans[] = {
    "median-per-row", "plain-median-per-row", "mean-per-row", "median", "mean", "spline"};

const char* or_empty(const char* text) { return text != nullptr ? text : ""; }

bool is_known(double number) { return number - number == 0; }

void source(JsonText* json, const char* name, double number, const char* text) {
  json->key(name);
  if (is_known(number) && text != nullptr) {
    json->text(text);
  } else {
    json->null();
  }
}

i64 bit_number(i32 bit) { return std::countr_zero(static_cast<u32>(bit)); }

}  // namespace

bool AfIsr::by_table() const {
  return placed_by_table(detector, static_cast<AfGeometryMode>(options.geometry));
}

const char* AfIsr::saturation_source() const {
  const bool overridden = found > 0 && segments[0].threshold != amplifiers[0].saturation_adu;
  return overridden ? "IsrTaskLSST configuration of LATISS" : or_empty(amplifiers[0].saturation_source);
}

// What a step without a calib used.
const char* AfIsr::used_by(AfStep step) const {
  switch (step) {
    case AF_STEP_SATURATION:
      return saturation_source();
    case AF_STEP_SERIAL_OVERSCAN:
    case AF_STEP_PARALLEL_OVERSCAN:
      return kOverscans[options.overscan];
    case AF_STEP_ASSEMBLE:
      return by_table() ? "camera table" : "DATASEC and DETSEC";
    case AF_STEP_GAIN:
      return or_empty(amplifiers[0].gain_source);
    case AF_STEP_VARIANCE:
      return or_empty(amplifiers[0].read_noise_source);
    case AF_STEP_COSMIC_RAYS:
      return "L.A.Cosmic";
    case AF_STEP_INTERPOLATE:
      return "lines along rows";
    default:
      return "";
  }
}

const char* AfIsr::report() {
  report_.clear();
  JsonText json(&report_);
  json.open('{');
  json.key("instrument").text(detector.instrument);
  json.key("detector").integer(detector.detector);
  json.key("detector_name").text(detector.detector_name);
  json.key("detector_type").text(detector.detector_type);
  json.key("recipe").text(kRecipes[options.recipe]);
  json.key("geometry").text(by_table() ? "table" : "header");
  json.key("width").integer(detector.width);
  json.key("height").integer(detector.height);
  json.key("unit").text(plan.runs(AF_STEP_GAIN) ? "electron" : "adu");

  json.key("steps").open('[');
  for (size_t i = 0; i < AF_STEP_COUNT; ++i) {
    const PlannedStep& p = plan[i];
    if (!p.asked && !p.calib_given) continue;
    json.open('{').key("name").text(step_name(p.step)).key("done").logical(p.run);
    if (p.run) {
      const AfCalibKind kind = calib_of(p.step);
      json.key("with");
      if (kind != AF_CALIB_KIND_COUNT) {
        json.utf8(options.calibs[kind]->name.data());
      } else {
        json.text(used_by(p.step));
      }
    } else {
      json.key("reason").text(p.reason);
    }
    json.close('}');
  }
  json.close(']');

  const bool saturation = plan.runs(AF_STEP_SATURATION);
  bool alike = saturation && found > 0;
  for (u32 i = 0; i < found; ++i) alike = alike && segments[i].threshold == segments[0].threshold;
  json.key("saturation").open('{');
  json.key("threshold").real(alike ? segments[0].threshold : kUnknown);
  json.key("unit").text("adu");
  json.key("source").text(saturation ? saturation_source() : "");
  json.close('}');
  json.key("dark_scale").real(plan.runs(AF_STEP_DARK) ? dark_scale : kUnknown);

  json.key("amplifiers").open('[');
  for (u32 i = 0; i < found; ++i) {
    const AmplifierInfo& a = amplifiers[i];
    const Segment& s = segments[i];
    json.open('{').key("name").text(a.name).key("hdu").integer(a.hdu);
    json.key("gain_electron_per_adu").real(a.gain_electron_per_adu);
    source(&json, "gain_source", a.gain_electron_per_adu, a.gain_source);
    json.key("read_noise_electron").real(a.read_noise_electron);
    source(&json, "read_noise_source", a.read_noise_electron, a.read_noise_source);
    json.key("saturation_threshold").real(saturation ? s.threshold : kUnknown);
    if (options.statistics != 0) {
      json.key("overscan_median").real(s.overscan_median);
      json.key("median_before").real(s.before.median);
      json.key("robust_sigma_before").real(s.before.robust_sigma);
      json.key("median_after").real(s.after.median);
      json.key("robust_sigma_after").real(s.after.robust_sigma);
    }
    json.close('}');
  }
  json.close(']');

  json.key("mask_planes").open('{');
  if (mask != nullptr)
    for (const NamedPlane& plane : kNamedPlanes)
      json.key(plane.name).integer(bit_number(frame.planes.*plane.bit));
  json.close('}');
  json.key("warnings").open('[');
  for (const Warning& warning : warnings) json.text(warning.text);
  json.close(']').close('}');
  return json.finish() ? report_.data() : "";
}
