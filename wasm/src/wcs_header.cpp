// References: FITS standard 4.0, section 8; paper II (see wcs.cpp), sections 2 and 3; Shupe et al. 2005, ASP
// Conf. Ser. 347, 491 (SIP); the FITS registry's TPV convention.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "sentence.h"
#include "wcs.h"

using namespace af;

namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr i32 kMostAxes = 9;
constexpr i32 kLastTpv = 39;  // PVi_m

// The keywords of one description: PC1_2A from "PC", 1, 2 and the letter.
class Description {
 public:
  Description(const Header& header, char alternate) : header_(header), alternate_(alternate) {}

  bool number(const char* stem, double* out) const { return header_.real(keyword(stem).text, out); }
  bool number(const char* stem, i32 i, double* out) const { return header_.real(keyword(stem, i).text, out); }
  bool number(const char* stem, i32 i, i32 j, double* out) const {
    return header_.real(keyword(stem, i, j).text, out);
  }
  template <size_t N>
  void text(const char* stem, i32 i, char (&out)[N]) const {
    read_text(header_, keyword(stem, i).text, out);
  }
  // Calls `found(parameter, value)` for each PVi_m of an axis.
  template <class F>
  void parameters(i32 i, i32 most, F found) const {
    double value = 0;
    for (i32 m = 0; m <= most; ++m)
      if (number("PV", i, m, &value)) found(m, value);
  }

  // i and j are left out below 0.
  Sentence keyword(const char* stem, i32 i = -1, i32 j = -1) const {
    Sentence name;
    name << stem;
    if (i >= 0) name << i64{i};
    if (j >= 0) name << "_" << i64{j};
    const char letter[2] = {alternate_, '\0'};
    name << letter;
    return name;
  }

 private:
  const Header& header_;
  char alternate_;
};

bool same(const char* a, const char* b) { return std::strcmp(a, b) == 0; }

// RA---TAN-SIP gives the coordinate RA, the code TAN and the suffix SIP.
struct Type {
  char coordinate[5] = "";
  char code[4] = "";
  char suffix[5] = "";

  explicit Type(const char* text) {
    if (std::strlen(text) < 8 || text[4] != '-') return;
    for (int i = 0; i < 4 && text[i] != '-'; ++i) coordinate[i] = text[i];
    std::memcpy(code, text + 5, 3);
    if (text[8] == '-') copy_text(suffix, sizeof suffix, text + 9);
  }
  bool ends_in(const char* pair) const {
    const size_t n = std::strlen(coordinate);
    return n > 2 && same(coordinate + n - 2, pair);
  }
  bool is_longitude() const { return same(coordinate, "RA") || ends_in("ON") || ends_in("LN"); }
  bool is_latitude() const { return same(coordinate, "DEC") || ends_in("AT") || ends_in("LT"); }
};

// Degrees in one unit; 0 for units that are no angle.
double degrees_in(const char* unit) {
  constexpr struct {
    const char* name;
    double degrees;
  } kUnits[] = {{"", 1},
                {"deg", 1},
                {"degree", 1},
                {"degrees", 1},
                {"arcmin", 1 / 60.0},
                {"arcsec", 1 / 3600.0},
                {"mas", 1 / 3600000.0},
                {"rad", 180 / std::numbers::pi}};
  for (const auto& known : kUnits)
    if (same(known.name, unit)) return known.degrees;
  return 0;
}

// The rows of CD, or of PC with CDELT, or of CROTA with CDELT, in the header's units.
void read_matrix(const Description& d, i32 latitude_axis, double (&m)[2][2]) {
  double pc[2][2] = {{1, 0}, {0, 1}}, cd[2][2] = {}, cdelt[2] = {1, 1}, rotation = 0;
  bool has_pc = false, has_cd = false;
  for (i32 i = 0; i < 2; ++i) {
    d.number("CDELT", i + 1, &cdelt[i]);
    for (i32 j = 0; j < 2; ++j) {
      has_pc |= d.number("PC", i + 1, j + 1, &pc[i][j]);
      has_cd |= d.number("CD", i + 1, j + 1, &cd[i][j]);
    }
  }
  if (!has_pc && d.number("CROTA", latitude_axis + 1, &rotation)) {
    // Paper II, equations (187) to (189): the matrix has no skew.
    const i32 lat = latitude_axis, lon = 1 - lat;
    const double c = std::cos(rotation * kDegree), s = std::sin(rotation * kDegree);
    pc[lon][lon] = pc[lat][lat] = c;
    pc[lon][lat] = -s * cdelt[lat] / cdelt[lon];
    pc[lat][lon] = s * cdelt[lon] / cdelt[lat];
  }
  for (i32 i = 0; i < 2; ++i)
    for (i32 j = 0; j < 2; ++j) m[i][j] = has_cd ? cd[i][j] : cdelt[i] * pc[i][j];
}

// Equations (8) to (10) of paper II: where the native pole is, from the place of the fiducial point. False
// when no pole gives it that latitude.
bool find_pole(const double fiducial[2], double phi0, double theta0, double phi_p, double nearest_latitude,
               CelestialPole* out) {
  const double alpha0 = fiducial[0] * kDegree, delta0 = fiducial[1] * kDegree;
  out->native_longitude = phi_p * kDegree;
  if (theta0 == 90) {
    *out = {alpha0, delta0, phi_p * kDegree};
    return true;
  }
  const double angle = (phi_p - phi0) * kDegree, theta = theta0 * kDegree;
  const double x = std::cos(theta) * std::cos(angle), y = std::sin(theta), length = std::hypot(x, y);
  if (length == 0) {
    if (delta0 != 0) return false;
    out->latitude = nearest_latitude * kDegree;
  } else {
    const double ratio = std::sin(delta0) / length;
    if (std::fabs(ratio) > 1 + 1e-12) return false;
    const double middle = std::atan2(y, x), half = std::acos(std::clamp(ratio, -1.0, 1.0));
    double best = kNone;
    for (const double latitude : {middle + half, middle - half}) {
      const double wrapped = std::remainder(latitude, 2 * std::numbers::pi);
      if (std::fabs(wrapped) > std::numbers::pi / 2 + 1e-12) continue;
      const double miss = std::fabs(wrapped - nearest_latitude * kDegree);
      if (!(miss >= std::fabs(best - nearest_latitude * kDegree))) best = wrapped;
    }
    if (best != best) return false;
    out->latitude = std::clamp(best, -std::numbers::pi / 2, std::numbers::pi / 2);
  }
  const double cosines = std::cos(out->latitude) * std::cos(delta0);
  if (std::fabs(std::cos(delta0)) < 1e-12) {
    out->longitude = alpha0;
  } else if (std::fabs(cosines) < 1e-12) {
    out->longitude = out->latitude > 0 ? alpha0 + angle - std::numbers::pi : alpha0 - angle;
  } else {
    out->longitude = alpha0 - std::atan2(std::sin(angle) * std::cos(theta) / std::cos(delta0),
                                         (y - std::sin(out->latitude) * std::sin(delta0)) / cosines);
  }
  return true;
}

Sentence order_keyword(const char* name) {
  Sentence keyword;
  keyword << name << "_ORDER";
  return keyword;
}

// AF_MALFORMED when only one of the two has an order, or one that is no number; AF_UNSUPPORTED when it is not
// one that is read; AF_OUT_OF_MEMORY. Nothing is added when there are none.
AfStatus read_sip(const Header& header, const char* const (&names)[2], PolynomialMap* map) {
  double orders[2] = {};
  const AfCard* cards[2];
  for (u32 axis = 0; axis < 2; ++axis) cards[axis] = header.find(order_keyword(names[axis]).text);
  if (cards[0] == nullptr && cards[1] == nullptr) return AF_OK;
  for (u32 axis = 0; axis < 2; ++axis) {
    if (cards[axis] == nullptr || !header.real(order_keyword(names[axis]).text, &orders[axis]))
      return AF_MALFORMED;
    if (!(orders[axis] >= 0 && orders[axis] <= PolynomialMap::kHighestPower) ||
        orders[axis] != std::floor(orders[axis]))
      return AF_UNSUPPORTED;
  }
  for (u32 axis = 0; axis < 2; ++axis) {
    const i32 order = static_cast<i32>(orders[axis]);
    bool memory = map->add(axis, 1, axis == 0, axis == 1);
    for (i32 p = 0; p <= order; ++p) {
      for (i32 q = 0; q <= order - p; ++q) {
        Sentence keyword;
        keyword << names[axis] << "_" << i64{p} << "_" << i64{q};
        double value = 0;
        if (header.real(keyword.text, &value)) memory = memory && map->add(axis, value, u32(p), u32(q));
      }
    }
    if (!memory) return AF_OUT_OF_MEMORY;
  }
  return AF_OK;
}

// The powers of x, y and r that PVi_m of TPV stands for; of the latitude x and y change places.
void tpv_powers(i32 m, u32* x, u32* y, u32* r) {
  // Each degree has its powers from x^n to y^n; odd ones have r^n behind them.
  *x = *y = *r = 0;
  i32 first = 1;
  for (u32 degree = 1; m > 0; ++degree) {
    const i32 terms = static_cast<i32>(degree) + 1;
    if (m < first + terms) {
      *y = static_cast<u32>(m - first);
      *x = degree - *y;
      return;
    }
    first += terms;
    if (degree % 2 == 0) continue;
    if (m == first) {
      *r = degree;
      return;
    }
    ++first;
  }
}

bool read_tpv(const Description& d, i32 longitude_axis, PolynomialMap* map) {
  bool memory = true;
  for (u32 axis = 0; axis < 2; ++axis) {
    const i32 i = (axis == 0 ? longitude_axis : 1 - longitude_axis) + 1;
    double linear = 1;  // PVi_1 when it is not there
    d.number("PV", i, 1, &linear);
    memory = memory && map->add(axis, linear, axis == 0, axis == 1);
    d.parameters(i, kLastTpv, [&](i32 m, double value) {
      u32 along = 0, across = 0, r = 0;
      tpv_powers(m, &along, &across, &r);
      if (m != 1)
        memory = memory && map->add(axis, value, axis == 0 ? along : across, axis == 0 ? across : along, r);
    });
  }
  return memory;
}

SkyFrame read_frame(const Description& d, const Type& longitude, AfWcsInfo* info) {
  info->equinox = kNone;
  auto name = [info](const char* text) { copy_text(info->frame, sizeof info->frame, text); };
  if (same(longitude.coordinate, "GLON")) {
    name("galactic");
    return SkyFrame::kGalactic;
  }
  if (!same(longitude.coordinate, "RA")) {
    name(longitude.coordinate);
    return SkyFrame::kOther;
  }
  d.text("RADESYS", -1, info->frame);
  if (info->frame[0] == '\0') d.text("RADECSYS", -1, info->frame);
  if (!d.number("EQUINOX", &info->equinox)) d.number("EPOCH", &info->equinox);
  // Paper II, section 3.1.
  if (info->frame[0] == '\0')
    name(info->equinox != info->equinox ? "ICRS" : info->equinox < 1984 ? "FK4" : "FK5");
  const bool fk4 = same(info->frame, "FK4"), fk5 = same(info->frame, "FK5");
  if (same(info->frame, "ICRS")) info->equinox = kNone;
  if (info->equinox != info->equinox && (fk4 || fk5)) info->equinox = fk4 ? 1950 : 2000;
  return fk5                         ? SkyFrame::kFk5
         : fk4                       ? SkyFrame::kFk4
         : same(info->frame, "ICRS") ? SkyFrame::kIcrs
                                     : SkyFrame::kOther;
}

}  // namespace

AfStatus AfWcs::read(const Header& header, char alternate, i32 hdu, AfError* error) {
  const Description d(header, alternate);
  auto refuse = [&](AfStatus status, const char* message, const Sentence& keyword) {
    return fail(error, status, message, {hdu, -1, -1, keyword.text});
  };

  char types[2][16];
  for (i32 i = 0; i < 2; ++i) d.text("CTYPE", i + 1, types[i]);
  if (types[0][0] == '\0' || types[1][0] == '\0')
    return refuse(AF_MALFORMED, "no world coordinates: CTYPE is missing",
                  d.keyword("CTYPE", types[0][0] == '\0' ? 1 : 2));
  const Type first(types[0]), second(types[1]);
  if (!(first.is_longitude() && second.is_latitude()) && !(first.is_latitude() && second.is_longitude()))
    return refuse(AF_UNSUPPORTED,
                  "the first two axes are not a celestial longitude and latitude with a projection",
                  d.keyword("CTYPE", 1));
  longitude_axis = first.is_longitude() ? 0 : 1;
  const Type& longitude = longitude_axis == 0 ? first : second;
  const i32 lon = longitude_axis + 1, lat = 2 - longitude_axis;
  if (!same(first.code, second.code))
    return refuse(AF_MALFORMED, "the two axes have different projections", d.keyword("CTYPE", 2));
  frame = read_frame(d, longitude, &info);
  info.longitude_axis = longitude_axis;
  for (i32 i = 0; i < 2; ++i)
    copy_text(info.types[i], sizeof info.types[i], types[i == 0 ? lon - 1 : lat - 1]);

  // SCAMP writes TPV's parameters under the name of TAN, which itself has no more than those of the pole.
  bool is_tpv = same(longitude.code, "TPV");
  if (same(longitude.code, "TAN")) {
    d.parameters(lat, kLastTpv, [&](i32 m, double) { is_tpv |= m > 4; });
    d.parameters(lon, kLastTpv, [&](i32 m, double) { is_tpv |= m > 4; });
  }
  ProjectionCode code = ProjectionCode::kTan;
  if (!is_tpv && !Projection::find(longitude.code, &code))
    return refuse(AF_UNSUPPORTED, "only TAN, SIN, ZPN, STG, ARC, ZEA and TPV are read",
                  d.keyword("CTYPE", lon));

  double scale[2], header_matrix[2][2], fiducial[2] = {};
  read_matrix(d, lat - 1, header_matrix);
  for (i32 i = 0; i < 2; ++i) {
    char unit[16];
    d.text("CUNIT", i + 1, unit);
    scale[i] = degrees_in(unit);
    if (scale[i] == 0) return refuse(AF_UNSUPPORTED, "the unit is no angle", d.keyword("CUNIT", i + 1));
    for (i32 j = 2; j < kMostAxes; ++j) {
      double coupling = 0;
      if ((d.number("PC", i + 1, j + 1, &coupling) || d.number("CD", i + 1, j + 1, &coupling)) &&
          coupling != 0)
        return refuse(AF_UNSUPPORTED, "the celestial axes depend on a third axis", d.keyword("CTYPE", i + 1));
    }
    d.number("CRPIX", i + 1, &reference_pixel[i]);
  }
  for (i32 i = 0; i < 2; ++i) {
    const i32 row = i == 0 ? lon - 1 : lat - 1;
    for (i32 j = 0; j < 2; ++j) matrix[i][j] = header_matrix[row][j] * scale[row];
    d.number("CRVAL", row + 1, &fiducial[i]);
    fiducial[i] *= scale[row];
  }
  const double determinant = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
  if (determinant == 0 || determinant - determinant != 0)
    return refuse(AF_MALFORMED, "the matrix of pixels to degrees cannot be inverted", d.keyword("CD", 1, 1));
  inverse[0][0] = matrix[1][1] / determinant;
  inverse[1][1] = matrix[0][0] / determinant;
  inverse[0][1] = -matrix[0][1] / determinant;
  inverse[1][0] = -matrix[1][0] / determinant;
  if (!(std::fabs(fiducial[1]) <= 90))
    return refuse(AF_MALFORMED, "the latitude of the reference point is beyond 90 degrees",
                  d.keyword("CRVAL", lat));

  double parameters[kProjectionParameters] = {};
  double phi0 = 0, theta0 = 90, phi_p = kNone, nearest_latitude = 90, shifted = 0;
  d.number("LONPOLE", &phi_p);
  d.number("LATPOLE", &nearest_latitude);
  if (is_tpv) {
    if (!read_tpv(d, longitude_axis, &tpv))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for the distortion");
  } else {
    d.parameters(lat, kProjectionParameters - 1, [&](i32 m, double value) { parameters[m] = value; });
    double* const of_longitude[] = {&shifted, &phi0, &theta0, &phi_p, &nearest_latitude};
    d.parameters(lon, 4, [&](i32 m, double value) { *of_longitude[m] = value; });
  }
  if (!projection.set(code, parameters))
    return refuse(AF_MALFORMED, "the parameters make no projection that grows from its pole",
                  d.keyword("PV", lat, 1));
  if (shifted != 0 && !projection.to_plane({phi0 * kDegree, theta0 * kDegree}, &offset))
    return refuse(AF_MALFORMED, "the projection has no such reference point", d.keyword("PV", lon, 2));
  if (phi_p != phi_p) phi_p = phi0 + (fiducial[1] >= theta0 ? 0 : 180);
  if (!find_pole(fiducial, phi0, theta0, phi_p, nearest_latitude, &pole))
    return refuse(AF_MALFORMED, "no native pole fits CRVAL, LONPOLE and LATPOLE", d.keyword("LONPOLE"));

  // Corrections that are not read would make a sky that is wrong without a word (FITS paper IV; D2IM is of
  // HST).
  for (const char* stem : {"CPDIS", "CQDIS", "D2IMDIS"})
    for (i32 i = 1; i <= 2; ++i)
      if (header.find(d.keyword(stem, i).text) != nullptr)
        return refuse(AF_UNSUPPORTED, "a distortion that is neither SIP nor TPV", d.keyword(stem, i));
  if (alternate == '\0' || same(longitude.suffix, "SIP")) {
    const struct {
      const char* names[2];
      PolynomialMap* map;
    } polynomials[] = {{{"A", "B"}, &sip}, {{"AP", "BP"}, &sip_inverse}};
    for (const auto& [names, map] : polynomials) {
      const AfStatus status = read_sip(header, names, map);
      if (status == AF_OUT_OF_MEMORY) return fail(error, status, "no memory for the distortion");
      if (status == AF_MALFORMED)
        return refuse(status, "a SIP polynomial of one axis without the other's, or whose order is no number",
                      order_keyword(names[0]));
      if (status != AF_OK)
        return refuse(status, "the order of a SIP polynomial is not a whole number from 0 to 20",
                      order_keyword(names[0]));
    }
  }
  info.distorted = !sip.empty() || !tpv.empty();
  return AF_OK;
}
