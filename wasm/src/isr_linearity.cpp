// Linearity: corrections of the response. Layout and formulas: lsst.ip.isr linearize.py and
// applyLookupTable.cc. Spline: Akima 1970, Journal of the ACM 17, 589, with the ends and the undefined slopes
// of scipy's Akima1DInterpolator.
#include <algorithm>
#include <cmath>

#include "calib_table.h"
#include "isr_steps.h"

namespace af {
namespace {

using Amplifier = LinearityCalib::Amplifier;
using Spline = LinearityCalib::Spline;

constexpr u64 kMostCoefficients = 10000;
constexpr u32 kCubic = 4;
// A slope is undefined where those around it differ by less than this part of the largest difference.
constexpr double kUndefinedSlope = 1e-9;
// The Science Pipelines stay this far below the last knot, in the image's unit.
constexpr double kSplineMargin = 0.1, kDoubleSplineMargin = 0.01;

bool all_finite(const double* values, size_t count) {
  return std::all_of(values, values + count, [](double v) { return std::isfinite(v); });
}

// `knots` places x (rising) and values y become the spline's numbers. False when memory is short.
bool add_spline(const double* x, const double* y, u32 knots, LinearityCalib* out, Spline* spline) {
  Array<double> slopes, differences;  // between knots, two more at either end; between those
  const u32 n = knots;
  if (!slopes.resize(n + 3) || !differences.resize(n + 2)) return false;
  double* const m = slopes.data();
  for (u32 i = 0; i + 1 < n; ++i) m[i + 2] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
  // With two knots a line.
  m[1] = n == 2 ? m[2] : 2 * m[2] - m[3];
  m[0] = n == 2 ? m[2] : 2 * m[1] - m[2];
  m[n + 1] = n == 2 ? m[2] : 2 * m[n] - m[n - 1];
  m[n + 2] = n == 2 ? m[2] : 2 * m[n + 1] - m[n];
  for (u32 i = 0; i < n + 2; ++i) differences[i] = std::fabs(m[i + 1] - m[i]);
  double largest = 0;
  for (u32 i = 0; i < n; ++i) largest = std::max(largest, differences[i + 2] + differences[i]);
  auto slope_at = [&](u32 i) {
    const double sum = differences[i + 2] + differences[i];
    if (!(sum > kUndefinedSlope * largest)) return 0.5 * (m[i + 3] + m[i]);
    return m[i + 1] + (differences[i] / sum) * (m[i + 2] - m[i + 1]);
  };
  spline->first = static_cast<u32>(out->numbers.size());
  spline->knots = n;
  if (!out->numbers.append(x, n)) return false;
  for (u32 i = 0; i < n; ++i) {
    double cubic[kCubic] = {y[i], 0, 0, 0};
    if (i + 1 < n) {
      const double h = x[i + 1] - x[i], t0 = slope_at(i), t1 = slope_at(i + 1), s = m[i + 2];
      cubic[1] = t0;
      cubic[2] = (3 * s - 2 * t0 - t1) / h;
      cubic[3] = (t0 + t1 - 2 * s) / (h * h);
    }
    if (!out->numbers.append(cubic, kCubic)) return false;
  }
  return true;
}

// Half of the coefficients are places, half values.
AfStatus read_spline(const double* x, const double* y, u32 knots, bool anchored, LinearityCalib* out,
                     Amplifier* amplifier, Spline* spline, AfError* error) {
  if (!all_finite(x, knots) || !all_finite(y, knots)) {
    amplifier->kind = LinearityKind::kUndefined;
    return AF_OK;
  }
  Array<double> places, values;
  bool memory = true;
  const double lowest = anchored || knots == 0 ? 0 : y[0];
  if (!anchored && knots > 0 && x[0] != 0) memory = places.push(0) && values.push(0);
  for (u32 i = 0; i < knots; ++i) memory = memory && places.push(x[i]) && values.push(y[i] - lowest);
  if (!memory) return fail(error, AF_OUT_OF_MEMORY, "no memory for linearity");
  bool rising = places.size() >= 2;
  for (size_t i = 1; i < places.size(); ++i) rising = rising && places[i] > places[i - 1];
  if (!rising) return fail(error, AF_UNSUPPORTED, "a linearity spline whose knots do not rise");
  if (!add_spline(places.data(), values.data(), static_cast<u32>(places.size()), out, spline))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for linearity");
  return AF_OK;
}

AfStatus read_double_spline(const Array<double>& c, LinearityCalib* out, Amplifier* a, AfError* error) {
  // Two counts of knots, then places and values of the one and of the other.
  const bool counts =
      c.size() >= 2 && c[0] >= 0 && c[0] < kMostCoefficients && c[1] >= 0 && c[1] < kMostCoefficients;
  const u32 knots[2] = {counts ? static_cast<u32>(c[0]) : 0, counts ? static_cast<u32>(c[1]) : 0};
  if (!counts || c.size() < 2 + 2 * size_t{knots[0]} + 2 * size_t{knots[1]})
    return fail(error, AF_MALFORMED, "a double spline without its knots");
  a->kind = LinearityKind::kSpline;
  a->margin = kDoubleSplineMargin;
  const double* next = c.data() + 2;
  for (int i = 0; i < 2; ++i) {
    if (knots[i] > 0)
      if (const AfStatus status =
              read_spline(next, next + knots[i], knots[i], true, out, a, &a->splines[i], error);
          status != AF_OK)
        return status;
    next += 2 * size_t{knots[i]};
  }
  return AF_OK;
}

AfStatus read_coefficients(Text type, const Array<double>& c, LinearityCalib* out, Amplifier* a,
                           AfError* error) {
  if (type.is("Proportional") || type.is("None")) return AF_OK;
  if (type.is("DoubleSpline")) return read_double_spline(c, out, a, error);
  if (type.is("Spline")) {
    if (c.size() % 2 != 0) return fail(error, AF_MALFORMED, "a linearity spline with a value short");
    a->kind = LinearityKind::kSpline;
    a->margin = kSplineMargin;
    const u32 knots = static_cast<u32>(c.size() / 2);
    return read_spline(c.data(), c.data() + knots, knots, false, out, a, &a->splines[0], error);
  }
  if (type.is("Polynomial") || type.is("Squared")) {
    // A polynomial without a finite coefficient is one that was never measured.
    if (std::none_of(c.begin(), c.end(), [](double k) { return std::isfinite(k); })) return AF_OK;
    a->kind = LinearityKind::kPolynomial;
    a->first = static_cast<u32>(out->numbers.size());
    a->count = type.is("Squared") ? 1 : static_cast<u32>(c.size());
    if (!out->numbers.append(c.data(), a->count))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for linearity");
    return AF_OK;
  }
  if (!type.is("LookupTable")) return fail(error, AF_UNSUPPORTED, "a type of linearity that is not known");
  const u64 rows = out->table_width == 0 ? 0 : out->table.size() / out->table_width;
  if (c.size() < 2 || !(c[0] >= 0 && c[0] < static_cast<double>(rows)) || !std::isfinite(c[1]))
    return fail(error, AF_MALFORMED, "a linearity amplifier without its row of the lookup table");
  a->kind = LinearityKind::kLookupTable;
  a->table_row = static_cast<u32>(c[0]);
  a->table_offset = c[1];
  return AF_OK;
}

AfStatus read_lookup_table(const AfStream& stream, LinearityCalib* out, AfError* error) {
  CalibTable from;
  if (const AfStatus status = open_calib_table(stream, 1, &from, error); status != AF_OK) return status;
  const Column* const column = from.table.find("LOOKUP_VALUES");
  if (column == nullptr || column->pointer != 0) return AF_OK;
  out->table_width = static_cast<u32>(column->repeat);
  for (u64 row = 0; row < from.table.rows && column->repeat > 0; ++row) {
    Cell cell;
    (void)from.table.cell(*column, row, &cell);
    for (u64 i = 0; i < cell.count; ++i)
      if (!out->table.push(static_cast<float>(real_at(*column, cell, i))))
        return fail(error, AF_OUT_OF_MEMORY, "no memory for linearity", {from.hdu});
  }
  return AF_OK;
}

class SplineReader {
 public:
  SplineReader(const LinearityCalib& calib, const Spline& spline, double margin)
      : x_(calib.numbers.data() + spline.first),
        cubics_(x_ + spline.knots),
        last_(spline.knots - 2),
        low_(x_[0]),
        high_(x_[spline.knots - 1] - margin) {}

  double at(double value) {
    const double v = std::min(std::max(value, low_), high_);
    // Neighbouring pixels mostly lie between the same knots.
    if (!(v >= x_[here_] && v < x_[here_ + 1])) {
      const double* const above = std::upper_bound(x_, x_ + last_ + 1, v);
      here_ = above == x_ ? 0 : static_cast<u32>(above - x_) - 1;
    }
    const double* const c = cubics_ + size_t{kCubic} * here_;
    const double d = v - x_[here_];
    return c[0] + d * (c[1] + d * (c[2] + d * c[3]));
  }

 private:
  const double* const x_;
  const double* const cubics_;
  const u32 last_;  // where the last cubic begins
  const double low_, high_;
  u32 here_ = 0;
};

}  // namespace

AfStatus read_linearity(const AfStream& stream, LinearityCalib* out, AfError* error) {
  CalibTable from;
  if (const AfStatus status = open_calib_table(stream, 0, &from, error); status != AF_OK) return status;
  const Column* const name = from.table.find("AMPLIFIER_NAME");
  const Column* const type = from.table.find("TYPE");
  const Column* const coefficients = from.table.find("COEFFS");
  if (name == nullptr || type == nullptr || coefficients == nullptr)
    return fail(error, AF_UNSUPPORTED, "linearity wants a table with AMPLIFIER_NAME, TYPE and COEFFS",
                {from.hdu});
  if (from.header->find("HAS_LINEARITY") != nullptr && !from.header->logical("HAS_LINEARITY"))
    return fail(error, AF_UNSUPPORTED, "the file says that it has no linearity",
                {from.hdu, -1, -1, "HAS_LINEARITY"});
  if (from.table.rows > kMaxAmplifiers)
    return fail(error, AF_UNSUPPORTED, "linearity of more amplifiers than a detector has", {from.hdu});
  if (const AfStatus status = read_lookup_table(stream, out, error); status != AF_OK) return status;
  for (u64 row = 0; row < from.table.rows; ++row) {
    Amplifier a{};
    Array<double> numbers;
    AfStatus status = append_numbers(from, *coefficients, row, kMostCoefficients, &numbers, error);
    if (status == AF_OK) status = read_coefficients(text_cell(from, *type, row), numbers, out, &a, error);
    if (status != AF_OK) {
      error->hdu = from.hdu;
      return status;
    }
    const Text text = text_cell(from, *name, row);
    for (size_t i = 0; i < text.length && i + 1 < sizeof a.name; ++i) a.name[i] = text.data[i];
    if (!out->amplifiers.push(a)) return fail(error, AF_OUT_OF_MEMORY, "no memory for linearity", {from.hdu});
  }
  return AF_OK;
}

void linearize_row(const LinearityCalib& calib, u32 amplifier, double gain, float* values, size_t count) {
  const Amplifier& a = calib.amplifiers[amplifier];
  if (!(gain > 0)) return;
  switch (a.kind) {
    case LinearityKind::kNone:
      return;
    case LinearityKind::kUndefined:
      for (size_t i = 0; i < count; ++i) values[i] = std::numeric_limits<float>::quiet_NaN();
      return;
    case LinearityKind::kSpline:
      for (const Spline& spline : a.splines) {
        if (spline.knots == 0) continue;
        SplineReader reader(calib, spline, a.margin / gain);
        for (size_t i = 0; i < count; ++i) {
          const double v = values[i];
          values[i] = static_cast<float>(v - gain * reader.at(v / gain));
        }
      }
      return;
    case LinearityKind::kPolynomial: {
      const double* const k = calib.numbers.data() + a.first;
      for (size_t i = 0; i < count; ++i) {
        const double v = values[i], adu = v / gain;
        double sum = 0;
        for (u32 n = a.count; n > 0; --n) sum = k[n - 1] + adu * sum;
        values[i] = static_cast<float>(v + gain * (adu * adu * sum));
      }
      return;
    }
    case LinearityKind::kLookupTable: {
      const float* const table = calib.table.data() + size_t{a.table_row} * calib.table_width;
      const float offset = static_cast<float>(a.table_offset),
                  last = static_cast<float>(calib.table_width - 1);
      for (size_t i = 0; i < count; ++i) {
        const double v = values[i];
        const float column = offset + static_cast<float>(v / gain);
        if (std::isnan(column)) continue;
        const u32 index = column < 0 ? 0 : column >= last ? calib.table_width - 1 : static_cast<u32>(column);
        values[i] = static_cast<float>(v + gain * table[index]);
      }
      return;
    }
  }
}

}  // namespace af
