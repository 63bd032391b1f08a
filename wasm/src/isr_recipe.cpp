#include "isr_recipe.h"

namespace af {
namespace {

// By number of AfStep.
constexpr const char* kNames[] = {"saturation",
                                  "serial-overscan",
                                  "parallel-overscan",
                                  "crosstalk",
                                  "linearity",
                                  "gain",
                                  "assemble",
                                  "bias",
                                  "dark",
                                  "flat",
                                  "defects",
                                  "interpolate",
                                  "variance",
                                  "cosmic-rays",
                                  "brighter-fatter"};
static_assert(sizeof kNames / sizeof kNames[0] == AF_STEP_COUNT);

// The orders are those of lsst.ip.isr's IsrTask and IsrTaskLSST.
constexpr AfStep kRapid[] = {AF_STEP_SATURATION,
                             AF_STEP_SERIAL_OVERSCAN,
                             AF_STEP_PARALLEL_OVERSCAN,
                             AF_STEP_ASSEMBLE,
                             AF_STEP_BIAS,
                             AF_STEP_VARIANCE,
                             AF_STEP_LINEARITY,
                             AF_STEP_CROSSTALK,
                             AF_STEP_DEFECTS,
                             AF_STEP_BRIGHTER_FATTER,
                             AF_STEP_DARK,
                             AF_STEP_FLAT,
                             AF_STEP_GAIN,
                             AF_STEP_COSMIC_RAYS,
                             AF_STEP_INTERPOLATE};
constexpr AfStep kFull[] = {
    AF_STEP_SERIAL_OVERSCAN, AF_STEP_SATURATION, AF_STEP_GAIN, AF_STEP_CROSSTALK,   AF_STEP_PARALLEL_OVERSCAN,
    AF_STEP_LINEARITY,       AF_STEP_ASSEMBLE,   AF_STEP_BIAS, AF_STEP_DARK,        AF_STEP_DEFECTS,
    AF_STEP_BRIGHTER_FATTER, AF_STEP_VARIANCE,   AF_STEP_FLAT, AF_STEP_COSMIC_RAYS, AF_STEP_INTERPOLATE};
static_assert(sizeof kRapid == sizeof(AfStep) * AF_STEP_COUNT && sizeof kFull == sizeof kRapid);

}  // namespace

const char* step_name(AfStep step) { return kNames[step]; }

const AfStep* recipe_order(AfRecipe recipe) { return recipe == AF_RECIPE_FULL ? kFull : kRapid; }

AfCalibKind calib_of(AfStep step) {
  switch (step) {
    case AF_STEP_BIAS:
      return AF_CALIB_BIAS;
    case AF_STEP_DARK:
      return AF_CALIB_DARK;
    case AF_STEP_FLAT:
      return AF_CALIB_FLAT;
    case AF_STEP_DEFECTS:
      return AF_CALIB_DEFECTS;
    case AF_STEP_CROSSTALK:
      return AF_CALIB_CROSSTALK;
    case AF_STEP_LINEARITY:
      return AF_CALIB_LINEARITY;
    case AF_STEP_BRIGHTER_FATTER:
      return AF_CALIB_BRIGHTER_FATTER;
    default:
      return AF_CALIB_KIND_COUNT;
  }
}

void Plan::start(AfRecipe recipe, u32 steps, const AfCalib* const* calibs) {
  constexpr u32 kAlways = step_bit(AF_STEP_SATURATION) | step_bit(AF_STEP_SERIAL_OVERSCAN) |
                          step_bit(AF_STEP_PARALLEL_OVERSCAN) | step_bit(AF_STEP_ASSEMBLE);
  for (size_t i = 0; i < AF_STEP_COUNT; ++i) {
    PlannedStep& p = steps_[i];
    p = PlannedStep{};
    p.step = recipe_order(recipe)[i];
    const AfCalibKind kind = calib_of(p.step);
    p.calib_given = kind != AF_CALIB_KIND_COUNT && calibs[kind] != nullptr;
    // Without assembly there is no image.
    p.asked = p.step == AF_STEP_ASSEMBLE ||
              (steps != 0 ? (steps & step_bit(p.step)) != 0
                          : (kAlways & step_bit(p.step)) != 0 || p.calib_given);
    p.run = p.asked;
    if (!p.asked) copy_text(p.reason, sizeof p.reason, "not among the steps that were asked for");
    if (p.asked && kind != AF_CALIB_KIND_COUNT && !p.calib_given) skip(p.step, "no calibration was given");
  }
}

size_t Plan::at(AfStep step) const {
  size_t i = 0;
  while (steps_[i].step != step) ++i;
  return i;
}

PlannedStep& Plan::of(AfStep step) { return steps_[at(step)]; }
const PlannedStep& Plan::of(AfStep step) const { return steps_[at(step)]; }

void Plan::skip(AfStep step, const char* reason) {
  PlannedStep& p = of(step);
  p.run = false;
  copy_text(p.reason, sizeof p.reason, reason);
}

}  // namespace af
