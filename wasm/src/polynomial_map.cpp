#include "polynomial_map.h"

#include <cmath>

namespace af {
namespace {

struct Powers {
  explicit Powers(double base) {
    power[0] = 1;
    for (u32 i = 1; i <= PolynomialMap::kHighestPower; ++i) power[i] = power[i - 1] * base;
  }
  double operator[](u32 i) const { return power[i]; }
  // Of the base to the i.
  double slope(u32 i) const { return i == 0 ? 0 : i * power[i - 1]; }
  double power[PolynomialMap::kHighestPower + 1];
};

}  // namespace

bool PolynomialMap::add(u32 axis, double coefficient, u32 x_power, u32 y_power, u32 r_power) {
  return coefficient == 0 || terms_[axis].push({coefficient, static_cast<u8>(x_power),
                                                static_cast<u8>(y_power), static_cast<u8>(r_power)});
}

void PolynomialMap::evaluate(const double at[2], double out[2], double* slopes) const {
  const double radius = std::hypot(at[0], at[1]);
  const Powers x(at[0]), y(at[1]), r(radius);
  // dr/dx and dr/dy; r has none at the origin, where its odd powers from 3 on have slope 0.
  const double rx = radius > 0 ? at[0] / radius : 0, ry = radius > 0 ? at[1] / radius : 0;
  for (u32 axis = 0; axis < 2; ++axis) {
    double sum = 0, by_x = 0, by_y = 0;
    for (const Term& t : terms_[axis]) {
      const double xy = x[t.x] * y[t.y];
      sum += t.coefficient * xy * r[t.r];
      if (slopes == nullptr) continue;
      by_x += t.coefficient * (x.slope(t.x) * y[t.y] * r[t.r] + xy * r.slope(t.r) * rx);
      by_y += t.coefficient * (x[t.x] * y.slope(t.y) * r[t.r] + xy * r.slope(t.r) * ry);
    }
    out[axis] = sum;
    if (slopes == nullptr) continue;
    slopes[2 * axis] = by_x;
    slopes[2 * axis + 1] = by_y;
  }
}

void PolynomialMap::apply(const double at[2], double out[2]) const { evaluate(at, out, nullptr); }

bool PolynomialMap::invert(const double wanted[2], const double start[2], double out[2]) const {
  double at[2] = {start[0], start[1]};
  for (int i = 0; i < 50; ++i) {
    double value[2], slopes[4];
    evaluate(at, value, slopes);
    const double miss[2] = {wanted[0] - value[0], wanted[1] - value[1]};
    const double determinant = slopes[0] * slopes[3] - slopes[1] * slopes[2];
    const double step[2] = {(slopes[3] * miss[0] - slopes[1] * miss[1]) / determinant,
                            (slopes[0] * miss[1] - slopes[2] * miss[0]) / determinant};
    const double size = std::hypot(step[0], step[1]);
    if (!(size < 1e300)) return false;
    at[0] += step[0];
    at[1] += step[1];
    // Newton's steps shrink by squares: after one this small the rest is rounding.
    if (size > 1e-11 * std::hypot(at[0], at[1]) + 1e-15) continue;
    out[0] = at[0];
    out[1] = at[1];
    return true;
  }
  return false;
}

}  // namespace af
