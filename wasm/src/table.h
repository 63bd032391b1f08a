// Binary tables: columns, cells, and their physical values.
#ifndef ASTRO_FITS_TABLE_H_
#define ASTRO_FITS_TABLE_H_

#include "stream.h"

namespace af {

// A piece of the header or of a cell, not zero-terminated.
struct Text {
  const char* data = nullptr;
  size_t length = 0;
  bool is(const char* wanted) const {
    return std::strlen(wanted) == length && std::memcmp(data, wanted, length) == 0;
  }
};

struct Column {
  Text name, unit;
  char type = 0;     // the letter of TFORM; of variable-length columns that of the elements
  char pointer = 0;  // 'P' or 'Q' for variable-length columns
  u64 repeat = 0;    // elements of a cell (bits of X, characters of A); of variable-length columns 1
  u64 offset = 0;    // in the row
  u64 bytes = 0;     // of the cell in the row
  double scale = 1, zero = 0;
  bool has_null = false;
  i64 null = 0;
  AfPlaneType physical = AF_U8;             // of the values as AfColumn states them
  u32 first_dimension = 0, dimensions = 0;  // in Table::dimensions
};

// What one cell holds: `count` elements of the column's type, big-endian. `bytes` is null when there is none.
struct Cell {
  const u8* bytes = nullptr;
  u64 count = 0;
};

struct Table {
  // The HDU must be complete and outlive the table. Columns that overlap or reach outside are refused here.
  AfStatus open(const HduRecord& hdu, i32 index, AfError* error);
  // The first column of that name in any case, as section 7.3.2 wants; null when there is none.
  const Column* find(const char* name) const;
  // Fixed or variable-length. False when the descriptor points outside the heap. `row` < rows.
  [[nodiscard]] bool cell(const Column& column, u64 row, Cell* out) const;

  Array<Column> columns;
  Array<u32> dimensions;  // of all columns' TDIM
  const u8* data = nullptr;
  u64 size = 0;  // of the data with the heap
  u64 rows = 0, row_bytes = 0;
  u64 heap = 0;  // offset of the heap
};

// The bytes of `count` elements, which must be those of a cell.
u64 bytes_in(const Column& column, u64 count);
// How many numbers the physical values of `count` elements are: two for a complex one.
inline u64 numbers_in(const Column& column, u64 count) {
  return column.type == 'C' || column.type == 'M' ? 2 * count : count;
}

// Writes the physical values of `count` elements as numbers_in(...) numbers of the type `column.physical`.
void read_physical(const Column& column, const u8* from, u64 count, void* to);
// One number of the cell as float64: characters, bits and logicals as numbers, complex as pairs, undefined
// integers as NaN. `i` < numbers_in(...).
double real_at(const Column& column, const Cell& cell, u64 i);
// Of a column of characters: up to a zero byte, without the blanks behind.
Text text_of(const Cell& cell);

}  // namespace af

#endif  // ASTRO_FITS_TABLE_H_
