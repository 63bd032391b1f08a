// Linearity against naive twins; the Akima spline also against values that scipy gives (python/tests has
// more).
#include "frame_of.h"

using check::Random;

namespace {

struct Row {
  const char* name;
  const char* type;
  std::vector<double> coefficients;
};

check::Bytes file(const std::vector<Row>& rows, const std::vector<std::vector<float>>& table = {}) {
  std::vector<check::TableColumn> columns = {
      {"AMPLIFIER_NAME", "3A", {}},
      {"TYPE", "12A", {}},
      {"COEFFS", std::to_string(rows[0].coefficients.size()) + "D", {}}};
  for (const Row& row : rows) {
    columns[0].cells.push_back(check::text_bytes(row.name, 3));
    columns[1].cells.push_back(check::text_bytes(row.type, 12));
    columns[2].cells.push_back(check::big_endian(row.coefficients));
  }
  std::vector<std::vector<check::TableColumn>> tables = {columns};
  if (!table.empty()) {
    tables.push_back({{"LOOKUP_VALUES", std::to_string(table[0].size()) + "E", {}}});
    for (const auto& values : table) tables[1][0].cells.push_back(check::big_endian(values));
  }
  return check::calib_file(tables, {"HIERARCH HAS_LINEARITY = T"});
}

AfStatus status_of(const check::Bytes& bytes) {
  af::LinearityCalib calib;
  AfError error{};
  return check::read_calib(bytes, af::read_linearity, &calib, &error);
}

std::vector<float> corrected(const check::Bytes& bytes, uint32_t amplifier, double gain,
                             std::vector<float> values) {
  af::LinearityCalib calib;
  AfError error{};
  if (check::read_calib(bytes, af::read_linearity, &calib, &error) != AF_OK)
    throw check::Failure(error.message);
  af::linearize_row(calib, amplifier, gain, values.data(), values.size());
  return values;
}

std::vector<float> ramp(Random& random, double low, double high, int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i)
    values.push_back(static_cast<float>(
        low + (high - low) * static_cast<double>(check::below(random, 1000003)) / 1000003));
  return values;
}

// The cubic through (x, y) with slopes by Akima's rule, by the textbook and for one value.
double akima(const std::vector<double>& x, const std::vector<double>& y, double v) {
  const int n = static_cast<int>(x.size());
  auto inner = [&](int i) {
    return (y[static_cast<size_t>(i) + 1] - y[static_cast<size_t>(i)]) /
           (x[static_cast<size_t>(i) + 1] - x[static_cast<size_t>(i)]);
  };
  auto slope = [&](int i) {  // between knots i and i + 1, continued beyond the ends along a line
    if (i < 0) return inner(0) + i * (inner(1) - inner(0));
    if (i > n - 2) return inner(n - 2) + (i - (n - 2)) * (inner(n - 2) - inner(n - 3));
    return inner(i);
  };
  auto tangent = [&](int i) {
    const double a = std::fabs(slope(i + 1) - slope(i)), b = std::fabs(slope(i - 1) - slope(i - 2));
    return a + b == 0 ? (slope(i + 1) + slope(i - 2)) / 2 : (a * slope(i - 1) + b * slope(i)) / (a + b);
  };
  int i = 0;
  while (i < n - 2 && v >= x[static_cast<size_t>(i) + 1]) ++i;
  const double x0 = x[static_cast<size_t>(i)], h = x[static_cast<size_t>(i) + 1] - x0, t = (v - x0) / h;
  const double y0 = y[static_cast<size_t>(i)], y1 = y[static_cast<size_t>(i) + 1];
  return y0 * (1 + 2 * t) * (1 - t) * (1 - t) + tangent(i) * h * t * (1 - t) * (1 - t) +
         y1 * t * t * (3 - 2 * t) + tangent(i + 1) * h * t * t * (t - 1);
}

constexpr double kEps = 1.2e-7;

}  // namespace

TEST(a_linearity_spline_equals_its_twin) {
  Random random(51);
  for (int round = 0; round < 60; ++round) {
    const double gain = round % 2 == 0 ? 1 : 1.7;
    const size_t knots = 3 + check::below(random, 10);
    std::vector<double> x, y;
    double at = round % 3 == 0 ? 0 : 50;
    for (size_t i = 0; i < knots; ++i) {
      x.push_back(at);
      at += 500 + 10000 * static_cast<double>(check::below(random, 1000)) / 1000;
      y.push_back(round % 3 == 0 && i == 0 ? 0 : 30 * check::normal(random));
    }
    std::vector<double> coefficients = x;
    coefficients.insert(coefficients.end(), y.begin(), y.end());
    const std::vector<float> values = ramp(random, -2000, 1.2 * gain * x.back(), 300);
    const std::vector<float> out = corrected(file({{"C10", "Spline", coefficients}}), 0, gain, values);
    const double lowest = y[0];
    for (double& v : y) v -= lowest;
    if (x[0] != 0) {
      x.insert(x.begin(), 0);
      y.insert(y.begin(), 0);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const double v = values[i];
      const double clipped = std::min(std::max(v, gain * x[0]), gain * x.back() - 0.1);
      const double expected = v - gain * akima(x, y, clipped / gain);
      CHECK(std::fabs(out[i] - expected) <= kEps * (std::fabs(v) + 200));
    }
  }
}

TEST(a_double_spline_is_one_after_the_other) {
  const std::vector<double> x1 = {0, 1000, 3000, 60000}, y1 = {0, 5, -9, 40}, x2 = {0, 2000, 50000},
                            y2 = {0, -3, 8};
  std::vector<double> c = {4, 3};
  for (const auto* part : {&x1, &y1, &x2, &y2}) c.insert(c.end(), part->begin(), part->end());
  Random random(52);
  const std::vector<float> values = ramp(random, -10, 70000, 200);
  const std::vector<float> out = corrected(file({{"C10", "DoubleSpline", c}}), 0, 1, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const double one =
        values[i] - akima(x1, y1, std::min(std::max(double{values[i]}, 0.0), x1.back() - 0.01));
    const double two = one - akima(x2, y2, std::min(std::max(one, 0.0), x2.back() - 0.01));
    CHECK(std::fabs(out[i] - two) <= 2 * kEps * (std::fabs(two) + 100));
  }
}

TEST(polynomials_squares_and_lookup_tables) {
  Random random(53);
  const std::vector<float> values = ramp(random, -100, 60000, 200);
  for (const double gain : {1.0, 1.5}) {
    const std::vector<float> p = corrected(file({{"C10", "Polynomial", {1e-7, -2e-12}}}), 0, gain, values);
    const std::vector<float> s = corrected(file({{"C10", "Squared", {1e-7, 5}}}), 0, gain, values);
    for (size_t i = 0; i < values.size(); ++i) {
      const double v = values[i], adu = v / gain;
      CHECK(std::fabs(p[i] - gain * (adu + 1e-7 * adu * adu - 2e-12 * adu * adu * adu)) <=
            kEps * std::fabs(v));
      CHECK(std::fabs(s[i] - gain * (adu + 1e-7 * adu * adu)) <= kEps * std::fabs(v));
    }
  }
  const std::vector<std::vector<float>> table = {{9, 9, 9, 9}, {0.5f, 1, 2, 4}};
  const std::vector<float> out = corrected(file({{"C10", "LookupTable", {1, 1.5}}}, table), 0, 1,
                                           {-100, -1.6f, -0.6f, 0, 1.2f, 1.6f, 100, std::nanf("")});
  const std::vector<float> expected = {-100 + 0.5f, -1.6f + 0.5f, -0.6f + 0.5f, 1, 1.2f + 2, 1.6f + 4, 104};
  for (size_t i = 0; i < expected.size(); ++i) CHECK(out[i] == expected[i]);
  CHECK(std::isnan(out.back()));
}

TEST(linearity_that_says_nothing_or_cannot_be) {
  const std::vector<float> values = {1, 2, 3};
  const double nan = std::nan("");
  CHECK(corrected(file({{"C10", "None", {1, 2}}, {"C11", "Proportional", {1, 2}}}), 1, 1, values) == values);
  CHECK(corrected(file({{"C10", "Polynomial", {nan, nan}}}), 0, 1, values) == values);
  CHECK(corrected(file({{"C10", "Polynomial", {1, 2}}}), 0, nan, values) == values);
  CHECK(std::isnan(corrected(file({{"C10", "Spline", {0, nan, 0, 1}}}), 0, 1, values)[0]));
  CHECK(status_of(file({{"C10", "Spline", {5, 4, 0, 1}}})) == AF_UNSUPPORTED);
  CHECK(status_of(file({{"C10", "Spline", {0, 0}}})) == AF_UNSUPPORTED);
  CHECK(status_of(file({{"C10", "Spline", {0, 1, 2}}})) == AF_MALFORMED);
  CHECK(status_of(file({{"C10", "DoubleSpline", {3, 0, 1}}})) == AF_MALFORMED);
  CHECK(status_of(file({{"C10", "DoubleSpline", {-1, 1e300, 1}}})) == AF_MALFORMED);
  CHECK(status_of(file({{"C10", "LookupTable", {0, 0}}})) == AF_MALFORMED);
  CHECK(status_of(file({{"C10", "LookupTable", {1, 0}}}, {{1, 2}})) == AF_MALFORMED);
  CHECK(status_of(file({{"C10", "Wavelet", {1, 0}}})) == AF_UNSUPPORTED);
  CHECK(status_of(file({{"C10", "Spline", {}}})) == AF_UNSUPPORTED);
}
