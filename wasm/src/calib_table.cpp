#include "calib_table.h"

namespace af {

AfStatus open_calib_table(const AfStream& stream, u32 nth, CalibTable* out, AfError* error) {
  for (size_t i = 0; i < stream.hdus.size(); ++i) {
    const HduRecord& hdu = *stream.hdus[i];
    if (hdu.kind != AF_HDU_BINTABLE || nth-- > 0) continue;
    out->header = &hdu.header;
    out->hdu = static_cast<i32>(i);
    return out->table.open(hdu, out->hdu, error);
  }
  return AF_OK;
}

AfStatus append_numbers(const CalibTable& from, const Column& column, u64 row, u64 most, Array<double>* out,
                        AfError* error) {
  Cell cell;
  if (!from.table.cell(column, row, &cell))
    return fail(error, AF_MALFORMED, "a cell points outside the heap", {from.hdu});
  const u64 count = cell.bytes == nullptr ? 0 : numbers_in(column, cell.count);
  if (count > most) return fail(error, AF_LIMIT, "more numbers than such a calibration can have", {from.hdu});
  if (!out->reserve(out->size() + static_cast<size_t>(count)))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for a calibration", {from.hdu});
  for (u64 i = 0; i < count; ++i) (void)out->push(real_at(column, cell, i));
  return AF_OK;
}

AfStatus append_column(const CalibTable& from, const Column& column, u64 most, Array<double>* out,
                       AfError* error) {
  if (column.bytes == 0) return AF_OK;  // a table without width may claim any number of rows
  const size_t first = out->size();
  for (u64 row = 0; row < from.table.rows; ++row) {
    const u64 room = most - (out->size() - first);
    if (const AfStatus status = append_numbers(from, column, row, room, out, error); status != AF_OK)
      return status;
  }
  return AF_OK;
}

Text text_cell(const CalibTable& from, const Column& column, u64 row) {
  Cell cell;
  if (column.type != 'A' || !from.table.cell(column, row, &cell) || cell.bytes == nullptr) return {};
  return text_of(cell);
}

}  // namespace af
