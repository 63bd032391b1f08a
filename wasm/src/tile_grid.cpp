// Reference: FITS standard 4.0, section 10.1.
#include "tile_grid.h"

namespace af {

AfStatus TileGrid::read(const HduRecord& hdu, i32 index, AfError* error) {
  const Header& h = hdu.header;
  const i64 at = static_cast<i64>(hdu.header_offset);
  i64 axes = 0;
  h.integer("ZNAXIS", &axes);
  tiles_ = 1;
  one_row_each_ = true;
  for (u32 n = 1; n <= static_cast<u32>(axes); ++n) {
    const IndexedKeyword size("ZNAXIS", n), tile("ZTILE", n);
    // Without ZTILEn tiles are rows.
    i64 length = 0;
    h.integer(size.text, &length);
    i64 extent = n == 1 ? length : 1;
    h.integer(tile.text, &extent);
    if (extent < 1) return fail(error, AF_MALFORMED, "tiles without pixels", {index, -1, at, tile.text});
    if (extent > length) extent = length;
    // Axes of one pixel change nothing but the cost.
    if (n > 1 && length == 1) continue;
    const u64 count = (static_cast<u64>(length) + static_cast<u64>(extent) - 1) / static_cast<u64>(extent);
    if (!axes_.push({static_cast<u64>(length), static_cast<u64>(extent), count, 0, 0}))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for the tiles", {index});
    tiles_ *= count;  // at most the number of pixels, which fits
    one_row_each_ = one_row_each_ && (n == 1 ? count == 1 : extent == 1);
  }
  return AF_OK;
}

void TileGrid::select(u64 tile) {
  rows_ = 1;
  for (size_t n = 0; n < axes_.size(); ++n) {
    Axis& axis = axes_[n];
    axis.first = tile % axis.count * axis.tile;
    tile /= axis.count;
    const u64 room = axis.length - axis.first;
    axis.extent = axis.tile < room ? axis.tile : room;
    if (n > 0) rows_ *= axis.extent;
  }
  x_ = axes_[0].first;
  width_ = axes_[0].extent;
}

u64 TileGrid::plane_row(u64 r) const {
  u64 row = 0, stride = 1;
  for (size_t n = 1; n < axes_.size(); ++n) {
    const Axis& axis = axes_[n];
    row += (axis.first + r % axis.extent) * stride;
    r /= axis.extent;
    stride *= axis.length;
  }
  return row;
}

}  // namespace af
