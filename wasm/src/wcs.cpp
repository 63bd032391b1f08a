// References: FITS standard 4.0, section 8; Calabretta & Greisen 2002, A&A 395, 1077 ("paper II").
#include "wcs.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "stream.h"

using namespace af;

// layout.ts says the same numbers.
static_assert(offsetof(AfWcsInfo, frame) == 32 && offsetof(AfWcsInfo, equinox) == 48 &&
              offsetof(AfWcsInfo, longitude_axis) == 56 && sizeof(AfWcsInfo) == 64);

namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double wrapped(double degrees) {
  if (degrees < 0) degrees += 360;
  return degrees >= 360 ? degrees - 360 : degrees;
}

// Equation (2) of paper II for both ways: `from` about a pole at latitude `pole`, with longitudes counted
// from `start` in the old system and `end` in the new one. By components, not by arcsine, which loses half
// the digits near a pole.
void turn(double longitude, double latitude, double pole, double start, double end, double* new_longitude,
          double* new_latitude) {
  const double sine = std::sin(latitude), cosine = std::cos(latitude), angle = longitude - start;
  const double x = sine * std::cos(pole) - cosine * std::sin(pole) * std::cos(angle);
  const double y = -cosine * std::sin(angle);
  const double z = sine * std::sin(pole) + cosine * std::cos(pole) * std::cos(angle);
  *new_longitude = end + (x == 0 && y == 0 ? 0 : std::atan2(y, x));
  *new_latitude = std::atan2(z, std::hypot(x, y));
}

bool finite(double a, double b) { return a - a == 0 && b - b == 0; }

}  // namespace

bool AfWcs::to_sky(const double xy[2], double lonlat[2]) const {
  double pixel[2] = {xy[0] + 1 - reference_pixel[0], xy[1] + 1 - reference_pixel[1]};
  if (!sip.empty()) {
    const double undistorted[2] = {pixel[0], pixel[1]};
    sip.apply(undistorted, pixel);
  }
  double degrees[2];
  for (int i = 0; i < 2; ++i) degrees[i] = matrix[i][0] * pixel[0] + matrix[i][1] * pixel[1];
  if (!tpv.empty()) {
    const double undistorted[2] = {degrees[0], degrees[1]};
    tpv.apply(undistorted, degrees);
  }
  Native native;
  if (!finite(degrees[0], degrees[1]) ||
      !projection.to_native({degrees[0] * kDegree + offset.x, degrees[1] * kDegree + offset.y}, &native))
    return false;
  double longitude = 0, latitude = 0;
  turn(native.phi, native.theta, pole.latitude, pole.native_longitude, pole.longitude, &longitude, &latitude);
  lonlat[0] = wrapped(std::fmod(longitude / kDegree, 360));
  lonlat[1] = latitude / kDegree;
  return true;
}

bool AfWcs::to_pixel(const double lonlat[2], double xy[2]) const {
  if (!finite(lonlat[0], lonlat[1]) || std::fabs(lonlat[1]) > 90) return false;
  Native native;
  turn(lonlat[0] * kDegree, lonlat[1] * kDegree, pole.latitude, pole.longitude, pole.native_longitude,
       &native.phi, &native.theta);
  PlanePoint plane;
  if (!projection.to_plane(native, &plane)) return false;
  double degrees[2] = {(plane.x - offset.x) / kDegree, (plane.y - offset.y) / kDegree};
  if (!tpv.empty()) {
    const double wanted[2] = {degrees[0], degrees[1]};
    if (!tpv.invert(wanted, wanted, degrees)) return false;
  }
  double pixel[2];
  for (int i = 0; i < 2; ++i) pixel[i] = inverse[i][0] * degrees[0] + inverse[i][1] * degrees[1];
  if (!sip.empty()) {
    const double wanted[2] = {pixel[0], pixel[1]};
    double start[2] = {pixel[0], pixel[1]};
    if (!sip_inverse.empty()) sip_inverse.apply(wanted, start);
    if (!sip.invert(wanted, start, pixel)) return false;
  }
  for (int i = 0; i < 2; ++i) xy[i] = pixel[i] + reference_pixel[i] - 1;
  return finite(xy[0], xy[1]);
}

AfWcs* af_wcs_new(const AfStream* stream, uint32_t hdu, int32_t alternate, AfError* error) {
  if (hdu >= stream->hdus.size()) {
    fail(error, AF_INVALID_ARGUMENT, "no such HDU", {static_cast<i32>(hdu)});
    return nullptr;
  }
  if (alternate != 0 && (alternate < 'A' || alternate > 'Z')) {
    fail(error, AF_INVALID_ARGUMENT, "alternates are 0 or a letter from A to Z", {static_cast<i32>(hdu)});
    return nullptr;
  }
  AfWcs* wcs = create<AfWcs>();
  if (wcs == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for the coordinates");
    return nullptr;
  }
  if (wcs->read(stream->hdus[hdu]->header, static_cast<char>(alternate), static_cast<i32>(hdu), error) ==
      AF_OK)
    return wcs;
  destroy(wcs);
  return nullptr;
}

void af_wcs_info(const AfWcs* wcs, AfWcsInfo* info) { *info = wcs->info; }

void af_wcs_to_sky(const AfWcs* wcs, const double* xy, double* lonlat, uint32_t count) {
  for (size_t i = 0; i < 2 * size_t{count}; i += 2) {
    const double from[2] = {xy[i], xy[i + 1]};
    if (!wcs->to_sky(from, lonlat + i)) lonlat[i] = lonlat[i + 1] = kNone;
  }
}

void af_wcs_to_pixel(const AfWcs* wcs, const double* lonlat, double* xy, uint32_t count) {
  for (size_t i = 0; i < 2 * size_t{count}; i += 2) {
    const double from[2] = {lonlat[i], lonlat[i + 1]};
    if (!wcs->to_pixel(from, xy + i)) xy[i] = xy[i + 1] = kNone;
  }
}

namespace {

AfStatus convert(const AfWcs* wcs, bool to_icrs, double* lonlat, uint32_t count, AfError* error) {
  Rotation rotation;
  if (!rotation_to_icrs(wcs->frame, wcs->info.equinox, &rotation))
    return fail(error, AF_UNSUPPORTED,
                "the coordinates are not ICRS, FK5 or galactic: they are not converted to ICRS");
  if (wcs->frame == SkyFrame::kIcrs) return AF_OK;
  if (!to_icrs) rotation = transposed(rotation);
  for (size_t i = 0; i < 2 * size_t{count}; i += 2) rotate(rotation, lonlat + i);
  return AF_OK;
}

}  // namespace

AfStatus af_wcs_to_icrs(const AfWcs* wcs, double* lonlat, uint32_t count, AfError* error) {
  return convert(wcs, true, lonlat, count, error);
}

AfStatus af_wcs_from_icrs(const AfWcs* wcs, double* lonlat, uint32_t count, AfError* error) {
  return convert(wcs, false, lonlat, count, error);
}

void af_wcs_free(AfWcs* wcs) { destroy(wcs); }
