// The celestial coordinates of an image's pixels, as its header tells them.
#ifndef ASTRO_FITS_WCS_H_
#define ASTRO_FITS_WCS_H_

#include "header.h"
#include "polynomial_map.h"
#include "projection.h"
#include "sky_frame.h"

namespace af {

// The sphere's turn from native to celestial coordinates. Radians.
struct CelestialPole {
  double longitude;         // of the native pole, alpha_p
  double latitude;          // delta_p
  double native_longitude;  // of the celestial pole, phi_p
};

}  // namespace af

// In the order of the header's keywords: pixel - CRPIX, SIP, matrix, TPV, projection, rotation.
struct AfWcs {
  af::i32 longitude_axis = 0;  // 0 or 1; the other one is the latitude's
  double reference_pixel[2] = {};
  af::PolynomialMap sip;          // of pixels from the reference pixel
  af::PolynomialMap sip_inverse;  // AP, BP: a first guess
  double matrix[2][2] = {};       // pixels to degrees; rows: longitude, latitude
  double inverse[2][2] = {};
  af::PolynomialMap tpv;  // of degrees
  af::Projection projection;
  af::PlanePoint offset{};  // added before the projection: PVi_0, PVi_1, PVi_2 of the longitude axis
  af::CelestialPole pole{};
  af::SkyFrame frame = af::SkyFrame::kOther;
  AfWcsInfo info{};

  AfStatus read(const af::Header& header, char alternate, af::i32 hdu, AfError* error);
  bool to_sky(const double xy[2], double lonlat[2]) const;
  bool to_pixel(const double lonlat[2], double xy[2]) const;
};

#endif  // ASTRO_FITS_WCS_H_
