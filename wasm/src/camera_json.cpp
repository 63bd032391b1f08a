#include "camera.h"
#include "json_text.h"
#include "sentence.h"

using namespace af;

namespace {

void write_box(JsonText* json, const char* name, const AfBox& box) {
  json->key(name).open('{');
  json->key("x0").integer(box.x0).key("y0").integer(box.y0).key("x1").integer(box.x1).key("y1").integer(
      box.y1);
  json->close('}');
}

void write_amplifier(JsonText* json, const AmplifierInfo& a) {
  json->open('{').key("name").text(a.name).key("hduName").text(a.hdu_name);
  json->key("rawWidth").integer(a.raw_width).key("rawHeight").integer(a.raw_height);
  write_box(json, "data", a.data);
  write_box(json, "serialOverscan", a.serial_overscan);
  write_box(json, "parallelOverscan", a.parallel_overscan);
  write_box(json, "detector", a.detector);
  json->key("flipX").logical(a.flip_x).key("flipY").logical(a.flip_y);
  json->key("gainElectronPerAdu").real(a.gain_electron_per_adu);
  json->key("readNoiseElectron").real(a.read_noise_electron);
  json->key("saturationAdu").real(a.saturation_adu).close('}');
}

}  // namespace

char* af_camera_geometry(const char* instrument, int32_t number, AfError* error) {
  DetectorInfo detector;
  if (!detector_of_table(instrument, number, &detector)) {
    Sentence text;
    text << "the camera table has no detector " << i64{number} << " of " << instrument
         << "; it knows LATISS, LSSTComCam, LSSTCam and their simulations";
    fail(error, AF_UNSUPPORTED, text.text);
    return nullptr;
  }
  Array<char> text;
  JsonText json(&text);
  json.open('{').key("instrument").text(detector.instrument).key("detector").integer(detector.detector);
  json.key("name").text(detector.detector_name).key("type").text(detector.detector_type);
  json.key("width")
      .integer(detector.width)
      .key("height")
      .integer(detector.height)
      .key("amplifiers")
      .open('[');
  for (u32 place = 0; place < detector.amplifier_count; ++place) {
    AmplifierInfo amplifier;
    amplifier_of_table(detector, place, &amplifier);
    write_amplifier(&json, amplifier);
  }
  json.close(']').close('}');
  char* copy = json.finish() ? static_cast<char*>(std::malloc(text.size())) : nullptr;
  if (copy == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for the geometry of a detector");
    return nullptr;
  }
  std::memcpy(copy, text.data(), text.size());
  return copy;
}
