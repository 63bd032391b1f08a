// Distortions of a plane that are written as polynomials: SIP and TPV.
#ifndef ASTRO_FITS_POLYNOMIAL_MAP_H_
#define ASTRO_FITS_POLYNOMIAL_MAP_H_

#include "support.h"

namespace af {

// x' = sum c x^i y^j r^k with r = sqrt(x^2 + y^2), and another such sum for y'.
class PolynomialMap {
 public:
  static constexpr u32 kHighestPower = 20;

  // Powers of at most kHighestPower. False when memory is short.
  [[nodiscard]] bool add(u32 axis, double coefficient, u32 x_power, u32 y_power, u32 r_power = 0);
  bool empty() const { return terms_[0].empty() && terms_[1].empty(); }
  void apply(const double at[2], double out[2]) const;
  // Newton's method from `start`. False when it does not find a point.
  bool invert(const double wanted[2], const double start[2], double out[2]) const;

 private:
  struct Term {
    double coefficient;
    u8 x, y, r;
  };
  // `slopes`, which may be null, are dx'/dx, dx'/dy, dy'/dx, dy'/dy.
  void evaluate(const double at[2], double out[2], double* slopes) const;

  Array<Term> terms_[2];
};

}  // namespace af

#endif  // ASTRO_FITS_POLYNOMIAL_MAP_H_
