// Which steps there are, in which order a recipe runs them, and what became of each.
#ifndef ASTRO_FITS_ISR_RECIPE_H_
#define ASTRO_FITS_ISR_RECIPE_H_

#include "support.h"

namespace af {

constexpr u32 step_bit(AfStep step) { return u32{1} << step; }

const char* step_name(AfStep step);
// AF_STEP_COUNT steps.
const AfStep* recipe_order(AfRecipe recipe);
// AF_CALIB_KIND_COUNT for steps that need no calib.
AfCalibKind calib_of(AfStep step);

struct PlannedStep {
  AfStep step;
  bool asked;        // by the caller or by default
  bool calib_given;  // of the kind that it needs
  bool run;          // asked, and nothing is missing
  char with[64];     // what it ran with, where that is no calib
  char reason[160];  // why it does not run; empty when it does
};

// All steps in the order of the recipe.
class Plan {
 public:
  // `steps` 0 means the default set.
  void start(AfRecipe recipe, u32 steps, const AfCalib* const* calibs);
  PlannedStep& operator[](size_t i) { return steps_[i]; }
  const PlannedStep& operator[](size_t i) const { return steps_[i]; }
  PlannedStep& of(AfStep step);
  const PlannedStep& of(AfStep step) const;
  bool runs(AfStep step) const { return of(step).run; }
  // Index of a step in the order.
  size_t at(AfStep step) const;
  void skip(AfStep step, const char* reason);

 private:
  PlannedStep steps_[AF_STEP_COUNT];
};

}  // namespace af

#endif  // ASTRO_FITS_ISR_RECIPE_H_
