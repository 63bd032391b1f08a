// Saturated, bad and undefined pixels are replaced by a line along x.
// The Science Pipelines let saturation grow by the pixels that share a side (lsst.ip.isr isrFunctions.py,
// growMasks with radius 1) and then fit a model of the point spread function; the line is this engine's own
// choice.
#include "isr_steps.h"

namespace af {

bool interpolate_row(const u8* bad, u32 width, float* row) {
  u32 x = 0;
  while (x < width && bad[x] != 0) ++x;
  if (x == width) return false;
  for (u32 i = 0; i < x; ++i) row[i] = row[x];
  u32 last_good = x;
  for (++x; x < width; ++x) {
    if (bad[x] != 0) continue;
    if (x - last_good > 1) {
      const float a = row[last_good], step = row[x] - a, length = static_cast<float>(x - last_good);
      for (u32 i = last_good + 1; i < x; ++i)
        row[i] = a + step * (static_cast<float>(i - last_good) / length);
    }
    last_good = x;
  }
  for (u32 i = last_good + 1; i < width; ++i) row[i] = row[last_good];
  return true;
}

namespace {

class Interpolate final : public Phase {
 public:
  explicit Interpolate(IsrFrame* frame) : frame_(*frame) {}

  AfStatus step(u32 max_rows, AfError* error) override {
    if (!bad_.resize(frame_.width) || !below_.resize(frame_.width) || !here_.resize(frame_.width) ||
        !above_.resize(frame_.width))
      return fail(error, AF_OUT_OF_MEMORY, "no memory to interpolate");
    for (u32 n = max_rows == 0 ? 1 : max_rows; n > 0 && row_ < frame_.height; --n) finish_row();
    return row_ < frame_.height ? AF_MORE : AF_OK;
  }

 private:
  void saturation_of(u32 y, u8* to) const {
    const i32* const mask = frame_.mask + frame_.at(0, y);
    for (u32 x = 0; x < frame_.width; ++x) to[x] = (mask[x] & frame_.planes.saturated) != 0 ? 1 : 0;
  }

  // Growth looks at the neighbours as they were, hence the copies of what is about to change.
  void grow_saturation() {
    const u32 width = frame_.width, y = row_;
    if (y == 0) {
      std::memset(below_.data(), 0, width);
      saturation_of(0, here_.data());
    }
    if (y + 1 < frame_.height) {
      saturation_of(y + 1, above_.data());
    } else {
      std::memset(above_.data(), 0, width);
    }
    i32* const mask = frame_.mask + frame_.at(0, y);
    for (u32 x = 0; x < width; ++x) {
      const u8 left = x > 0 ? here_[x - 1] : 0, right = x + 1 < width ? here_[x + 1] : 0;
      if ((left | right | below_[x] | above_[x]) != 0) mask[x] |= frame_.planes.saturated;
    }
    std::memcpy(below_.data(), here_.data(), width);
    std::memcpy(here_.data(), above_.data(), width);
  }

  void finish_row() {
    const u32 width = frame_.width;
    float* const image = frame_.image + frame_.at(0, row_);
    i32* const mask = frame_.mask == nullptr ? nullptr : frame_.mask + frame_.at(0, row_);
    if (mask != nullptr) grow_saturation();
    const i32 wanted = frame_.planes.saturated | frame_.planes.bad | frame_.planes.unmasked_nan;
    u8 any = 0;
    for (u32 x = 0; x < width; ++x) {
      const bool masked = mask != nullptr && (mask[x] & wanted) != 0;
      bad_[x] = masked || !__builtin_isfinite(image[x]) ? 1 : 0;
      any |= bad_[x];
    }
    if (any != 0 && interpolate_row(bad_.data(), width, image) && mask != nullptr)
      for (u32 x = 0; x < width; ++x) mask[x] |= bad_[x] != 0 ? frame_.planes.interpolated : 0;
    ++row_;
  }

  IsrFrame& frame_;
  Array<u8> bad_;
  Array<u8> below_, here_, above_;  // saturation of three rows before it grew
  u32 row_ = 0;
};

}  // namespace

Phase* new_interpolate(IsrFrame* frame) { return create<Interpolate>(frame); }

}  // namespace af
