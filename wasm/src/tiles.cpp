// Reference: FITS standard 4.0, section 10.1.3.
#include "tiles.h"

namespace af {
namespace {

bool holds_tiles(const Column* column) { return column == nullptr || column->pointer != 0; }
bool holds_numbers(const Column* column, const char* types) {
  return column == nullptr ||
         (column->pointer == 0 && column->repeat == 1 && std::strchr(types, column->type) != nullptr);
}

}  // namespace

AfStatus TileTable::open(const HduRecord& hdu, i32 index, AfError* error) {
  const i64 at = static_cast<i64>(hdu.header_offset);
  const AfStatus status = table.open(hdu, index, error);
  if (status != AF_OK) return status;
  compressed = table.find("COMPRESSED_DATA");
  gzipped = table.find("GZIP_COMPRESSED_DATA");
  plain = table.find("UNCOMPRESSED_DATA");
  scale = table.find("ZSCALE");
  zero = table.find("ZZERO");
  blank = table.find("ZBLANK");
  if (compressed == nullptr && gzipped == nullptr && plain == nullptr)
    return fail(error, AF_MALFORMED, "a compressed image without a column of tiles",
                {index, -1, at, "TTYPE1"});
  if (!holds_tiles(compressed) || !holds_tiles(gzipped) || !holds_tiles(plain) ||
      !holds_numbers(scale, "DE") || !holds_numbers(zero, "DE") || !holds_numbers(blank, "BIJ"))
    return fail(error, AF_MALFORMED, "a column of the tile table has the wrong type",
                {index, -1, at, "TFORM1"});
  if (table.find("NULL_PIXEL_MASK") != nullptr)
    return fail(error, AF_UNSUPPORTED, "masks of null pixels are not read", {index, -1, at, "ZMASKCMP"});
  return AF_OK;
}

bool TileTable::bytes_of(const Column* column, u64 row, HeapBytes* out) const {
  *out = HeapBytes{};
  if (column == nullptr) return true;
  Cell cell;
  if (!table.cell(*column, row, &cell)) return false;
  if (cell.bytes == nullptr || cell.count == 0) return true;
  *out = {cell.bytes, static_cast<size_t>(bytes_in(*column, cell.count)),
          static_cast<u64>(cell.bytes - table.data)};
  return true;
}

double TileTable::number(const Column& column, u64 row) const {
  Cell cell;
  return table.cell(column, row, &cell) ? real_at(column, cell, 0) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace af
