// Runs instrument signature removal on a file in memory.
#ifndef ASTRO_FITS_TEST_ISR_RUN_H_
#define ASTRO_FITS_TEST_ISR_RUN_H_

#include <cmath>
#include <cstring>

#include "small_raw.h"

namespace check {

struct Result {
  AfStatus status = AF_OK;
  AfError error{};
  bool waited = false;
  uint32_t steps = 0;  // calls of af_isr_step
  std::vector<float> image, variance;
  std::vector<int32_t> mask;
  std::string report;
};

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!(std::isnan(a[i]) && std::isnan(b[i])) && std::memcmp(&a[i], &b[i], sizeof a[i]) != 0) return false;
  return true;
}
inline bool same(const Result& a, const Result& b) {
  return a.status == b.status && a.mask == b.mask && same_bits(a.image, b.image) &&
         same_bits(a.variance, b.variance);
}
inline bool says(const Result& r, const std::string& text) {
  return r.report.find(text) != std::string::npos;
}

inline AfIsrOptions defaults() {
  AfIsrOptions o{};
  o.geometry = AF_GEOMETRY_HEADER;
  o.serial_skip[0] = o.serial_skip[1] = o.parallel_skip[0] = o.parallel_skip[1] = -1;
  return o;
}

template <class T>
std::vector<T> numbers(const AfPlane* plane) {
  if (plane == nullptr) return {};
  const T* data = static_cast<const T*>(plane->data);
  return std::vector<T>(data, data + size_t{plane->width} * plane->height);
}

// `pieces` of the file between steps; 0 = the whole file before the first.
inline Result run(const Bytes& file, const AfIsrOptions& options, uint32_t rows = 7, size_t pieces = 0) {
  Result r;
  AfStream* stream = af_stream_new(nullptr);
  AfIsr* isr = af_isr_new(&options, stream, &r.error);
  if (isr == nullptr) {
    r.status = static_cast<AfStatus>(r.error.status);
    af_stream_free(stream);
    return r;
  }
  size_t at = 0;
  const size_t piece = pieces == 0 ? file.size() : (file.size() + pieces - 1) / pieces;
  r.status = AF_WAITING;
  while (r.status == AF_MORE || r.status == AF_WAITING) {
    if (r.status == AF_WAITING && at < file.size()) {
      const size_t n = std::min(piece, file.size() - at);
      r.status = af_stream_push(stream, file.data() + at, n, &r.error);
      at += n;
      if (r.status == AF_OK && at == file.size()) r.status = af_stream_end(stream, &r.error);
      if (r.status != AF_OK) break;
    }
    r.status = af_isr_step(isr, rows, &r.error);
    ++r.steps;
    r.waited = r.waited || r.status == AF_WAITING;
    CHECK(r.status != AF_WAITING || at < file.size());
  }
  r.report = af_isr_report(isr);
  if (r.status == AF_OK) {
    CHECK(af_isr_current_step(isr) == -1);
    r.image = numbers<float>(af_isr_image(isr));
    r.mask = numbers<int32_t>(af_isr_mask(isr));
    r.variance = numbers<float>(af_isr_variance(isr));
    if (af_isr_image(isr) != options.image) af_plane_free(af_isr_image(isr));
    if (af_isr_mask(isr) != options.mask) af_plane_free(af_isr_mask(isr));
    if (af_isr_variance(isr) != options.variance) af_plane_free(af_isr_variance(isr));
  } else {
    CHECK(r.error.status == r.status && r.error.message[0] != '\0');
  }
  af_isr_free(isr);
  af_stream_free(stream);
  return r;
}

struct Calibs {
  ~Calibs() {
    for (AfCalib* calib : all) af_calib_free(calib);
  }
  void add(AfIsrOptions* options, int kind, const Bytes& file, const char* name) {
    AfError error{};
    AfStream* stream = af_stream_new(nullptr);
    CHECK(af_stream_push(stream, file.data(), file.size(), &error) == AF_OK);
    CHECK(af_stream_end(stream, &error) == AF_OK);
    AfCalib* calib = af_calib_new(stream, kind, name, &error);
    CHECK(calib != nullptr);
    all.push_back(calib);
    while (af_calib_step(calib, 5, &error) == AF_MORE) {
    }
    af_stream_free(stream);
    options->calibs[kind] = calib;
  }
  std::vector<AfCalib*> all;
};

}  // namespace check

#endif  // ASTRO_FITS_TEST_ISR_RUN_H_
