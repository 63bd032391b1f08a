// Instrument signature removal on this machine, for comparison with other hosts of the same sources:
//
//     isr-program OUT RECIPE OVERSCAN STEPS RAW [KIND=FILE...]
//
// RECIPE, OVERSCAN and KIND are the numbers of astro_fits.h, STEPS the set of bits. OUT gets the pixels of the image.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "astro_fits.h"

namespace {

constexpr uint32_t kRows = 256;

[[noreturn]] void stop(const std::string& what, const AfError& error) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), error.message);
  std::exit(1);
}

AfStream* open(const std::string& path) {
  AfError error{};
  AfStream* const stream = af_stream_new(nullptr);
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (stream == nullptr || file == nullptr) stop(path, error);
  std::vector<uint8_t> chunk(1 << 20);
  for (size_t count; (count = std::fread(chunk.data(), 1, chunk.size(), file)) > 0;)
    if (af_stream_push(stream, chunk.data(), count, &error) != AF_OK) stop(path, error);
  std::fclose(file);
  if (af_stream_end(stream, &error) != AF_OK) stop(path, error);
  return stream;
}

AfCalib* read_calib(const std::string& path, int32_t kind) {
  AfError error{};
  AfStream* const stream = open(path);
  AfCalib* const calib = af_calib_new(stream, kind, path.c_str(), &error);
  if (calib == nullptr) stop(path, error);
  AfStatus status = AF_MORE;
  while (status == AF_MORE) status = af_calib_step(calib, kRows, &error);
  if (status != AF_OK) stop(path, error);
  af_stream_free(stream);
  return calib;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) return 1;
  const std::string raw = arguments[5];
  AfIsrOptions options{};
  options.recipe = std::atoi(arguments[2]);
  options.overscan = std::atoi(arguments[3]);
  options.steps = static_cast<uint32_t>(std::strtoul(arguments[4], nullptr, 10));
  for (int i = 0; i < 2; ++i) options.serial_skip[i] = options.parallel_skip[i] = -1;
  std::vector<AfCalib*> calibs;
  for (int i = 6; i < count; ++i) {
    const std::string text = arguments[i];
    const int32_t kind = std::atoi(text.c_str());
    calibs.push_back(read_calib(text.substr(text.find('=') + 1), kind));
    options.calibs[kind] = calibs.back();
  }
  AfError error{};
  AfStream* const stream = open(raw);
  AfIsr* const isr = af_isr_new(&options, stream, &error);
  if (isr == nullptr) stop(raw, error);
  AfStatus status = AF_MORE;
  while (status == AF_MORE) status = af_isr_step(isr, kRows, &error);
  if (status != AF_OK) stop(raw, error);

  AfPlane* const image = af_isr_image(isr);
  std::FILE* const out = std::fopen(arguments[1], "wb");
  const size_t pixels = size_t{image->width} * image->height;
  if (out == nullptr || std::fwrite(image->data, sizeof(float), pixels, out) != pixels) stop(arguments[1], error);
  std::fclose(out);
  af_plane_free(image);
  af_plane_free(af_isr_mask(isr));
  af_plane_free(af_isr_variance(isr));
  af_isr_free(isr);
  af_stream_free(stream);
  for (AfCalib* calib : calibs) af_calib_free(calib);
  return 0;
}
