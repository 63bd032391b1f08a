// The binary table that holds the tiles of a compressed image.
#ifndef ASTRO_FITS_TILES_H_
#define ASTRO_FITS_TILES_H_

#include "table.h"

namespace af {

// What one cell of a variable-length column points at. `bytes` null means an empty cell.
struct HeapBytes {
  const u8* bytes = nullptr;
  size_t length = 0;
  u64 offset = 0;  // in the HDU's data
};

struct TileTable {
  AfStatus open(const HduRecord& hdu, i32 index, AfError* error);
  // False when the descriptor points outside the heap. `column` may be null: an empty cell.
  [[nodiscard]] bool bytes_of(const Column* column, u64 row, HeapBytes* out) const;
  // Of a column of one number a row.
  double number(const Column& column, u64 row) const;
  u64 offset_of(u64 row) const { return row * table.row_bytes; }

  Table table;
  // Null when there is none.
  const Column *compressed = nullptr, *gzipped = nullptr, *plain = nullptr;
  const Column *scale = nullptr, *zero = nullptr, *blank = nullptr;
};

}  // namespace af

#endif  // ASTRO_FITS_TILES_H_
