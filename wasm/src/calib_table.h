// The binary tables in which the Science Pipelines keep calibrations that are not images.
#ifndef ASTRO_FITS_CALIB_TABLE_H_
#define ASTRO_FITS_CALIB_TABLE_H_

#include "table.h"

namespace af {

// The nth table of a file, counted from 0. `hdu` and `header` are null when the file has fewer.
struct CalibTable {
  Table table;
  const Header* header = nullptr;
  i32 hdu = -1;
};
AfStatus open_calib_table(const AfStream& stream, u32 nth, CalibTable* out, AfError* error);

// Appends the numbers of one cell, or of all cells of a column. `most` bounds what is appended.
AfStatus append_numbers(const CalibTable& from, const Column& column, u64 row, u64 most, Array<double>* out,
                        AfError* error);
AfStatus append_column(const CalibTable& from, const Column& column, u64 most, Array<double>* out,
                       AfError* error);
// Of a column of characters; empty without any.
Text text_cell(const CalibTable& from, const Column& column, u64 row);

}  // namespace af

#endif  // ASTRO_FITS_CALIB_TABLE_H_
