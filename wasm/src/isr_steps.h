// The steps beyond overscan, bias, dark and flat: crosstalk, linearity, defects, interpolation,
// brighter-fatter, cosmic rays. Each is checked against a naive twin and an outside oracle in wasm/test.
#ifndef ASTRO_FITS_ISR_STEPS_H_
#define ASTRO_FITS_ISR_STEPS_H_

#include "isr_frame.h"
#include "stream.h"

namespace af {

// What a calib file is measured in.
enum class Unit { kUnknown, kAdu, kElectron };

struct CrosstalkCalib {
  u32 amplifiers = 0;
  // [source * amplifiers + target], dimensionless; `quadratic` is per unit, empty without one.
  // The amplifiers are in the camera's order, which is that of the raw's HDUs.
  Array<double> linear, quadratic;
};

// Lists of boxes in the DM frame.
struct DefectsCalib {
  Array<AfBox> boxes;
};

enum class LinearityKind {
  kNone,         // nothing is corrected
  kUndefined,    // numbers that are not finite: every value becomes NaN
  kSpline,       // I -= A(clip(I)), for each of `splines` in turn
  kLookupTable,  // I += table[row][offset + I]
  kPolynomial    // I += sum over n >= 2 of k_n I^n
};
struct LinearityCalib {
  // `first` in `numbers`: the knots' places, then four numbers a knot, of the cubic that begins there.
  struct Spline {
    u32 first, knots;  // 0 knots = no spline
  };
  struct Amplifier {
    char name[8];
    LinearityKind kind;
    Spline splines[2];
    double margin;  // the last value that is corrected lies so far below the last knot, in the image's unit
    u32 first, count;  // coefficients of the polynomial, in `numbers`
    u32 table_row;
    double table_offset;
  };
  Array<Amplifier> amplifiers;
  Array<double> numbers;
  Array<float> table;  // rows of `table_width`
  u32 table_width = 0;
};

// Coulton et al. 2018: a stencil of odd size, symmetric, in 1 / electron.
struct BrighterFatterCalib {
  u32 size = 0;
  Array<double> stencil;
};

// From files as the Science Pipelines write them. AF_UNSUPPORTED with a sentence for other layouts.
AfStatus read_crosstalk(const AfStream& stream, CrosstalkCalib* out, AfError* error);
AfStatus read_defects(const AfStream& stream, DefectsCalib* out, AfError* error);
AfStatus read_linearity(const AfStream& stream, LinearityCalib* out, AfError* error);
AfStatus read_brighter_fatter(const AfStream& stream, BrighterFatterCalib* out, AfError* error);

// `count` values of the calib's amplifier `amplifier`, float64 rounded once. With a calib in ADU and values
// in electrons `gain` is that of the amplifier, otherwise 1; values are untouched when it is not positive.
void linearize_row(const LinearityCalib& calib, u32 amplifier, double gain, float* values, size_t count);

// Null when memory is short. The calib and the frame must outlive the phase.
// Crosstalk of an assembled image: rows of all amplifiers are taken in readout order.
Phase* new_crosstalk(const CrosstalkCalib& calib, IsrFrame* frame);
// Crosstalk of raw amplifiers before assembly (float32, whole HDUs of equal size, in readout order). `begins_mask`:
// no step before has written the mask.
Phase* new_raw_crosstalk(const CrosstalkCalib& calib, IsrFrame* frame, float* const* raws, u32 raw_width,
                         u32 raw_height, bool begins_mask);
Phase* new_defects(const DefectsCalib& calib, IsrFrame* frame);
Phase* new_interpolate(IsrFrame* frame);
// Replaces the values where bad[x] != 0 by the line between the nearest good ones, at the ends by the nearest
// good one: a + (b - a) * (float32(x - xa) / float32(xb - xa)) in float32. False, and nothing done, without a
// good one.
bool interpolate_row(const u8* bad, u32 width, float* row);
Phase* new_brighter_fatter(const BrighterFatterCalib& calib, IsrFrame* frame);
// Laplacian edge detection (van Dokkum 2001, PASP 113, 1420).
Phase* new_cosmic_rays(IsrFrame* frame);

}  // namespace af

#endif  // ASTRO_FITS_ISR_STEPS_H_
