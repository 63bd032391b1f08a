// References: IERS Conventions 2010, section 2.1 (frame bias of J2000); Capitaine et al. 2003, A&A 412, 567,
// equations (40) and (41) (precession IAU 2006, angles zeta, z, theta); Reid & Brunthaler 2004, ApJ 616, 872
// (galactic pole, J2000).
#include "sky_frame.h"

#include <cmath>
#include <numbers>

namespace af {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kArcsecond = kDegree / 3600;

// Of the axes: a vector's components in the frame turned by `angle` about `axis`.
Rotation about(int axis, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  const int j = (axis + 1) % 3, k = (axis + 2) % 3;
  Rotation r = {};
  r.m[axis][axis] = 1;
  r.m[j][j] = r.m[k][k] = c;
  r.m[j][k] = s;
  r.m[k][j] = -s;
  return r;
}

Rotation operator*(const Rotation& a, const Rotation& b) {
  Rotation r = {};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k) r.m[i][j] += a.m[i][k] * b.m[k][j];
  return r;
}

Rotation icrs_to_j2000() {
  constexpr double kEta = -19.9e-3, kXi = 9.1e-3, kAlpha = -22.9e-3;  // arcsec
  return about(0, -kEta * kArcsecond) * about(1, kXi * kArcsecond) * about(2, kAlpha * kArcsecond);
}

Rotation j2000_to(double equinox) {
  const double t = (equinox - 2000) / 100;
  auto angle = [t](const double(&c)[6]) {
    double sum = 0;
    for (const double coefficient : c) sum = sum * t + coefficient;
    return sum * kArcsecond;
  };
  // Of t^5 down to t^0.
  const double zeta = angle({-0.0000003173, -0.000005971, 0.01801828, 0.2988499, 2306.083227, 2.650545});
  const double z = angle({-0.0000002904, -0.000028596, 0.01826837, 1.0927348, 2306.077181, -2.650545});
  const double theta = angle({-0.0000001274, -0.000007089, -0.04182264, -0.4294934, 2004.191903, 0});
  return about(2, -z) * about(1, theta) * about(2, -zeta);
}

Rotation j2000_to_galactic() {
  constexpr double kPoleAlpha = 192.8594812065348, kPoleDelta = 27.12825118085622,
                   kNodeLongitude = 122.9319185680026;
  return about(2, (180 - kNodeLongitude) * kDegree) * about(1, (90 - kPoleDelta) * kDegree) *
         about(2, kPoleAlpha * kDegree);
}

}  // namespace

Rotation transposed(const Rotation& r) {
  Rotation t;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) t.m[i][j] = r.m[j][i];
  return t;
}

bool rotation_to_icrs(SkyFrame frame, double equinox, Rotation* out) {
  switch (frame) {
    case SkyFrame::kIcrs:
      *out = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
      return true;
    case SkyFrame::kFk5:
      // At 2000.0 the series leaves an angle of 0 but for rounding; such frames are meant to be J2000 itself.
      *out = equinox == 2000 ? transposed(icrs_to_j2000()) : transposed(j2000_to(equinox) * icrs_to_j2000());
      return true;
    case SkyFrame::kGalactic:
      *out = transposed(j2000_to_galactic() * icrs_to_j2000());
      return true;
    case SkyFrame::kFk4:
    case SkyFrame::kOther:
      return false;
  }
  return false;
}

void rotate(const Rotation& r, double lonlat[2]) {
  const double lon = lonlat[0] * kDegree, lat = lonlat[1] * kDegree;
  const double from[3] = {std::cos(lat) * std::cos(lon), std::cos(lat) * std::sin(lon), std::sin(lat)};
  double to[3];
  for (int i = 0; i < 3; ++i) to[i] = r.m[i][0] * from[0] + r.m[i][1] * from[1] + r.m[i][2] * from[2];
  const double degrees = std::atan2(to[1], to[0]) / kDegree;
  lonlat[0] = degrees < 0 ? degrees + 360 : degrees;
  if (lonlat[0] >= 360) lonlat[0] = 0;
  lonlat[1] = std::atan2(to[2], std::hypot(to[0], to[1])) / kDegree;
}

}  // namespace af
