// From the projection plane to native spherical coordinates and back.
#ifndef ASTRO_FITS_PROJECTION_H_
#define ASTRO_FITS_PROJECTION_H_

#include "support.h"

namespace af {

// Radians; native longitude phi and latitude theta. Zenithal projections have their reference point at theta
// = 90 deg.
struct Native {
  double phi, theta;
};
// Radians as well, where the standard has degrees.
struct PlanePoint {
  double x, y;
};

enum class ProjectionCode { kTan, kSin, kStg, kArc, kZea, kZpn };

inline constexpr u32 kProjectionParameters = 30;  // PVi_0 to PVi_29, of the latitude axis

class Projection {
 public:
  // False when the code, three letters, is none of those above.
  static bool find(const char* code, ProjectionCode* out);

  // False when the parameters make no projection.
  bool set(ProjectionCode code, const double (&parameters)[kProjectionParameters]);
  // False where the projection has no such point.
  bool to_native(const PlanePoint& at, Native* out) const;
  bool to_plane(const Native& at, PlanePoint* out) const;

 private:
  bool distance_of(double theta, double* r) const;
  bool theta_of(double r, double* theta) const;
  double polynomial(double zenith_distance, double* slope) const;

  ProjectionCode code_ = ProjectionCode::kTan;
  double parameters_[kProjectionParameters] = {};
  u32 degree_ = 0;            // of ZPN
  double last_distance_ = 0;  // ZPN is read up to where it stops growing
};

}  // namespace af

#endif  // ASTRO_FITS_PROJECTION_H_
