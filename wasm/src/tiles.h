// The binary table that holds the tiles of a compressed image.
#ifndef ASTRO_FITS_TILES_H_
#define ASTRO_FITS_TILES_H_

#include "stream.h"

namespace af {

struct TableColumn {
  bool present = false;
  char type = 0;     // the letter of TFORM; of variable-length columns that of the elements
  char pointer = 0;  // 'P' or 'Q' for variable-length columns
  u64 offset = 0;    // in the row
};

struct TileTable {
  const u8* data = nullptr;
  u64 size = 0;  // of the data with the heap
  u64 row_bytes = 0;
  u64 rows = 0;
  u64 heap = 0;  // offset of the heap
  TableColumn compressed, gzipped, plain, scale, zero, blank;
};

// What one cell of a variable-length column points at. `bytes` null means an empty cell.
struct HeapBytes {
  const u8* bytes = nullptr;
  size_t length = 0;
  u64 offset = 0;  // in the data
};

AfStatus read_tile_table(const HduRecord& hdu, i32 index, TileTable* table, AfError* error);
// False when the descriptor points outside the heap.
bool heap_bytes(const TileTable& table, const TableColumn& column, u64 row, HeapBytes* out);
double cell_real(const TileTable& table, const TableColumn& column, u64 row);

}  // namespace af

#endif  // ASTRO_FITS_TILES_H_
