// Where the tiles of a compressed image lie in it.
#ifndef ASTRO_FITS_TILE_GRID_H_
#define ASTRO_FITS_TILE_GRID_H_

#include "stream.h"

namespace af {

// An image of any number of axes is stacked: a row of the plane is a row along the first axis, and the rows
// follow in the order of the file.
class TileGrid {
 public:
  // From ZNAXISn and ZTILEn of an HDU whose width and height are known.
  AfStatus read(const HduRecord& hdu, i32 index, AfError* error);
  u64 tiles() const { return tiles_; }

  // Moves to a tile below tiles().
  void select(u64 tile);
  // Of the selected tile, which at the image's edges is smaller than the others.
  u64 x() const { return x_; }
  u64 width() const { return width_; }
  u64 rows() const { return rows_; }
  // The row of the plane that the selected tile's row `r` is.
  u64 plane_row(u64 r) const;

  // Whether tile n is row n of the plane.
  bool one_row_each() const { return one_row_each_; }

 private:
  struct Axis {
    u64 length, tile, count;
    u64 first, extent;  // of the selected tile
  };
  Array<Axis> axes_;
  u64 tiles_ = 0;
  u64 x_ = 0, width_ = 0, rows_ = 0;
  bool one_row_each_ = false;
};

}  // namespace af

#endif  // ASTRO_FITS_TILE_GRID_H_
