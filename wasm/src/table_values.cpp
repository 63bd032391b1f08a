// The public routines that read tables into planes.
#include "pixels.h"
#include "table.h"

using namespace af;

struct AfTable {
  Table table;
  const HduRecord* record = nullptr;
  i32 hdu = 0;
  i64 header_offset = 0;
  i64 data_offset = 0;
  u64 memory_limit = 0;

  // Null, and an error, for a column or row that is not there.
  const Column* at(u32 column, u64 rows_end, AfError* error) const;
  // A new plane for `count` elements in each of `rows` cells; null without an error when that is nothing.
  AfStatus new_plane(const Column& column, u64 count, u64 rows, AfPlane** out, AfError* error) const;
  AfStatus bad_descriptor(const Column& column, u64 row, AfError* error) const;
};

const Column* AfTable::at(u32 column, u64 rows_end, AfError* error) const {
  if (require_data(*record, hdu, error) != AF_OK) return nullptr;
  if (column < table.columns.size() && rows_end <= table.rows) return &table.columns[column];
  fail(error, AF_INVALID_ARGUMENT, column < table.columns.size() ? "no such row" : "no such column", {hdu});
  return nullptr;
}

AfStatus AfTable::new_plane(const Column& column, u64 count, u64 rows, AfPlane** out, AfError* error) const {
  *out = nullptr;
  const u64 width = numbers_in(column, count);
  u64 bytes = 0;
  if (!multiply(width, rows, &bytes) || !multiply(bytes, bytes_of_plane_type(column.physical), &bytes) ||
      bytes > memory_limit || width > std::numeric_limits<u32>::max())
    return fail(error, AF_LIMIT, "values larger than the memory limit: read fewer rows at once",
                {hdu, -1, header_offset, ""});
  if (bytes == 0) return AF_OK;
  *out = af_plane_new(column.physical, static_cast<u32>(width), static_cast<u32>(rows));
  return *out != nullptr ? AF_OK : fail(error, AF_OUT_OF_MEMORY, "no memory for the values of a table", {hdu});
}

AfStatus AfTable::bad_descriptor(const Column& column, u64 row, AfError* error) const {
  const i64 at = data_offset + static_cast<i64>(row * table.row_bytes + column.offset);
  const u32 field = static_cast<u32>(&column - table.columns.data()) + 1;
  return fail(error, AF_MALFORMED, "a cell that lies outside the heap",
              {hdu, -1, at, IndexedKeyword("TFORM", field).text});
}

extern "C" {

AfTable* af_table_new(const AfStream* stream, uint32_t hdu, AfError* error) {
  const HduRecord* record = stream->find(hdu, error);
  if (record == nullptr) return nullptr;
  AfTable* table = create<AfTable>();
  if (table == nullptr) {
    fail(error, AF_OUT_OF_MEMORY, "no memory for a table");
    return nullptr;
  }
  table->record = record;
  table->hdu = static_cast<i32>(hdu);
  table->header_offset = static_cast<i64>(record->header_offset);
  table->data_offset = static_cast<i64>(record->data_offset);
  table->memory_limit = stream->options.memory_limit;
  if (table->table.open(*record, table->hdu, error) != AF_OK) {
    destroy(table);
    return nullptr;
  }
  return table;
}

uint32_t af_table_rows(const AfTable* table) { return static_cast<u32>(table->table.rows); }

uint32_t af_table_column_count(const AfTable* table) { return static_cast<u32>(table->table.columns.size()); }

AfStatus af_table_column(const AfTable* table, uint32_t index, AfColumn* column, AfError* error) {
  const Column* c = table->at(index, 0, error);
  if (c == nullptr) return AF_INVALID_ARGUMENT;
  *column = {c->name.data,
             static_cast<u32>(c->name.length),
             c->unit.data,
             static_cast<u32>(c->unit.length),
             c->type,
             c->pointer,
             c->physical,
             c->pointer != 0 ? 0 : static_cast<u32>(numbers_in(*c, c->repeat)),
             table->table.dimensions.data() + c->first_dimension,
             c->dimensions,
             c->has_null ? 1 : 0,
             0,
             c->scale,
             c->zero,
             c->null};
  return AF_OK;
}

AfStatus af_table_values(const AfTable* table, uint32_t column, uint32_t first_row, uint32_t rows,
                         AfPlane** values, AfError* error) {
  const Column* c = table->at(column, u64{first_row} + rows, error);
  if (c == nullptr) return AF_INVALID_ARGUMENT;
  if (c->pointer != 0)
    return fail(error, AF_INVALID_ARGUMENT, "a variable-length column is read cell by cell", {table->hdu});
  const AfStatus status = table->new_plane(*c, c->repeat, rows, values, error);
  if (*values == nullptr) return status;
  const size_t row_bytes = size_t{(*values)->width} * bytes_of_plane_type(c->physical);
  const u8* from = table->table.data + first_row * table->table.row_bytes + c->offset;
  u8* to = static_cast<u8*>((*values)->data);
  for (u32 row = 0; row < rows; ++row, from += table->table.row_bytes, to += row_bytes)
    read_physical(*c, from, c->repeat, to);
  return AF_OK;
}

AfStatus af_table_cell(const AfTable* table, uint32_t column, uint32_t row, AfPlane** values, AfError* error) {
  const Column* c = table->at(column, u64{row} + 1, error);
  if (c == nullptr) return AF_INVALID_ARGUMENT;
  Cell cell;
  if (!table->table.cell(*c, row, &cell)) return table->bad_descriptor(*c, row, error);
  const AfStatus status = table->new_plane(*c, cell.count, 1, values, error);
  if (*values != nullptr) read_physical(*c, cell.bytes, cell.count, (*values)->data);
  return status;
}

AfStatus af_table_check(const AfTable* table, AfError* error) {
  const Table& t = table->table;
  u64 bytes = 0;
  for (const Column& column : t.columns) bytes += column.bytes;
  if (bytes != t.row_bytes)
    return fail(error, AF_MALFORMED, "the columns are narrower than a row",
                {table->hdu, -1, table->header_offset, "NAXIS1"});
  for (const Column& column : t.columns) {
    if (column.pointer == 0) continue;
    Cell cell;
    for (u64 row = 0; row < t.rows; ++row)
      if (!t.cell(column, row, &cell)) return table->bad_descriptor(column, row, error);
  }
  return AF_OK;
}

void af_table_free(AfTable* table) { destroy(table); }

}  // extern "C"
