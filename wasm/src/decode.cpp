// Image HDUs to planes, a band at a time.
#include "quantize.h"
#include "rice.h"
#include "tile_codec.h"
#include "tile_grid.h"

using namespace af;

namespace {

// Whether the axes of a compressed image are all there, however long they are.
bool has_axes(const Header& h) {
  i64 axes = 0, length = 0;
  if (!h.integer("ZNAXIS", &axes) || axes < 1 || axes > 999) return false;
  for (u32 axis = 1; axis <= static_cast<u32>(axes); ++axis)
    if (!h.integer(IndexedKeyword("ZNAXIS", axis).text, &length) || length < 1) return false;
  return true;
}

}  // namespace

struct AfDecoding {
  AfDecoding(const HduRecord* record, i32 number, u64 limit)
      : hdu(record), index(number), memory_limit(limit), codec(limit) {}
  ~AfDecoding() {
    if (!done) af_plane_free(plane);
  }
  AfDecoding(const AfDecoding&) = delete;
  AfDecoding& operator=(const AfDecoding&) = delete;

  AfStatus start(AfPixelForm form, AfError* error);
  AfStatus step(u32 max_rows, AfError* error);
  AfStatus start_compressed(AfError* error);
  AfStatus start_quantized(AfError* error);
  AfStatus decode_tile(AfError* error);
  AfStatus decode_four_rows(bool* decoded, AfError* error);
  AfStatus place_quantized(const TileNumbers& numbers, AfError* error);
  void place_tile(const TileNumbers& numbers) const;

  AfStatus bad_tile(AfError* error, AfStatus status, const char* message, u64 offset) const {
    return fail(error, status, message,
                {index, static_cast<i32>(next_tile), static_cast<i64>(hdu->data_offset + offset), ""});
  }
  u8* at(u64 x, u64 y) const {
    return static_cast<u8*>(plane->data) + (y * plane->width + x) * bytes_of_plane_type(plane->type);
  }

  const HduRecord* hdu;
  i32 index;
  u64 memory_limit;
  AfPlane* plane = nullptr;
  bool done = false;
  i32 bitpix = 0;
  PixelRule rule;
  u64 next_row = 0;  // of an image that is not compressed

  bool compressed = false;
  u64 next_tile = 0;
  TileTable tiles;
  TileGrid grid;
  TileCodec codec;
  bool four_rows = false;  // four tiles at once go straight into the plane

  bool quantized = false;
  Quantization quantization;  // of tiles whose row of the table does not say otherwise
  Unquantizer unquantizer;
  u64 dither_seed = 0;
  Array<i32> row_integers;
  Array<double> row_reals;
};

AfStatus AfDecoding::start(AfPixelForm form, AfError* error) {
  const Header& h = hdu->header;
  const i64 header_at = static_cast<i64>(hdu->header_offset);
  compressed = hdu->kind == AF_HDU_COMPRESSED_IMAGE;
  if (require_data(*hdu, index, error) != AF_OK) return AF_INVALID_ARGUMENT;
  if (hdu->kind == AF_HDU_BINTABLE || hdu->kind == AF_HDU_OTHER)
    return fail(error, AF_UNSUPPORTED, "the HDU is no image", {index, -1, header_at, "XTENSION"});
  if (hdu->width == 0 || hdu->height == 0) {
    if (!compressed)
      return fail(error, AF_UNSUPPORTED, "the HDU has no pixels", {index, -1, header_at, "NAXIS"});
    return has_axes(h)
               ? fail(error, AF_LIMIT, "an image larger than any memory", {index, -1, header_at, "ZNAXIS"})
               : fail(error, AF_MALFORMED, "ZNAXIS is missing or impossible",
                      {index, -1, header_at, "ZNAXIS"});
  }
  i64 stored = 0;
  const char* keyword = compressed ? "ZBITPIX" : "BITPIX";
  h.integer(keyword, &stored);
  if (!is_bitpix(stored))
    return fail(error, AF_MALFORMED, "the pixel type is missing or impossible",
                {index, -1, header_at, keyword});
  bitpix = static_cast<i32>(stored);
  rule = pixel_rule(h, bitpix, form);
  const u64 pixels = u64{hdu->width} * hdu->height;
  if (compressed) {
    const AfStatus status = start_compressed(error);
    if (status != AF_OK) return status;
  } else if (pixels > hdu->data_size / bytes_of_bitpix(bitpix)) {
    return fail(error, AF_MALFORMED, "the data are smaller than the image", {index, -1, header_at, "GCOUNT"});
  }
  if (pixels > memory_limit / bytes_of_plane_type(rule.type))
    return fail(error, AF_LIMIT, "the image is larger than the memory limit", {index, -1, header_at, ""});
  hdu->room.release();
  plane = af_plane_new(rule.type, hdu->width, hdu->height);
  if (plane == nullptr) return fail(error, AF_OUT_OF_MEMORY, "no memory for the image", {index});
  return AF_OK;
}

AfStatus AfDecoding::start_compressed(AfError* error) {
  AfStatus status = tiles.open(*hdu, index, error);
  if (status == AF_OK) status = codec.read(*hdu, index, error);
  if (status == AF_OK) status = grid.read(*hdu, index, error);
  if (status == AF_OK && bitpix < 0) status = start_quantized(error);
  if (status != AF_OK) return status;
  if (grid.tiles() != tiles.table.rows)
    return fail(error, AF_MALFORMED, "the number of tiles does not fit the image",
                {index, -1, static_cast<i64>(hdu->header_offset), "NAXIS2"});
  four_rows = grid.one_row_each() && codec.rice_of_words() && rule.type == AF_I32 && bitpix == 32;
  return AF_OK;
}

// Floats may be stored as integers with a scale for each tile.
AfStatus AfDecoding::start_quantized(AfError* error) {
  const Header& h = hdu->header;
  const i64 header_at = static_cast<i64>(hdu->header_offset);
  const bool scaled = h.real("ZSCALE", &quantization.scale) || tiles.scale != nullptr;
  quantized = scaled && !h.text_is("ZQUANTIZ", "NONE");
  if (!quantized) return AF_OK;
  h.real("ZZERO", &quantization.zero);
  quantization.has_blank =
      h.integer("ZBLANK", &quantization.blank) || h.integer("BLANK", &quantization.blank);
  Dither dither = Dither::kNone;
  if (h.text_is("ZQUANTIZ", "SUBTRACTIVE_DITHER_1")) {
    dither = Dither::kSubtractive1;
  } else if (h.text_is("ZQUANTIZ", "SUBTRACTIVE_DITHER_2")) {
    dither = Dither::kSubtractive2;
  } else if (h.find("ZQUANTIZ") != nullptr && !h.text_is("ZQUANTIZ", "NO_DITHER")) {
    return fail(error, AF_UNSUPPORTED, "floats that are quantized in an unknown way",
                {index, -1, header_at, "ZQUANTIZ"});
  }
  i64 seed = 1;
  if (dither != Dither::kNone && (!h.integer("ZDITHER0", &seed) || seed < 1 || seed > Unquantizer::kRandoms))
    return fail(error, AF_MALFORMED, "the seed of the dithering is missing or not from 1 to 10000",
                {index, -1, header_at, "ZDITHER0"});
  dither_seed = static_cast<u64>(seed - 1);
  if (!unquantizer.prepare(dither))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for the dithering", {index});
  return AF_OK;
}

// Integers of a tile to the floats that they stand for, into the plane.
AfStatus AfDecoding::place_quantized(const TileNumbers& numbers, AfError* error) {
  const size_t width = static_cast<size_t>(grid.width());
  if (!row_integers.resize(width) || !row_reals.resize(width))
    return bad_tile(error, AF_OUT_OF_MEMORY, "no memory for a tile", tiles.offset_of(next_tile));
  Quantization q = quantization;
  if (tiles.scale != nullptr) q.scale = tiles.number(*tiles.scale, next_tile);
  if (tiles.zero != nullptr) q.zero = tiles.number(*tiles.zero, next_tile);
  if (tiles.blank != nullptr) {
    const double blank = tiles.number(*tiles.blank, next_tile);
    q.has_blank = __builtin_fabs(blank) <= std::numeric_limits<i32>::max() + 1.0;
    q.blank = q.has_blank ? static_cast<i64>(blank) : 0;
  }
  unquantizer.begin_tile(q, dither_seed + next_tile);
  const size_t row_bytes = width * bytes_of_stored(numbers.stored);
  for (u64 r = 0; r < grid.rows(); ++r) {
    convert_to_i32(numbers.stored, numbers.bytes + r * row_bytes, width, row_integers.data());
    unquantizer.run(row_integers.data(), width, row_reals.data());
    convert_pixels(rule, Stored::kF64, row_reals.data(), width, at(grid.x(), grid.plane_row(r)));
  }
  return AF_OK;
}

void AfDecoding::place_tile(const TileNumbers& numbers) const {
  const size_t width = static_cast<size_t>(grid.width());
  const size_t row_bytes = width * bytes_of_stored(numbers.stored);
  for (u64 r = 0; r < grid.rows(); ++r)
    convert_pixels(rule, numbers.stored, numbers.bytes + r * row_bytes, width,
                   at(grid.x(), grid.plane_row(r)));
}

AfStatus AfDecoding::decode_tile(AfError* error) {
  grid.select(next_tile);
  const size_t count = static_cast<size_t>(grid.width() * grid.rows());
  HeapBytes cell, gzipped, plain;
  if (!tiles.bytes_of(tiles.compressed, next_tile, &cell) ||
      !tiles.bytes_of(tiles.gzipped, next_tile, &gzipped) || !tiles.bytes_of(tiles.plain, next_tile, &plain))
    return bad_tile(error, AF_MALFORMED, "a tile that lies outside the file", tiles.offset_of(next_tile));

  TileNumbers numbers;
  const char* problem = "a tile without pixels";
  AfStatus status = AF_MALFORMED;
  HeapBytes used;
  if (cell.bytes != nullptr) {
    used = cell;
    status = codec.decode(cell, count, quantized ? 32 : bitpix, &numbers, &problem);
  } else if (gzipped.bytes != nullptr) {
    // A tile that could not be quantized or compressed is stored as it is.
    used = gzipped;
    status = codec.gunzip(gzipped, count, bitpix, &numbers, &problem);
  } else if (plain.bytes != nullptr) {
    used = plain;
    status = TileCodec::plain(plain, count, bitpix, &numbers, &problem);
  } else {
    used.offset = tiles.offset_of(next_tile);
  }
  if (status != AF_OK) return bad_tile(error, status, problem, used.offset);
  if (quantized && cell.bytes != nullptr) {
    status = place_quantized(numbers, error);
    if (status != AF_OK) return status;
  } else {
    place_tile(numbers);
  }
  ++next_tile;
  return AF_OK;
}

// Four rows of a raw at once, straight into the plane. `*decoded` stays false when they want the general way.
AfStatus AfDecoding::decode_four_rows(bool* decoded, AfError* error) {
  RiceTile four[4];
  HeapBytes cells[4];
  for (u64 k = 0; k < 4; ++k) {
    if (!tiles.bytes_of(tiles.compressed, next_tile + k, &cells[k]) || cells[k].bytes == nullptr)
      return AF_OK;
    four[k] = {cells[k].bytes, cells[k].length, reinterpret_cast<i32*>(at(0, next_tile + k))};
  }
  u32 bad = 0;
  if (!rice_decode_four(four, codec.rice_block(), hdu->width, &bad)) {
    next_tile += bad;
    return bad_tile(error, AF_MALFORMED, "a RICE tile that cannot be decoded", cells[bad].offset);
  }
  *decoded = true;
  next_tile += 4;
  return AF_OK;
}

AfStatus AfDecoding::step(u32 max_rows, AfError* error) {
  if (done) return AF_OK;
  if (require_data(*hdu, index, error) != AF_OK) return AF_INVALID_ARGUMENT;
  if (max_rows == 0) max_rows = 1;
  if (!compressed) {
    const u64 rows = max_rows < hdu->height - next_row ? max_rows : hdu->height - next_row;
    const u32 bytes = bytes_of_bitpix(bitpix);
    convert_pixels(rule, stored_big_endian(bytes, bitpix < 0),
                   hdu->data.data() + next_row * hdu->width * bytes, static_cast<size_t>(rows * hdu->width),
                   at(0, next_row));
    next_row += rows;
    done = next_row == hdu->height;
    return done ? AF_OK : AF_MORE;
  }
  const u64 wanted = u64{max_rows} * hdu->width;
  u64 pixels = 0;
  while (pixels < wanted && next_tile < grid.tiles()) {
    if (four_rows && next_tile + 4 <= grid.tiles()) {
      bool decoded = false;
      const AfStatus status = decode_four_rows(&decoded, error);
      if (status != AF_OK) return status;
      if (decoded) {
        pixels += u64{4} * hdu->width;
        continue;
      }
    }
    const AfStatus status = decode_tile(error);
    if (status != AF_OK) return status;
    pixels += grid.width() * grid.rows();
  }
  if (next_tile < grid.tiles()) return AF_MORE;
  done = true;
  codec.release();
  return AF_OK;
}

extern "C" {

AfDecoding* af_decoding_new(const AfStream* stream, uint32_t hdu, int32_t form, AfError* error) {
  if (form != AF_FORM_WORKING && form != AF_FORM_PHYSICAL) {
    fail(error, AF_INVALID_ARGUMENT, "no such form of pixels");
    return nullptr;
  }
  if (hdu >= stream->hdus.size()) {
    fail(error, AF_INVALID_ARGUMENT, "no such HDU");
    return nullptr;
  }
  AfDecoding* decoding =
      create<AfDecoding>(stream->hdus[hdu], static_cast<i32>(hdu), stream->options.memory_limit);
  if (decoding == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for a decoding");
    return nullptr;
  }
  if (decoding->start(static_cast<AfPixelForm>(form), error) != AF_OK) {
    destroy(decoding);
    return nullptr;
  }
  return decoding;
}

AfStatus af_decoding_step(AfDecoding* decoding, uint32_t max_rows, AfError* error) {
  return decoding->step(max_rows, error);
}

AfPlane* af_decoding_plane(AfDecoding* decoding) { return decoding->plane; }

void af_decoding_free(AfDecoding* decoding) { destroy(decoding); }

}  // extern "C"
