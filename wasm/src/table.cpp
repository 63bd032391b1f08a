// Reference: FITS standard 4.0, section 7.3 (binary tables), 7.3.5 (variable-length arrays), table 19
// (unsigned integers by TZERO).
#include "table.h"

namespace af {
namespace {

constexpr u64 kMaxRepeat = std::numeric_limits<i32>::max();
constexpr u32 kMaxFields = 999;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// The bytes of `count` elements; false for a letter that is none, or on overflow.
bool bytes_of(char type, u64 count, u64* bytes) {
  switch (type) {
    case 'X':
      *bytes = count / 8 + (count % 8 != 0 ? 1 : 0);
      return true;
    case 'L':
    case 'B':
    case 'A':
      *bytes = count;
      return true;
    case 'I':
      return multiply(count, 2, bytes);
    case 'J':
    case 'E':
      return multiply(count, 4, bytes);
    case 'K':
    case 'D':
    case 'C':
      return multiply(count, 8, bytes);
    case 'M':
      return multiply(count, 16, bytes);
    default:
      return false;
  }
}

// Decimal digits at `*i`; false when there are none or when they exceed `most`.
bool parse_count(Text text, size_t* i, u64 most, u64* out) {
  const size_t first = *i;
  *out = 0;
  for (; *i < text.length && is_digit(text.data[*i]); ++*i) {
    *out = *out * 10 + static_cast<u64>(text.data[*i] - '0');
    if (*out > most) return false;
  }
  return *i > first;
}

// Such as "1PB(1234)", "8A" or "D". What follows the letters is for the writer's own use.
bool parse_form(Text text, Column* column) {
  size_t i = 0;
  while (i < text.length && text.data[i] == ' ') ++i;
  column->repeat = 1;
  if (i < text.length && is_digit(text.data[i]) && !parse_count(text, &i, kMaxRepeat, &column->repeat))
    return false;
  if (i == text.length) return false;
  column->type = upper(text.data[i]);
  if (column->type != 'P' && column->type != 'Q')
    return bytes_of(column->type, column->repeat, &column->bytes);
  const char pointer = column->type;
  column->type = i + 1 < text.length ? upper(text.data[i + 1]) : '\0';
  u64 unused = 0;
  if (column->repeat > 1 || !bytes_of(column->type, 1, &unused)) return false;
  if (column->repeat == 0) return true;  // without descriptors: a column of empty cells
  column->pointer = pointer;
  column->bytes = pointer == 'P' ? 8 : 16;
  return true;
}

// Such as "(3,4)". What cannot be the shape of a cell is as if it were absent, as the other readers take it.
bool parse_dimensions(Text text, Column* column, Array<u32>* dimensions) {
  const size_t first = dimensions->size();
  u64 product = 1;
  size_t i = 0;
  while (i < text.length && text.data[i] == ' ') ++i;
  bool good = i < text.length && text.data[i] == '(';
  bool closed = false;
  while (good && !closed) {
    ++i;
    while (i < text.length && text.data[i] == ' ') ++i;
    u64 length = 0;
    good = parse_count(text, &i, kMaxRepeat, &length) && multiply(product, length, &product) &&
           product <= column->repeat;
    while (i < text.length && text.data[i] == ' ') ++i;
    closed = i < text.length && text.data[i] == ')';
    good = good && i < text.length && (closed || text.data[i] == ',');
    if (good && !dimensions->push(static_cast<u32>(length))) return false;
  }
  if (!good || column->pointer != 0) return dimensions->resize(first);
  column->first_dimension = static_cast<u32>(first);
  column->dimensions = static_cast<u32>(dimensions->size() - first);
  return true;
}

AfPlaneType physical_type(const Column& c) {
  const bool plain = c.scale == 1 && c.zero == 0;
  switch (c.type) {
    case 'B':
      return plain ? AF_U8 : c.scale == 1 && c.zero == -128 ? AF_I8 : AF_F64;
    case 'I':
      return plain ? AF_I16 : c.scale == 1 && c.zero == 32768 ? AF_U16 : AF_F64;
    case 'J':
      return plain ? AF_I32 : c.scale == 1 && c.zero == 2147483648.0 ? AF_U32 : AF_F64;
    case 'K':
      return plain ? AF_I64 : c.scale == 1 && c.zero == 9223372036854775808.0 ? AF_U64 : AF_F64;
    case 'E':
    case 'C':
      return plain ? AF_F32 : AF_F64;
    case 'D':
    case 'M':
      return AF_F64;
    default:
      return AF_U8;
  }
}

// The cards that describe columns, in one pass: a look-up for each of 999 columns would be quadratic.
struct ColumnCards {
  const AfCard *type = nullptr, *form = nullptr, *unit = nullptr, *scale = nullptr, *zero = nullptr,
               *null = nullptr, *shape = nullptr;
};

const AfCard** slot_of(Text keyword, u32 fields, Array<ColumnCards>* columns) {
  size_t i = 0;
  while (i < keyword.length && !is_digit(keyword.data[i])) ++i;
  const Text stem{keyword.data, i};
  u64 field = 0;
  if (!parse_count(keyword, &i, fields, &field) || i != keyword.length || field == 0) return nullptr;
  ColumnCards& c = (*columns)[static_cast<size_t>(field - 1)];
  if (stem.is("TFORM")) return &c.form;
  if (stem.is("TTYPE")) return &c.type;
  if (stem.is("TUNIT")) return &c.unit;
  if (stem.is("TSCAL")) return &c.scale;
  if (stem.is("TZERO")) return &c.zero;
  if (stem.is("TNULL")) return &c.null;
  if (stem.is("TDIM")) return &c.shape;
  return nullptr;
}

bool gather(const Header& h, u32 fields, Array<ColumnCards>* columns) {
  if (!columns->resize(fields)) return false;
  for (ColumnCards& c : *columns) c = {};
  for (const AfCard& card : h.cards) {
    const Text keyword{h.text.data() + card.keyword, card.keyword_length};
    if (keyword.length < 5 || keyword.data[0] != 'T') continue;
    const AfCard** slot = slot_of(keyword, fields, columns);
    if (slot != nullptr && *slot == nullptr) *slot = &card;
  }
  return true;
}

Text text_value(const Header& h, const AfCard* card) {
  if (card == nullptr || card->type != AF_CARD_TEXT) return {};
  return {h.text.data() + card->text, card->text_length};
}
double real_value(const AfCard* card, double otherwise) {
  const bool number = card != nullptr && (card->type == AF_CARD_INTEGER || card->type == AF_CARD_REAL);
  return number ? card->real : otherwise;
}

i64 stored_integer(char type, const u8* p) {
  switch (type) {
    case 'I':
      return static_cast<i16>(load_be16(p));
    case 'J':
      return static_cast<i32>(load_be32(p));
    case 'K':
      return static_cast<i64>(load_be64(p));
    default:
      return *p;
  }
}

double stored_real(char type, const u8* p) {
  return type == 'E' || type == 'C' ? static_cast<double>(std::bit_cast<float>(load_be32(p)))
                                    : std::bit_cast<double>(load_be64(p));
}

bool is_real(char type) { return type == 'E' || type == 'D' || type == 'C' || type == 'M'; }
size_t bytes_of_number(char type) {
  u64 bytes = 1;
  bytes_of(type == 'C' ? 'E' : type == 'M' ? 'D' : type, 1, &bytes);
  return static_cast<size_t>(bytes);
}

u8 bit_at(const u8* from, u64 i) { return from[i / 8] >> (7 - i % 8) & 1; }
// Some versions of astropy wrote 1 for T in variable-length columns.
u8 logical(u8 stored) { return stored == 'T' || stored == 1 ? 1 : stored == 0 ? 255 : 0; }

// stored * scale, then + zero, each rounded in float64. An undefined integer is NaN.
double scaled(const Column& c, const u8* p) {
  double value = 0;
  if (is_real(c.type)) {
    value = stored_real(c.type, p);
  } else {
    const i64 stored = stored_integer(c.type, p);
    if (c.has_null && stored == c.null) return std::numeric_limits<double>::quiet_NaN();
    value = static_cast<double>(stored);
  }
  if (c.scale != 1) value *= c.scale;
  if (c.zero != 0) value += c.zero;
  // WebAssembly leaves the sign and the payload of a computed NaN open; every host is to get equal bits.
  return value == value ? value : std::numeric_limits<double>::quiet_NaN();
}

template <class To, class F>
void fill(void* to, u64 count, F value) {
  To* const out = static_cast<To*>(to);
  for (u64 i = 0; i < count; ++i) out[i] = value(i);
}

}  // namespace

AfStatus Table::open(const HduRecord& hdu, i32 index, AfError* error) {
  const Header& h = hdu.header;
  const i64 at = static_cast<i64>(hdu.header_offset);
  if (hdu.kind != AF_HDU_BINTABLE && hdu.kind != AF_HDU_COMPRESSED_IMAGE)
    return fail(error, AF_UNSUPPORTED, "the HDU is no binary table", {index, -1, at, "XTENSION"});
  if (require_data(hdu, index, error) != AF_OK) return AF_INVALID_ARGUMENT;
  i64 axes = 0, width = 0, height = 0, fields = 0, heap_at = 0;
  h.integer("NAXIS", &axes);
  if (axes != 2) return fail(error, AF_MALFORMED, "a table without two axes", {index, -1, at, "NAXIS"});
  h.integer("NAXIS1", &width);
  h.integer("NAXIS2", &height);
  if (!h.integer("TFIELDS", &fields) || fields < 0 || fields > kMaxFields)
    return fail(error, AF_MALFORMED, "TFIELDS is missing or impossible", {index, -1, at, "TFIELDS"});
  u64 bytes = 0;
  if (width < 0 || height < 0 || !multiply(static_cast<u64>(width), static_cast<u64>(height), &bytes) ||
      bytes > hdu.data_size)
    return fail(error, AF_MALFORMED, "the table is larger than its data", {index, -1, at, "NAXIS1"});
  if (height > std::numeric_limits<i32>::max())
    return fail(error, AF_LIMIT, "a table of more rows than are read", {index, -1, at, "NAXIS2"});
  data = hdu.data.data();
  size = hdu.data_size;
  row_bytes = static_cast<u64>(width);
  rows = static_cast<u64>(height);
  heap = bytes;
  if (h.integer("THEAP", &heap_at)) {
    if (heap_at < 0 || static_cast<u64>(heap_at) < bytes || static_cast<u64>(heap_at) > size)
      return fail(error, AF_MALFORMED, "THEAP points outside the data", {index, -1, at, "THEAP"});
    heap = static_cast<u64>(heap_at);
  }

  Array<ColumnCards> cards;
  if (!gather(h, static_cast<u32>(fields), &cards))
    return fail(error, AF_OUT_OF_MEMORY, "no memory for a table", {index});
  u64 offset = 0;
  for (u32 field = 0; field < static_cast<u32>(fields); ++field) {
    const ColumnCards& c = cards[field];
    const IndexedKeyword form("TFORM", field + 1);
    Column column;
    if (!parse_form(text_value(h, c.form), &column))
      return fail(error, AF_MALFORMED, "the form of a column is missing or wrong",
                  {index, -1, at, form.text});
    column.offset = offset;
    offset += column.bytes;
    if (offset > row_bytes)
      return fail(error, AF_MALFORMED, "the columns are wider than a row", {index, -1, at, form.text});
    column.name = text_value(h, c.type);
    column.unit = text_value(h, c.unit);
    column.scale = real_value(c.scale, 1);
    column.zero = real_value(c.zero, 0);
    column.has_null = c.null != nullptr && c.null->type == AF_CARD_INTEGER;
    column.null = column.has_null ? c.null->integer : 0;
    column.physical = physical_type(column);
    const Text shape = text_value(h, c.shape);
    if ((shape.length > 0 && !parse_dimensions(shape, &column, &dimensions)) || !columns.push(column))
      return fail(error, AF_OUT_OF_MEMORY, "no memory for a table", {index});
  }
  return AF_OK;
}

const Column* Table::find(const char* name) const {
  const size_t length = std::strlen(name);
  for (const Column& column : columns) {
    if (column.name.length != length) continue;
    size_t i = 0;
    while (i < length && upper(column.name.data[i]) == upper(name[i])) ++i;
    if (i == length) return &column;
  }
  return nullptr;
}

bool Table::cell(const Column& column, u64 row, Cell* out) const {
  *out = Cell{};
  if (column.bytes == 0) return true;
  const u8* const at = data + row * row_bytes + column.offset;
  if (column.pointer == 0) {
    *out = Cell{at, column.repeat};
    return true;
  }
  const bool wide = column.pointer == 'Q';
  const u64 count = wide ? load_be64(at) : load_be32(at);
  const u64 offset = wide ? load_be64(at + 8) : load_be32(at + 4);
  if (count == 0) return true;
  const u64 room = size - heap;
  u64 bytes = 0;
  if (!bytes_of(column.type, count, &bytes) || bytes > room || offset > room - bytes) return false;
  *out = Cell{data + heap + offset, count};
  return true;
}

u64 bytes_in(const Column& c, u64 count) {
  u64 bytes = 0;
  bytes_of(c.type, count, &bytes);
  return bytes;
}

void read_physical(const Column& c, const u8* from, u64 count, void* to) {
  const u64 n = numbers_in(c, count);
  const size_t step = bytes_of_number(c.type);
  switch (c.physical) {
    case AF_U8:
      if (c.type == 'X') return fill<u8>(to, n, [=](u64 i) { return bit_at(from, i); });
      if (c.type == 'L') return fill<u8>(to, n, [=](u64 i) { return logical(from[i]); });
      if (n > 0) std::memcpy(to, from, static_cast<size_t>(n));
      return;
    case AF_I8:
      return fill<u8>(to, n, [=](u64 i) -> u8 { return from[i] ^ 0x80; });
    case AF_I16:
      return fill<u16>(to, n, [=](u64 i) { return load_be16(from + 2 * i); });
    case AF_U16:
      return fill<u16>(to, n, [=](u64 i) -> u16 { return load_be16(from + 2 * i) ^ 0x8000; });
    case AF_I32:
    case AF_F32:
      return fill<u32>(to, n, [=](u64 i) { return load_be32(from + 4 * i); });
    case AF_U32:
      return fill<u32>(to, n, [=](u64 i) { return load_be32(from + 4 * i) ^ 0x80000000; });
    case AF_I64:
      return fill<u64>(to, n, [=](u64 i) { return load_be64(from + 8 * i); });
    case AF_U64:
      return fill<u64>(to, n, [=](u64 i) { return load_be64(from + 8 * i) ^ u64 { 1 } << 63; });
    case AF_F64:
      if ((c.type == 'D' || c.type == 'M') && c.scale == 1 && c.zero == 0)
        return fill<u64>(to, n, [=](u64 i) { return load_be64(from + 8 * i); });
      return fill<double>(to, n, [=, &c](u64 i) { return scaled(c, from + step * i); });
  }
}

double real_at(const Column& c, const Cell& cell, u64 i) {
  if (c.type == 'X') return bit_at(cell.bytes, i);
  if (c.type == 'L') return logical(cell.bytes[i]);
  return scaled(c, cell.bytes + bytes_of_number(c.type) * i);
}

Text text_of(const Cell& cell) {
  const char* const text = reinterpret_cast<const char*>(cell.bytes);
  size_t length = 0;
  while (length < cell.count && text[length] != '\0') ++length;
  while (length > 0 && text[length - 1] == ' ') --length;
  return {text, length};
}

}  // namespace af
