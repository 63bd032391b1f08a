// Reference: FITS standard 4.0, sections 7.3 (binary tables), 7.3.5 (variable-length arrays), 10.1 (tiled
// images).
#include "tiles.h"

namespace af {
namespace {

u64 element_bytes(char type) {
  switch (type) {
    case 'L':
    case 'B':
    case 'A':
    case 'X':
      return 1;
    case 'I':
      return 2;
    case 'J':
    case 'E':
      return 4;
    case 'K':
    case 'D':
    case 'C':
    case 'P':
      return 8;
    case 'M':
    case 'Q':
      return 16;
    default:
      return 0;
  }
}

// Parses a TFORM such as "1PB(1234)" or "8A". False when it is none.
bool parse_form(const char* text, size_t length, u64* width, TableColumn* column) {
  size_t i = 0;
  u64 repeat = 0;
  bool counted = false;
  for (; i < length && text[i] >= '0' && text[i] <= '9'; ++i) {
    repeat = repeat * 10 + static_cast<u64>(text[i] - '0');
    if (repeat > (u64{1} << 40)) return false;
    counted = true;
  }
  if (!counted) repeat = 1;
  if (i == length || element_bytes(text[i]) == 0) return false;
  column->type = text[i];
  if (text[i] == 'P' || text[i] == 'Q') {
    if (repeat > 1 || i + 1 == length || element_bytes(text[i + 1]) == 0) return false;
    column->pointer = text[i];
    column->type = text[i + 1];
  }
  *width = text[i] == 'X' ? (repeat + 7) / 8 : repeat * element_bytes(text[i]);
  return true;
}

TableColumn* column_named(TileTable* table, const Header& h, const char* keyword) {
  if (h.text_is(keyword, "COMPRESSED_DATA")) return &table->compressed;
  if (h.text_is(keyword, "GZIP_COMPRESSED_DATA")) return &table->gzipped;
  if (h.text_is(keyword, "UNCOMPRESSED_DATA")) return &table->plain;
  if (h.text_is(keyword, "ZSCALE")) return &table->scale;
  if (h.text_is(keyword, "ZZERO")) return &table->zero;
  if (h.text_is(keyword, "ZBLANK")) return &table->blank;
  return nullptr;
}

}  // namespace

AfStatus read_tile_table(const HduRecord& hdu, i32 index, TileTable* table, AfError* error) {
  const Header& h = hdu.header;
  const i64 at = static_cast<i64>(hdu.header_offset);
  i64 row_bytes = 0, rows = 0, fields = 0, heap = 0;
  h.integer("NAXIS1", &row_bytes);
  h.integer("NAXIS2", &rows);
  if (!h.integer("TFIELDS", &fields) || fields < 0 || fields > 999)
    return fail(error, AF_MALFORMED, "TFIELDS is missing or impossible", {index, -1, at, "TFIELDS"});
  u64 table_bytes = 0;
  if (row_bytes < 0 || rows < 0 ||
      !multiply(static_cast<u64>(row_bytes), static_cast<u64>(rows), &table_bytes) ||
      table_bytes > hdu.data_size)
    return fail(error, AF_MALFORMED, "the table is larger than its data", {index, -1, at, "NAXIS1"});
  table->data = hdu.data.data();
  table->size = hdu.data_size;
  table->row_bytes = static_cast<u64>(row_bytes);
  table->rows = static_cast<u64>(rows);
  table->heap = table_bytes;
  if (h.integer("THEAP", &heap)) {
    if (heap < 0 || static_cast<u64>(heap) < table_bytes || static_cast<u64>(heap) > hdu.data_size)
      return fail(error, AF_MALFORMED, "THEAP points outside the data", {index, -1, at, "THEAP"});
    table->heap = static_cast<u64>(heap);
  }
  u64 offset = 0;
  for (u32 field = 1; field <= static_cast<u32>(fields); ++field) {
    const IndexedKeyword form("TFORM", field);
    const AfCard* card = h.find(form.text);
    TableColumn column;
    u64 width = 0;
    if (card == nullptr || card->type != AF_CARD_TEXT ||
        !parse_form(h.text.data() + card->text, card->text_length, &width, &column))
      return fail(error, AF_MALFORMED, "the form of a column is missing or wrong",
                  {index, -1, at, form.text});
    column.present = true;
    column.offset = offset;
    offset += width;
    if (offset > table->row_bytes)
      return fail(error, AF_MALFORMED, "the columns are wider than a row", {index, -1, at, form.text});
    TableColumn* wanted = column_named(table, h, IndexedKeyword("TTYPE", field).text);
    if (wanted == nullptr) continue;
    const bool variable =
        wanted == &table->compressed || wanted == &table->gzipped || wanted == &table->plain;
    const bool real = wanted == &table->scale || wanted == &table->zero;
    const bool right = variable ? column.pointer != 0
                       : real   ? column.type == 'D' || column.type == 'E'
                                : column.type == 'J' || column.type == 'I';
    if (!right || width == 0)
      return fail(error, AF_MALFORMED, "a column of the tile table has the wrong type",
                  {index, -1, at, form.text});
    *wanted = column;
  }
  if (!table->compressed.present && !table->gzipped.present && !table->plain.present)
    return fail(error, AF_MALFORMED, "a compressed image without a column of tiles",
                {index, -1, at, "TTYPE1"});
  return AF_OK;
}

bool heap_bytes(const TileTable& table, const TableColumn& column, u64 row, HeapBytes* out) {
  *out = HeapBytes{};
  if (!column.present) return true;
  const u8* cell = table.data + row * table.row_bytes + column.offset;
  const u64 count = column.pointer == 'P' ? load_be32(cell) : load_be64(cell);
  const u64 offset = column.pointer == 'P' ? load_be32(cell + 4) : load_be64(cell + 8);
  if (count == 0) return true;
  const u64 room = table.size - table.heap;
  u64 bytes = 0;
  if (!multiply(count, element_bytes(column.type), &bytes) || bytes > room || offset > room - bytes)
    return false;
  out->offset = table.heap + offset;
  out->bytes = table.data + out->offset;
  out->length = static_cast<size_t>(bytes);
  return true;
}

double cell_real(const TileTable& table, const TableColumn& column, u64 row) {
  const u8* cell = table.data + row * table.row_bytes + column.offset;
  switch (column.type) {
    case 'D':
      return std::bit_cast<double>(load_be64(cell));
    case 'E':
      return std::bit_cast<float>(load_be32(cell));
    case 'J':
      return static_cast<i32>(load_be32(cell));
    default:
      return static_cast<i16>(load_be16(cell));
  }
}

}  // namespace af
