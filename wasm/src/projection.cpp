// Reference: Calabretta & Greisen 2002, A&A 395, 1077 ("paper II"), section 5.1, zenithal projections.
#include "projection.h"

#include <cmath>
#include <numbers>

namespace af {
namespace {

constexpr double kHalfPi = std::numbers::pi / 2;

}  // namespace

bool Projection::find(const char* code, ProjectionCode* out) {
  constexpr struct {
    char name[4];
    ProjectionCode code;
  } kCodes[] = {{"TAN", ProjectionCode::kTan}, {"SIN", ProjectionCode::kSin}, {"STG", ProjectionCode::kStg},
                {"ARC", ProjectionCode::kArc}, {"ZEA", ProjectionCode::kZea}, {"ZPN", ProjectionCode::kZpn}};
  for (const auto& known : kCodes) {
    if (std::strcmp(known.name, code) != 0) continue;
    *out = known.code;
    return true;
  }
  return false;
}

bool Projection::set(ProjectionCode code, const double (&parameters)[kProjectionParameters]) {
  code_ = code;
  std::memcpy(parameters_, parameters, sizeof parameters_);
  if (code != ProjectionCode::kZpn) return true;
  degree_ = kProjectionParameters - 1;
  while (degree_ > 0 && parameters_[degree_] == 0) --degree_;
  if (degree_ == 0) return false;
  // The radius must grow with the distance from the pole, or it would belong to two distances: take the
  // polynomial as far as its slope is positive. 0.1 deg steps, then bisection.
  constexpr int kSteps = 1800;
  double slope = 0, below = 0;
  polynomial(0, &slope);
  if (!(slope > 0)) return false;
  last_distance_ = std::numbers::pi;
  for (int i = 1; i <= kSteps; ++i) {
    const double distance = std::numbers::pi * i / kSteps;
    polynomial(distance, &slope);
    if (slope > 0) {
      below = distance;
      continue;
    }
    double above = distance;
    for (int j = 0; j < 60; ++j) {
      const double middle = (below + above) / 2;
      polynomial(middle, &slope);
      (slope > 0 ? below : above) = middle;
    }
    last_distance_ = below;
    break;
  }
  return true;
}

double Projection::polynomial(double distance, double* slope) const {
  double value = parameters_[degree_];
  *slope = 0;
  for (u32 i = degree_; i-- > 0;) {
    *slope = *slope * distance + value;
    value = value * distance + parameters_[i];
  }
  return value;
}

// The radius in the plane, of all but SIN.
bool Projection::distance_of(double theta, double* r) const {
  const double zenith = kHalfPi - theta;
  double slope = 0;
  switch (code_) {
    case ProjectionCode::kTan:
      *r = std::tan(zenith);
      return theta > 0;
    case ProjectionCode::kStg:
      *r = 2 * std::tan(zenith / 2);
      return theta > -kHalfPi;
    case ProjectionCode::kArc:
      *r = zenith;
      return true;
    case ProjectionCode::kZea:
      *r = 2 * std::sin(zenith / 2);
      return true;
    case ProjectionCode::kZpn:
      *r = polynomial(zenith, &slope);
      return zenith <= last_distance_;
    case ProjectionCode::kSin:
      break;
  }
  return false;
}

bool Projection::theta_of(double r, double* theta) const {
  double zenith = 0;
  switch (code_) {
    case ProjectionCode::kTan:
      zenith = std::atan(r);
      break;
    case ProjectionCode::kStg:
      zenith = 2 * std::atan(r / 2);
      break;
    case ProjectionCode::kArc:
      zenith = r;
      break;
    case ProjectionCode::kZea:
      if (r > 2) return false;
      zenith = 2 * std::asin(r / 2);
      break;
    case ProjectionCode::kZpn: {
      double low = 0, high = last_distance_, slope = 0;
      if (!(r >= polynomial(low, &slope)) || !(r <= polynomial(high, &slope))) return false;
      // Newton's method, kept between two distances that have the radius between theirs.
      zenith = high / 2;
      for (int i = 0; i < 100; ++i) {
        const double excess = polynomial(zenith, &slope) - r;
        (excess > 0 ? high : low) = zenith;
        double next = zenith - excess / slope;
        if (!(next >= low && next <= high)) next = (low + high) / 2;
        if (std::fabs(next - zenith) <= 1e-16 * high) break;
        zenith = next;
      }
      break;
    }
    case ProjectionCode::kSin:
      return false;
  }
  *theta = kHalfPi - zenith;
  return zenith <= std::numbers::pi;
}

bool Projection::to_native(const PlanePoint& at, Native* out) const {
  if (code_ != ProjectionCode::kSin) {
    *out = {at.x == 0 && at.y == 0 ? 0 : std::atan2(at.x, -at.y), 0};
    return theta_of(std::hypot(at.x, at.y), &out->theta);
  }
  // Equations (59) and (60) in z = 1 - sin(theta), which keeps its digits near the pole: the smaller root of
  // a z^2 - 2 b z + r^2 = 0.
  const double xi = parameters_[1], eta = parameters_[2];
  const double a = 1 + xi * xi + eta * eta, b = 1 + xi * at.x + eta * at.y, r2 = at.x * at.x + at.y * at.y;
  const double discriminant = b * b - a * r2;
  if (!(discriminant >= 0)) return false;
  const double z = b > 0 ? r2 / (b + std::sqrt(discriminant)) : (b + std::sqrt(discriminant)) / a;
  if (!(z >= 0 && z <= 2)) return false;
  const double x = at.x - xi * z, y = at.y - eta * z;
  *out = {x == 0 && y == 0 ? 0 : std::atan2(x, -y), std::atan2(1 - z, std::hypot(x, y))};
  return true;
}

bool Projection::to_plane(const Native& at, PlanePoint* out) const {
  const double sine = std::sin(at.phi), cosine = std::cos(at.phi);
  if (code_ != ProjectionCode::kSin) {
    double r = 0;
    const bool there = distance_of(at.theta, &r);
    *out = {r * sine, -r * cosine};
    return there;
  }
  const double xi = parameters_[1], eta = parameters_[2];
  const double half = std::sin((kHalfPi - at.theta) / 2), z = 2 * half * half;
  *out = {std::cos(at.theta) * sine + xi * z, -std::cos(at.theta) * cosine + eta * z};
  // Beyond this limit (end of section 5.1.5) two points of the sphere fall on one.
  return at.theta >= -std::atan(xi * sine - eta * cosine);
}

}  // namespace af
