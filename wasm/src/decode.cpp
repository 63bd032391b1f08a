// Image HDUs to planes, a band of rows at a time.
#include "rice.h"
#include "tiles.h"

using namespace af;

namespace {

enum class Compression { kNone, kRice, kGzip1, kGzip2 };

// How stored numbers become physical ones.
struct Scaling {
  i32 bitpix = 0;
  bool to_integer = false;  // the plane is I32
  double scale = 1;
  double zero = 0;
  bool has_blank = false;
  i64 blank = 0;
  bool quantized = false;  // floats stored as integers with a scale per tile
  double tile_scale = 1;
  double tile_zero = 0;
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

u32 bytes_of(i32 bitpix) { return static_cast<u32>(bitpix < 0 ? -bitpix : bitpix) / 8; }

float physical(const Scaling& s, i64 stored) {
  if (s.has_blank && stored == s.blank) return kNan;
  if (s.quantized) return static_cast<float>(static_cast<double>(stored) * s.tile_scale + s.tile_zero);
  if (s.bitpix == 8 || s.bitpix == 16)
    return static_cast<float>(stored) * static_cast<float>(s.scale) + static_cast<float>(s.zero);
  return static_cast<float>(static_cast<double>(stored) * s.scale + s.zero);
}

template <class Load>
void convert_integers(const Scaling& s, size_t count, void* out, Load load) {
  if (s.to_integer) {
    i32* to = static_cast<i32*>(out);
    for (size_t i = 0; i < count; ++i) to[i] = static_cast<i32>(load(i));
  } else {
    float* to = static_cast<float*>(out);
    for (size_t i = 0; i < count; ++i) to[i] = physical(s, static_cast<i64>(load(i)));
  }
}

// `from` holds big-endian numbers of the stored type.
void convert_big_endian(const Scaling& s, i32 stored_bitpix, const u8* from, size_t count, void* out) {
  float* to = static_cast<float*>(out);
  const bool plain = s.scale == 1 && s.zero == 0;
  switch (stored_bitpix) {
    case 8:
      convert_integers(s, count, out, [=](size_t i) { return from[i]; });
      break;
    case 16:
      convert_integers(s, count, out, [=](size_t i) { return static_cast<i16>(load_be16(from + 2 * i)); });
      break;
    case 32:
      convert_integers(s, count, out, [=](size_t i) { return static_cast<i32>(load_be32(from + 4 * i)); });
      break;
    case 64:
      convert_integers(s, count, out, [=](size_t i) { return static_cast<i64>(load_be64(from + 8 * i)); });
      break;
    case -32:
      if (plain) {
        u32* bits = static_cast<u32*>(out);  // NaN payloads survive
        for (size_t i = 0; i < count; ++i) bits[i] = load_be32(from + 4 * i);
      } else {
        const float scale = static_cast<float>(s.scale), zero = static_cast<float>(s.zero);
        for (size_t i = 0; i < count; ++i)
          to[i] = std::bit_cast<float>(load_be32(from + 4 * i)) * scale + zero;
      }
      break;
    default:
      for (size_t i = 0; i < count; ++i) {
        const double v = std::bit_cast<double>(load_be64(from + 8 * i));
        to[i] = static_cast<float>(plain ? v : v * s.scale + s.zero);
      }
  }
}

// GZIP_2 stores the first bytes of all pixels, then the second ones, and so on.
void unshuffle(const u8* from, size_t count, u32 bytes, u8* to) {
  for (u32 b = 0; b < bytes; ++b)
    for (size_t i = 0; i < count; ++i) to[i * bytes + b] = from[b * count + i];
}

// The frequent case of 32-bit numbers straight into the plane.
void unshuffle_32(const u8* from, size_t count, u32* to) {
  const u8 *a = from, *b = from + count, *c = from + 2 * count, *d = from + 3 * count;
  for (size_t i = 0; i < count; ++i) to[i] = u32{a[i]} << 24 | u32{b[i]} << 16 | u32{c[i]} << 8 | u32{d[i]};
}

}  // namespace

struct AfDecoding {
  ~AfDecoding() {
    if (!done) af_plane_free(plane);
    destroy(gzip);
  }
  AfDecoding() = default;
  AfDecoding(const AfDecoding&) = delete;
  AfDecoding& operator=(const AfDecoding&) = delete;

  AfStatus start(AfError* error);
  AfStatus start_compressed(AfError* error);
  AfStatus start_gzip(AfError* error);
  AfStatus step(u32 max_rows, AfError* error);
  AfStatus decode_tile(u64 tile, AfError* error);
  AfStatus decode_four(u64 tile, bool* done_four, AfError* error);
  AfStatus gunzip(const HeapBytes& cell, size_t expected, u64 tile, AfError* error);
  AfStatus bad_tile(AfError* error, const char* message, u64 tile, u64 offset) const {
    return fail(error, AF_MALFORMED, message,
                {index, static_cast<i32>(tile), static_cast<i64>(hdu->data_offset + offset), ""});
  }
  void* row(u64 y) const { return static_cast<u8*>(plane->data) + y * plane->width * 4; }

  const HduRecord* hdu = nullptr;
  i32 index = 0;
  u64 memory_limit = 0;
  AfPlane* plane = nullptr;
  bool done = false;
  u64 next_row = 0;
  Scaling scaling;
  Compression compression = Compression::kNone;
  TileTable table;
  u64 tile_width = 0, tile_height = 0, tiles_across = 1;
  u32 rice_bytes = 4, rice_block = 32;
  GzipReader* gzip = nullptr;
  Array<u8> scratch, shuffled;
  Array<i32> integers;
};

AfStatus AfDecoding::start(AfError* error) {
  const Header& h = hdu->header;
  const i64 at = static_cast<i64>(hdu->header_offset);
  const bool compressed = hdu->kind == AF_HDU_COMPRESSED_IMAGE;
  if (!hdu->complete) return fail(error, AF_INVALID_ARGUMENT, "the HDU has not arrived completely", {index});
  if (hdu->released) return fail(error, AF_INVALID_ARGUMENT, "the HDU's data were released", {index});
  if (hdu->kind == AF_HDU_BINTABLE || hdu->kind == AF_HDU_OTHER)
    return fail(error, AF_UNSUPPORTED, "the HDU is no image", {index, -1, at, "XTENSION"});
  if (hdu->width == 0 || hdu->height == 0)
    return compressed
               ? fail(error, AF_MALFORMED, "ZNAXIS is missing or impossible", {index, -1, at, "ZNAXIS"})
               : fail(error, AF_UNSUPPORTED, "the HDU has no pixels", {index, -1, at, "NAXIS"});
  i64 bitpix = 0;
  const char* keyword = compressed ? "ZBITPIX" : "BITPIX";
  h.integer(keyword, &bitpix);
  if (bitpix != 8 && bitpix != 16 && bitpix != 32 && bitpix != 64 && bitpix != -32 && bitpix != -64)
    return fail(error, AF_MALFORMED, "the pixel type is missing or impossible", {index, -1, at, keyword});
  scaling.bitpix = static_cast<i32>(bitpix);
  h.real("BSCALE", &scaling.scale);
  h.real("BZERO", &scaling.zero);
  scaling.has_blank = bitpix > 0 && h.integer("BLANK", &scaling.blank);
  if (compressed) {
    const AfStatus status = start_compressed(error);
    if (status != AF_OK) return status;
  } else if (u64{hdu->width} * hdu->height > hdu->data_size / bytes_of(scaling.bitpix)) {
    return fail(error, AF_MALFORMED, "the data are smaller than the image", {index, -1, at, "GCOUNT"});
  }
  scaling.to_integer = (bitpix == 8 || bitpix == 16 || bitpix == 32) && scaling.scale == 1 &&
                       scaling.zero == 0 && !scaling.has_blank;
  if (u64{hdu->width} * hdu->height > memory_limit / 4)
    return fail(error, AF_LIMIT, "the image is larger than the memory limit", {index, -1, at, ""});
  plane = af_plane_new(scaling.to_integer ? AF_I32 : AF_F32, hdu->width, hdu->height);
  if (plane == nullptr) return fail(error, AF_OUT_OF_MEMORY, "no memory for the image", {index});
  return AF_OK;
}

AfStatus AfDecoding::start_compressed(AfError* error) {
  const Header& h = hdu->header;
  const i64 at = static_cast<i64>(hdu->header_offset);
  AfStatus status = read_tile_table(*hdu, index, &table, error);
  if (status != AF_OK) return status;

  if (h.text_is("ZCMPTYPE", "RICE_1") || h.text_is("ZCMPTYPE", "RICE_ONE")) {
    compression = Compression::kRice;
  } else if (h.text_is("ZCMPTYPE", "GZIP_1")) {
    compression = Compression::kGzip1;
  } else if (h.text_is("ZCMPTYPE", "GZIP_2")) {
    compression = Compression::kGzip2;
  } else {
    return fail(error, AF_UNSUPPORTED, "a compression that is not read (RICE_1, GZIP_1 and GZIP_2 are)",
                {index, -1, at, "ZCMPTYPE"});
  }

  // Tiles: whole rows unless the header says otherwise. Axes beyond the second are stacked, which only fits
  // when the tiles are one row high.
  i64 axes = 2, width = hdu->width, height = 1;
  h.integer("ZNAXIS", &axes);
  h.integer("ZTILE1", &width);
  if (axes > 1) h.integer("ZTILE2", &height);
  bool deep = false;
  for (u32 axis = 3; axis <= static_cast<u32>(axes); ++axis) {
    i64 depth = 1;
    h.integer(IndexedKeyword("ZTILE", axis).text, &depth);
    deep = deep || depth != 1;
  }
  if (width < 1 || height < 1)
    return fail(error, AF_MALFORMED, "tiles without pixels", {index, -1, at, "ZTILE1"});
  if (axes > 2 && (deep || height != 1))
    return fail(error, AF_UNSUPPORTED, "tiles deeper than one row in an image of more than two axes",
                {index, -1, at, "ZTILE3"});
  tile_width = static_cast<u64>(width) < hdu->width ? static_cast<u64>(width) : hdu->width;
  tile_height = static_cast<u64>(height) < hdu->height ? static_cast<u64>(height) : hdu->height;
  tiles_across = (hdu->width + tile_width - 1) / tile_width;
  const u64 tiles_up = (hdu->height + tile_height - 1) / tile_height;
  if (tiles_across * tiles_up != table.rows)
    return fail(error, AF_MALFORMED, "the number of tiles does not fit the image", {index, -1, at, "NAXIS2"});

  // The standard's defaults are BLOCKSIZE 32 and BYTEPIX 4.
  for (u32 n = 1; n <= 9; ++n) {
    const IndexedKeyword name("ZNAME", n), value("ZVAL", n);
    i64 number = 0;
    if (!h.integer(value.text, &number)) continue;
    if (h.text_is(name.text, "BLOCKSIZE")) {
      if (number < 1 || number > 65536)
        return fail(error, AF_MALFORMED, "an impossible RICE block size", {index, -1, at, value.text});
      rice_block = static_cast<u32>(number);
    } else if (h.text_is(name.text, "BYTEPIX")) {
      if (number != 1 && number != 2 && number != 4)
        return fail(error, AF_UNSUPPORTED, "RICE pixels of a size that is not read",
                    {index, -1, at, value.text});
      rice_bytes = static_cast<u32>(number);
    }
  }

  // Floats may be stored as integers with a scale per tile.
  double number = 0;
  const bool scaled = table.scale.present || h.real("ZSCALE", &number);
  scaling.quantized = scaling.bitpix < 0 && scaled && !h.text_is("ZQUANTIZ", "NONE");
  if (scaling.quantized) {
    if (h.find("ZQUANTIZ") != nullptr && !h.text_is("ZQUANTIZ", "NO_DITHER"))
      return fail(error, AF_UNSUPPORTED, "dithered floats are not read", {index, -1, at, "ZQUANTIZ"});
    scaling.has_blank = h.integer("ZBLANK", &scaling.blank);
    h.real("ZSCALE", &scaling.tile_scale);
    h.real("ZZERO", &scaling.tile_zero);
    if (scaling.scale != 1 || scaling.zero != 0)
      return fail(error, AF_UNSUPPORTED, "scaled and quantized floats are not read",
                  {index, -1, at, "BSCALE"});
  } else if (scaling.bitpix > 0 && !scaling.has_blank) {
    scaling.has_blank = h.integer("ZBLANK", &scaling.blank);
  }
  if (compression == Compression::kRice &&
      ((scaling.bitpix < 0 && !scaling.quantized) || scaling.bitpix == 64))
    return fail(error, AF_UNSUPPORTED, "RICE_1 of pixels other than integers of 32 bits",
                {index, -1, at, "ZBITPIX"});
  return AF_OK;
}

AfStatus AfDecoding::gunzip(const HeapBytes& cell, size_t expected, u64 tile, AfError* error) {
  if (gzip == nullptr) gzip = create<GzipReader>();
  if (gzip == nullptr || !scratch.resize(expected))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for a tile", {index, static_cast<i32>(tile)});
  gzip->reset();
  const u8* in = cell.bytes;
  size_t position = 0;
  switch (gzip->run(&in, cell.bytes + cell.length, scratch.data(), &position, expected)) {
    case GzipReader::Result::kDone:
      break;
    case GzipReader::Result::kBad:
      return bad_tile(error, gzip->problem(), tile, cell.offset);
    case GzipReader::Result::kNeedInput:
      return bad_tile(error, "a gzip tile that ends too early", tile, cell.offset);
    case GzipReader::Result::kOutputFull:
      position = expected + 1;
      break;
  }
  if (position != expected)
    return bad_tile(error, "a gzip tile whose length does not fit its pixels", tile, cell.offset);
  return AF_OK;
}

AfStatus AfDecoding::decode_tile(u64 tile, AfError* error) {
  const u64 x0 = tile % tiles_across * tile_width, y0 = tile / tiles_across * tile_height;
  const u64 w = x0 + tile_width > hdu->width ? hdu->width - x0 : tile_width;
  const u64 h = y0 + tile_height > hdu->height ? hdu->height - y0 : tile_height;
  const size_t count = static_cast<size_t>(w * h);
  auto place = [&](u64 y) { return static_cast<u8*>(row(y0 + y)) + x0 * 4; };

  HeapBytes cell, gzipped, plain;
  if (!heap_bytes(table, table.compressed, tile, &cell) ||
      !heap_bytes(table, table.gzipped, tile, &gzipped) || !heap_bytes(table, table.plain, tile, &plain))
    return bad_tile(error, "a tile that lies outside the file", tile, tile * table.row_bytes);

  // A tile of floats that could not be quantized, or that could not be compressed, is stored as it is.
  Scaling s = scaling;
  i32 stored = s.bitpix;
  if (cell.bytes == nullptr) {
    s.quantized = false;
    const size_t bytes = count * bytes_of(stored);
    const u8* from = plain.bytes;
    if (gzipped.bytes != nullptr) {
      const AfStatus status = gunzip(gzipped, bytes, tile, error);
      if (status != AF_OK) return status;
      from = scratch.data();
    } else if (plain.bytes == nullptr || plain.length != bytes) {
      return bad_tile(error, "a tile without pixels", tile, tile * table.row_bytes);
    }
    for (u64 y = 0; y < h; ++y)
      convert_big_endian(s, stored, from + y * w * bytes_of(stored), static_cast<size_t>(w), place(y));
    return AF_OK;
  }
  if (s.quantized) {
    stored = 32;
    if (table.scale.present) s.tile_scale = cell_real(table, table.scale, tile);
    if (table.zero.present) s.tile_zero = cell_real(table, table.zero, tile);
    if (table.blank.present) {
      s.has_blank = true;
      s.blank = static_cast<i64>(cell_real(table, table.blank, tile));
    }
  }

  if (compression == Compression::kRice) {
    if (!integers.resize(count))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for a tile", {index, static_cast<i32>(tile)});
    if (!rice_decode({cell.bytes, cell.length, integers.data()}, rice_bytes, rice_block, count))
      return bad_tile(error, "a RICE tile that cannot be decoded", tile, cell.offset);
    for (u64 y = 0; y < h; ++y) {
      const i32* from = integers.data() + y * w;
      convert_integers(s, static_cast<size_t>(w), place(y), [=](size_t i) { return from[i]; });
    }
    return AF_OK;
  }

  const u32 bytes = bytes_of(stored);
  const AfStatus status = gunzip(cell, count * bytes, tile, error);
  if (status != AF_OK) return status;
  const u8* from = scratch.data();
  if (compression == Compression::kGzip2 && bytes > 1) {
    const bool straight = bytes == 4 && !s.quantized && h == 1 &&
                          (s.to_integer || (stored == -32 && s.scale == 1 && s.zero == 0));
    if (straight) {
      unshuffle_32(from, count, reinterpret_cast<u32*>(place(0)));
      return AF_OK;
    }
    if (!shuffled.resize(count * bytes))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for a tile", {index, static_cast<i32>(tile)});
    unshuffle(from, count, bytes, shuffled.data());
    from = shuffled.data();
  }
  for (u64 y = 0; y < h; ++y)
    convert_big_endian(s, stored, from + y * w * bytes, static_cast<size_t>(w), place(y));
  return AF_OK;
}

// Four rows of a raw at once, straight into the plane. `*done_four` stays false when they want the general
// way.
AfStatus AfDecoding::decode_four(u64 tile, bool* done_four, AfError* error) {
  RiceTile tiles[4];
  HeapBytes cells[4];
  for (u64 k = 0; k < 4; ++k) {
    if (!heap_bytes(table, table.compressed, tile + k, &cells[k]))
      return bad_tile(error, "a tile that lies outside the file", tile + k, (tile + k) * table.row_bytes);
    if (cells[k].bytes == nullptr) return AF_OK;
    tiles[k] = {cells[k].bytes, cells[k].length, static_cast<i32*>(row(tile + k))};
  }
  u32 bad = 0;
  if (!rice_decode_four(tiles, rice_block, hdu->width, &bad))
    return bad_tile(error, "a RICE tile that cannot be decoded", tile + bad, cells[bad].offset);
  *done_four = true;
  return AF_OK;
}

AfStatus AfDecoding::step(u32 max_rows, AfError* error) {
  if (done) return AF_OK;
  const u64 height = hdu->height;
  u64 stop = next_row + (max_rows > 0 ? max_rows : 1);
  if (compression == Compression::kNone) {
    if (stop > height) stop = height;
    const size_t row_bytes = size_t{hdu->width} * bytes_of(scaling.bitpix);
    for (; next_row < stop; ++next_row)
      convert_big_endian(scaling, scaling.bitpix, hdu->data.data() + next_row * row_bytes, hdu->width,
                         row(next_row));
  }
  const bool whole_rows = compression == Compression::kRice && scaling.to_integer && rice_bytes == 4 &&
                          tiles_across == 1 && tile_height == 1;
  while (next_row < height && next_row < stop) {
    const u64 first = next_row / tile_height * tiles_across;
    if (whole_rows && next_row + 4 <= height) {
      bool done_four = false;
      const AfStatus status = decode_four(first, &done_four, error);
      if (status != AF_OK) return status;
      if (done_four) {
        next_row += 4;
        continue;
      }
    }
    for (u64 t = first; t < first + tiles_across; ++t) {
      const AfStatus status = decode_tile(t, error);
      if (status != AF_OK) return status;
    }
    next_row += tile_height;
  }
  if (next_row < height) return AF_MORE;
  done = true;
  scratch.release();
  shuffled.release();
  integers.release();
  return AF_OK;
}

extern "C" {

AfDecoding* af_decoding_new(const AfStream* stream, uint32_t hdu, int32_t form, AfError* error) {
  if (form != AF_FORM_WORKING) {
    fail(error, AF_INVALID_ARGUMENT, "no such form of pixels");
    return nullptr;
  }
  if (hdu >= stream->hdus.size()) {
    fail(error, AF_INVALID_ARGUMENT, "no such HDU");
    return nullptr;
  }
  AfDecoding* decoding = create<AfDecoding>();
  if (decoding == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for a decoding");
    return nullptr;
  }
  decoding->hdu = stream->hdus[hdu];
  decoding->index = static_cast<i32>(hdu);
  decoding->memory_limit = stream->options.memory_limit;
  if (decoding->start(error) != AF_OK) {
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
