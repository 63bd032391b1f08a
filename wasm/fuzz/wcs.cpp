// World coordinates: cards one a line, behind a primary header that is right. The first byte is the alternate.
#include <cmath>

#include "input.h"

namespace {

bool both_or_none(const double* pair) { return std::isfinite(pair[0]) == std::isfinite(pair[1]); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const uint32_t letter = in.below(27);
  fuzz::File file;
  file.card("SIMPLE  =                    T");
  file.number("BITPIX", 8);
  file.number("NAXIS", 0);
  file.lines(in);
  file.end();
  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(file.bytes(), 0, &status);
  AfError error{};
  const int32_t alternate = letter == 0 ? 0 : static_cast<int32_t>('A' + letter - 1);
  AfWcs* wcs = af_stream_hdu_count(stream) == 0 ? nullptr : af_wcs_new(stream, 0, alternate, &error);
  if (wcs != nullptr) {
    double points[] = {0, 0, 1, 2, 2036.5, -7, 1e6, -1e6, 1e300, 1, NAN, 0};
    constexpr uint32_t kCount = sizeof points / sizeof *points / 2;
    af_wcs_to_sky(wcs, points, points, kCount);
    for (uint32_t i = 0; i < kCount; ++i) {
      const double* at = points + 2 * i;
      REQUIRE(both_or_none(at));
      if (std::isfinite(at[0])) REQUIRE(at[0] >= 0 && at[0] < 360 && std::fabs(at[1]) <= 90 + 1e-9);
    }
    if (af_wcs_to_icrs(wcs, points, kCount, &error) == AF_OK) af_wcs_from_icrs(wcs, points, kCount, &error);
    af_wcs_to_pixel(wcs, points, points, kCount);
    for (uint32_t i = 0; i < kCount; ++i) REQUIRE(both_or_none(points + 2 * i));
    AfWcsInfo info;
    af_wcs_info(wcs, &info);
    REQUIRE(info.types[0][15] == '\0' && info.types[1][15] == '\0' && info.frame[15] == '\0');
  }
  af_wcs_free(wcs);
  af_stream_free(stream);
  return 0;
}
