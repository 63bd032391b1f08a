// World coordinates: against formulas of the tangent plane, by going there and back, and by what is refused.
// The outside oracle is astropy.wcs, in python/tests/test_engine_wcs.py.
#include "../src/wcs.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "check.h"

namespace {

constexpr double kDegree = std::numbers::pi / 180;

using Cards = std::vector<std::pair<std::string, std::string>>;

const Cards kTan = {{"CTYPE1", "'RA---TAN'"}, {"CTYPE2", "'DEC--TAN'"}, {"CRPIX1", "2036.5"},
                    {"CRPIX2", "2000.5"},     {"CRVAL1", "150.1"},      {"CRVAL2", "-30.2"},
                    {"CD1_1", "-5e-5"},       {"CD1_2", "1.3e-5"},      {"CD2_1", "1.2e-5"},
                    {"CD2_2", "5.1e-5"}};

Cards changed(Cards cards, const Cards& changes) {
  for (const auto& change : changes) {
    bool found = false;
    for (auto& card : cards) {
      if (card.first != change.first) continue;
      card.second = change.second;
      found = true;
    }
    if (!found) cards.push_back(change);
  }
  return cards;
}
Cards projected(const std::string& code, const Cards& more = {}) {
  return changed(changed(kTan, {{"CTYPE1", "'RA---" + code + "'"}, {"CTYPE2", "'DEC--" + code + "'"}}), more);
}

struct Opened {
  explicit Opened(const Cards& cards, char alternate = '\0') {
    std::string text;
    for (const auto& [keyword, value] : cards) {
      std::string card = keyword;
      card.resize(8, ' ');
      card += "= " + value;
      card.resize(80, ' ');
      text += card;
    }
    text += "END";
    text.resize((text.size() + 2879) / 2880 * 2880, ' ');
    CHECK(header.raw.append(text.data(), text.size()) && af::parse_cards(&header));
    status = wcs.read(header, alternate, 0, &error);
  }
  af::Header header;
  AfWcs wcs;
  AfError error{};
  AfStatus status;
};

// The largest miss, in pixels, of a grid about the reference pixel that goes to the sky and back.
double there_and_back(const AfWcs& wcs, double reach) {
  double worst = 0;
  for (int i = -10; i <= 10; ++i) {
    for (int j = -10; j <= 10; ++j) {
      const double xy[2] = {wcs.reference_pixel[0] + i * reach / 10, wcs.reference_pixel[1] + j * reach / 10};
      double lonlat[2], back[2];
      CHECK(wcs.to_sky(xy, lonlat) && wcs.to_pixel(lonlat, back));
      CHECK(lonlat[0] >= 0 && lonlat[0] < 360);
      worst = std::max({worst, std::fabs(back[0] - xy[0]), std::fabs(back[1] - xy[1])});
    }
  }
  return worst;
}

}  // namespace

TEST(wcs_tangent_plane_by_the_textbook) {
  const Opened o(kTan);
  CHECK(o.status == AF_OK && o.wcs.frame == af::SkyFrame::kIcrs && o.wcs.info.distorted == 0);
  const double xy[2] = {100, 3900};
  double lonlat[2];
  CHECK(o.wcs.to_sky(xy, lonlat));
  // Standard coordinates (xi, eta); tan(alpha - alpha0) = xi / (cos d0 - eta sin d0).
  const double u = 101 - 2036.5, v = 3901 - 2000.5, a0 = 150.1 * kDegree, d0 = -30.2 * kDegree;
  const double xi = (-5e-5 * u + 1.3e-5 * v) * kDegree, eta = (1.2e-5 * u + 5.1e-5 * v) * kDegree;
  const double down = std::cos(d0) - eta * std::sin(d0), alpha = a0 + std::atan2(xi, down);
  const double delta = std::atan2(std::sin(d0) + eta * std::cos(d0), std::hypot(xi, down));
  // A few roundings of 150 degrees: 16 eps.
  CHECK(std::fabs(lonlat[0] - alpha / kDegree) < 16 * 2.2e-16 * 150);
  CHECK(std::fabs(lonlat[1] - delta / kDegree) < 16 * 2.2e-16 * 150);
}

TEST(wcs_goes_there_and_back) {
  const Cards sip = {{"A_ORDER", "3"},  {"B_ORDER", "3"},   {"A_2_0", "2e-6"},  {"A_0_2", "-1e-6"},
                     {"A_1_1", "3e-7"}, {"A_3_0", "1e-10"}, {"B_1_1", "-2e-6"}, {"B_0_3", "2e-10"}};
  const Cards pole = {{"CRVAL2", "90"}}, wrap = {{"CRVAL1", "0.001"}};
  for (const Cards& cards :
       {projected("TAN"), projected("TAN", pole), projected("TAN", wrap), projected("STG"), projected("ARC"),
        projected("ZEA", {{"CRVAL2", "-90"}}), projected("SIN"),
        projected("SIN", {{"PV2_1", "0.3"}, {"PV2_2", "-0.2"}}),
        projected("ZPN", {{"PV2_1", "1"}, {"PV2_3", "42"}}), projected("TAN-SIP", sip),
        projected("TAN-SIP", changed(sip, {{"AP_ORDER", "2"}, {"BP_ORDER", "2"}, {"AP_2_0", "-2e-6"}})),
        projected("TPV", {{"PV1_1", "1.001"}, {"PV1_3", "1e-5"}, {"PV2_4", "-2e-3"}, {"PV1_39", "0.2"}}),
        projected("ZEA", {{"PV1_1", "10"}, {"PV1_2", "60"}}), projected("TAN", {{"LONPOLE", "33"}})}) {
    const Opened o(cards);
    CHECK(o.status == AF_OK);
    // 1e-15 rad at 5e-5 degrees a pixel, ten times over; the sphere's own rounding sets it.
    CHECK(there_and_back(o.wcs, 2200) < 2e-8);
  }
}

TEST(wcs_reads_the_matrix_in_every_form) {
  auto at = [](const Cards& cards) {
    const Opened o(changed(
        {{"CTYPE1", "'RA---TAN'"}, {"CTYPE2", "'DEC--TAN'"}, {"CRVAL1", "10"}, {"CRVAL2", "20"}}, cards));
    CHECK(o.status == AF_OK);
    return std::vector<double>{o.wcs.matrix[0][0], o.wcs.matrix[0][1], o.wcs.matrix[1][0],
                               o.wcs.matrix[1][1]};
  };
  CHECK(at({{"CD1_1", "2"}, {"CD2_2", "3"}, {"CDELT1", "7"}}) == (std::vector<double>{2, 0, 0, 3}));
  CHECK(at({{"CDELT1", "2"}, {"CDELT2", "3"}, {"PC1_2", "0.5"}}) == (std::vector<double>{2, 1, 0, 3}));
  CHECK(at({{"CDELT1", "2"}, {"CDELT2", "3"}, {"CUNIT1", "'arcmin'"}})[0] == 2 * (1 / 60.0));
  const std::vector<double> turned = at({{"CDELT1", "-2"}, {"CDELT2", "2"}, {"CROTA2", "30"}});
  const std::vector<double> wanted = {-2 * std::cos(30 * kDegree), -1, -1, 2 * std::cos(30 * kDegree)};
  for (int i = 0; i < 4; ++i) CHECK(std::fabs(turned[i] - wanted[i]) < 4 * 2.2e-16);
}

TEST(wcs_takes_declination_first_and_alternates) {
  const Cards cards = {{"CTYPE1", "'DEC--TAN'"}, {"CTYPE2", "'RA---TAN'"},  {"CRVAL1", "-30"},
                       {"CRVAL2", "40"},         {"CTYPE1B", "'GLON-ARC'"}, {"CTYPE2B", "'GLAT-ARC'"},
                       {"CRVAL1B", "100"},       {"CRVAL2B", "5"}};
  const Opened swapped(cards), galactic(cards, 'B');
  CHECK(swapped.status == AF_OK && swapped.wcs.info.longitude_axis == 1);
  const double origin[2] = {-1, -1};  // CRPIX is 0
  double lonlat[2];
  CHECK(swapped.wcs.to_sky(origin, lonlat) && lonlat[0] == 40 && std::fabs(lonlat[1] + 30) < 1e-14);
  CHECK(galactic.status == AF_OK && galactic.wcs.frame == af::SkyFrame::kGalactic);
  CHECK(galactic.wcs.to_sky(origin, lonlat) && std::fabs(lonlat[0] - 100) < 1e-13);
  CHECK(Opened(cards, 'C').status == AF_MALFORMED);
}

TEST(wcs_says_what_it_cannot_use) {
  const struct {
    Cards cards;
    AfStatus status;
    const char* keyword;
  } cases[] = {
      {{}, AF_MALFORMED, "CTYPE1"},
      {{{"CTYPE1", "'RA---TAN'"}}, AF_MALFORMED, "CTYPE2"},
      {{{"CTYPE1", "'FREQ'"}, {"CTYPE2", "'STOKES'"}}, AF_UNSUPPORTED, "CTYPE1"},
      {{{"CTYPE1", "'RA---TAN'"}, {"CTYPE2", "'RA---TAN'"}}, AF_UNSUPPORTED, "CTYPE1"},
      {changed(kTan, {{"CTYPE2", "'DEC--SIN'"}}), AF_MALFORMED, "CTYPE2"},
      {projected("HPX"), AF_UNSUPPORTED, "CTYPE1"},
      {changed(kTan, {{"CUNIT1", "'m'"}}), AF_UNSUPPORTED, "CUNIT1"},
      {changed(kTan, {{"CD1_1", "0"}, {"CD1_2", "0"}}), AF_MALFORMED, "CD1_1"},
      {changed(kTan, {{"CRVAL2", "91"}}), AF_MALFORMED, "CRVAL2"},
      {changed(kTan, {{"CD1_3", "1"}}), AF_UNSUPPORTED, "CTYPE1"},
      {projected("ZPN"), AF_MALFORMED, "PV2_1"},
      {projected("ZPN", {{"PV2_1", "-1"}}), AF_MALFORMED, "PV2_1"},
      {projected("TAN-SIP", {{"A_ORDER", "21"}, {"B_ORDER", "2"}}), AF_UNSUPPORTED, "A_ORDER"},
      {projected("TAN-SIP", {{"A_ORDER", "2.5"}, {"B_ORDER", "2"}}), AF_UNSUPPORTED, "A_ORDER"},
      {projected("TAN-SIP", {{"A_ORDER", "'2'"}, {"B_ORDER", "2"}}), AF_MALFORMED, "A_ORDER"},
      {projected("TAN-SIP", {{"A_ORDER", "2"}, {"A_2_0", "0.1"}}), AF_MALFORMED, "A_ORDER"},
      {projected("TAN-SIP", {{"BP_ORDER", "2"}}), AF_MALFORMED, "AP_ORDER"},
      {projected("TAN", {{"CPDIS2", "'LOOKUP'"}}), AF_UNSUPPORTED, "CPDIS2"},
      {projected("TAN", {{"D2IMDIS1", "'LOOKUP'"}}), AF_UNSUPPORTED, "D2IMDIS1"},
      {projected("ARC", {{"PV1_1", "0"}, {"PV1_2", "0"}, {"LONPOLE", "90"}}), AF_MALFORMED, "LONPOLE"},
  };
  for (const auto& c : cases) {
    const Opened o(c.cards);
    CHECK(o.status == c.status && std::string(o.error.keyword) == c.keyword && o.error.message[0] != '\0');
  }
}

TEST(wcs_tells_points_without_a_counterpart) {
  const Opened tan(kTan), zea(projected("ZEA")),
      sip(projected("TAN-SIP", {{"A_ORDER", "2"}, {"B_ORDER", "2"}, {"A_2_0", "-1"}}));
  const double behind[2] = {330.1, 30.2}, beyond[2] = {91, 95}, nowhere[2] = {std::nan(""), 0};
  double out[2];
  CHECK(!tan.wcs.to_pixel(behind, out) && !tan.wcs.to_pixel(beyond, out) && !tan.wcs.to_pixel(nowhere, out));
  CHECK(!tan.wcs.to_sky(nowhere, out));
  const double far[2] = {1e7, 1e7};
  CHECK(!zea.wcs.to_sky(far, out));
  // u - u^2 never is 1000.
  double lonlat[2];
  const double right[2] = {2035.5 + 1000, 1999.5};
  CHECK(tan.wcs.to_sky(right, lonlat) && !sip.wcs.to_pixel(lonlat, out));
}

TEST(wcs_reads_the_frame) {
  auto frame_of = [](const Cards& more) { return Opened(changed(kTan, more)).wcs.info; };
  CHECK(std::string(frame_of({{"EQUINOX", "2000"}}).frame) == "FK5");
  CHECK(std::string(frame_of({{"EQUINOX", "1950"}}).frame) == "FK4");
  CHECK(frame_of({{"RADESYS", "'FK4'"}}).equinox == 1950 &&
        frame_of({{"RADECSYS", "'FK5'"}}).equinox == 2000);
  CHECK(std::isnan(frame_of({{"RADESYS", "'ICRS'"}, {"EQUINOX", "2000"}}).equinox));
  af::Rotation r;
  CHECK(!af::rotation_to_icrs(af::SkyFrame::kFk4, 1950, &r) &&
        af::rotation_to_icrs(af::SkyFrame::kFk5, 1975, &r));
  // A rotation and its transpose undo each other.
  double lonlat[2] = {359.9999, -89};
  af::rotate(r, lonlat);
  af::rotate(af::transposed(r), lonlat);
  CHECK(std::fabs(lonlat[0] - 359.9999) < 1e-11 && std::fabs(lonlat[1] + 89) < 1e-13);
}
