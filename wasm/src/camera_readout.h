// How the tables of gain, read noise and saturation are written down, and how they are kept in the module:
// byte by byte, neighbours side by side, which gzip makes a quarter smaller than numbers of 4 bytes.
#ifndef ASTRO_FITS_CAMERA_READOUT_H_
#define ASTRO_FITS_CAMERA_READOUT_H_

#include "support.h"

namespace af {

// In the order of the raw's HDUs: 10..17, 07..00; of half a CCD the first 8. Numbers are below 2^24.
struct ReadoutRow {
  u32 detector;        // below 256
  u32 gain[16];        // 1e-5 electron / adu
  u32 read_noise[16];  // 1e-3 electron
  u32 saturation[16];  // adu
};

template <size_t N>
class PackedReadout {
 public:
  consteval explicit PackedReadout(const ReadoutRow (&rows)[N]) {
    for (size_t i = 0; i < N; ++i) {
      detectors_[i] = static_cast<u8>(rows[i].detector);
      for (size_t segment = 0; segment < 16; ++segment) {
        const u32 numbers[3] = {rows[i].gain[segment], rows[i].read_noise[segment],
                                rows[i].saturation[segment]};
        for (size_t n = 0; n < 3; ++n)
          for (size_t byte = 0; byte < 3; ++byte)
            bytes_[n][byte][16 * i + segment] = static_cast<u8>(numbers[n] >> (8 * byte));
      }
    }
  }
  // Gain, read noise and saturation; false when the table does not have the detector.
  bool find(i32 detector, u32 segment, u32 (&out)[3]) const {
    for (size_t i = 0; i < N; ++i) {
      if (detectors_[i] != detector) continue;
      for (size_t n = 0; n < 3; ++n) {
        out[n] = 0;
        for (size_t byte = 0; byte < 3; ++byte)
          out[n] |= u32{bytes_[n][byte][16 * i + segment]} << (8 * byte);
      }
      return true;
    }
    return false;
  }

 private:
  u8 detectors_[N] = {};
  u8 bytes_[3][3][16 * N] = {};
};

}  // namespace af

#endif  // ASTRO_FITS_CAMERA_READOUT_H_
