#include "isr_calib.h"

#include <algorithm>

#include "isr_rows.h"

using namespace af;

namespace {

// "adu", "ADU / s", "electron", "e-/s": the counts, whether or not they are per second of dark time.
Unit unit_of(const char* text) {
  char word[24];
  size_t n = 0;
  for (; text[n] != '\0' && text[n] != '/' && text[n] != ' ' && n + 1 < sizeof word; ++n)
    word[n] = text[n] >= 'A' && text[n] <= 'Z' ? static_cast<char>(text[n] - 'A' + 'a') : text[n];
  word[n] = '\0';
  auto is = [&](const char* wanted) { return std::strcmp(word, wanted) == 0; };
  if (is("adu")) return Unit::kAdu;
  if (is("electron") || is("electrons") || is("e-") || is("e")) return Unit::kElectron;
  return Unit::kUnknown;
}

bool is_pixels(const HduRecord& hdu) {
  return (hdu.kind == AF_HDU_PRIMARY || hdu.kind == AF_HDU_IMAGE || hdu.kind == AF_HDU_COMPRESSED_IMAGE) &&
         hdu.width > 0;
}

// The HDU of that EXTNAME with pixels; -1 when there is none.
i32 named_image(const AfStream& stream, const char* name) {
  for (size_t i = 0; i < stream.hdus.size(); ++i)
    if (is_pixels(*stream.hdus[i]) && stream.hdus[i]->header.text_is("EXTNAME", name))
      return static_cast<i32>(i);
  return -1;
}

}  // namespace

AfCalib::~AfCalib() {
  af_decoding_free(decoding_);
  af_plane_free(mask_plane_);
  af_plane_free(plane);
}

AfStatus AfCalib::start(AfStream* stream, i32 which, const char* called, AfError* error) {
  if (which < 0 || which >= AF_CALIB_KIND_COUNT)
    return fail(error, AF_INVALID_ARGUMENT, "no such kind of calibration");
  kind = which;
  stream_ = stream;
  if (!name.append(called, std::strlen(called) + 1))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for a calibration");
  if (stream->hdus.empty()) return fail(error, AF_MALFORMED, "a calibration without an HDU");
  switch (kind) {
    case AF_CALIB_CROSSTALK:
      read_unit("CROSSTALK_RATIOS_UNITS", -1);
      return read_crosstalk(*stream, &crosstalk, error);
    case AF_CALIB_DEFECTS:
      return read_defects(*stream, &defects, error);
    case AF_CALIB_LINEARITY:
      read_unit("LINEARITY_UNITS", -1);
      return read_linearity(*stream, &linearity, error);
    case AF_CALIB_BRIGHTER_FATTER:
      return read_brighter_fatter(*stream, &brighter_fatter, error);
    default:
      return start_image(error);
  }
}

// The Science Pipelines compare LSST ISR UNITS; BUNIT is the standard's word (FITS 4.0, section 4.4.2.5).
void AfCalib::read_unit(const char* keyword, i32 image) {
  for (const char* word : {keyword, "LSST ISR UNITS", "BUNIT"})
    for (size_t i = 0; word != nullptr && i < stream_->hdus.size(); ++i)
      if (unit_text[0] == '\0' && (image < 0 || i == 0 || i == static_cast<size_t>(image)))
        read_text(stream_->hdus[i]->header, word, unit_text);
  unit = unit_of(unit_text);
}

AfStatus AfCalib::start_image(AfError* error) {
  i32 image = named_image(*stream_, "IMAGE");
  for (size_t i = 0; image < 0 && i < stream_->hdus.size(); ++i)
    if (is_pixels(*stream_->hdus[i])) image = static_cast<i32>(i);
  if (image < 0) return fail(error, AF_MALFORMED, "a calibration without an image");
  const Header* headers[] = {&stream_->hdus[0]->header, &stream_->hdus[static_cast<size_t>(image)]->header};
  read_unit(nullptr, image);
  bool timed = false;
  for (const char* keyword : {"DARKTIME", "EXPTIME"})
    for (const Header* header : headers)
      if (double value = 0; !timed && header->real(keyword, &value) && value > 0) {
        seconds = value;
        timed = true;
      }
  image_hdu_ = image;
  mask_hdu_ = named_image(*stream_, "MASK");
  return next_decoding(static_cast<u32>(image), error);
}

AfStatus AfCalib::next_decoding(u32 hdu, AfError* error) {
  decoding_ = af_decoding_new(stream_, hdu, AF_FORM_WORKING, error);
  return decoding_ != nullptr ? AF_OK : static_cast<AfStatus>(error->status);
}

AfStatus AfCalib::take_mask(u32* budget, AfError* error) {
  for (; mask_row_ < mask_plane_->height && *budget > 0; ++mask_row_, --*budget) {
    const i32* row = static_cast<const i32*>(mask_plane_->data) + size_t{mask_row_} * mask_plane_->width;
    if (!mask.add_row(row, mask_plane_->width))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for the mask of a calibration");
  }
  if (mask_row_ < mask_plane_->height) return AF_MORE;
  af_plane_free(mask_plane_);
  mask_plane_ = nullptr;
  return finish(error);
}

// What stays goes below what is given back, so that this leaves no hole.
AfStatus AfCalib::finish(AfError* error) {
  for (const i32 hdu : {image_hdu_, mask_hdu_})
    if (hdu >= 0)
      if (const AfStatus status = af_stream_release(stream_, static_cast<u32>(hdu), error); status != AF_OK)
        return status;
  mask.runs.compact();
  mask.first.compact();
  return AF_OK;
}

// The image is there.
AfStatus AfCalib::start_mask(AfError* error) {
  if (mask_hdu_ < 0) return finish(error);
  decoding_mask_ = true;
  const AfStatus status = next_decoding(static_cast<u32>(mask_hdu_), error);
  return status == AF_OK ? AF_MORE : status;
}

AfStatus AfCalib::step(u32 max_rows, AfError* error) {
  // Inflating a row of floats takes as long as several other steps on it.
  constexpr u32 kRowsPerInflatedRow = 4;
  u32 budget = std::max(max_rows, 1u);
  if (mask_plane_ != nullptr) return take_mask(&budget, error);
  if (plane != nullptr && plane->type != AF_F32)
    return make_float(plane, &float_row_, budget) ? start_mask(error) : AF_MORE;
  if (decoding_ == nullptr) return AF_OK;
  const AfStatus status = af_decoding_step(decoding_, std::max(budget / kRowsPerInflatedRow, 1u), error);
  if (status != AF_OK) return status;
  AfPlane* decoded = af_decoding_plane(decoding_);
  af_decoding_free(decoding_);
  decoding_ = nullptr;
  if (!decoding_mask_) {
    plane = decoded;
    return plane->type == AF_F32 ? start_mask(error) : AF_MORE;
  }
  if (decoded->type != AF_I32 || decoded->width != plane->width || decoded->height != plane->height) {
    af_plane_free(decoded);
    return fail(error, AF_MALFORMED, "the mask of a calibration does not fit its image", {mask_hdu_});
  }
  mask.has_planes = read_mask_planes(stream_->hdus[static_cast<size_t>(mask_hdu_)]->header, &mask.planes);
  mask_plane_ = decoded;
  return AF_MORE;
}

size_t AfCalib::bytes() const {
  size_t sum = sizeof *this + name.capacity() + mask.bytes();
  if (plane != nullptr) sum += size_t{plane->width} * plane->height * sizeof(float);
  sum += (crosstalk.linear.capacity() + crosstalk.quadratic.capacity() + linearity.numbers.capacity() +
          brighter_fatter.stencil.capacity()) *
         sizeof(double);
  sum += defects.boxes.capacity() * sizeof(AfBox) + linearity.table.capacity() * sizeof(float) +
         linearity.amplifiers.capacity() * sizeof(LinearityCalib::Amplifier);
  return sum;
}

extern "C" {

AfCalib* af_calib_new(AfStream* stream, int32_t kind, const char* name, AfError* error) {
  AfCalib* calib = create<AfCalib>();
  if (calib == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for a calibration");
    return nullptr;
  }
  if (calib->start(stream, kind, name, error) != AF_OK) {
    destroy(calib);
    return nullptr;
  }
  return calib;
}

AfStatus af_calib_step(AfCalib* calib, uint32_t max_rows, AfError* error) {
  return calib->step(max_rows, error);
}

const AfPlane* af_calib_plane(const AfCalib* calib) { return calib->plane; }

size_t af_calib_bytes(const AfCalib* calib) { return calib->bytes(); }

void af_calib_free(AfCalib* calib) { destroy(calib); }

}  // extern "C"
