// Files from planes: images (plain, RICE_1, GZIP_2) and binary tables (FITS standard 4.0,
// sections 4.4, 5.2.5, 7.3, 10).
#include <algorithm>
#include <cmath>

#include "card_text.h"
#include "deflate.h"
#include "header.h"
#include "number_text.h"
#include "rice_encode.h"

using namespace af;

namespace {

// How numbers of a plane are stored: big-endian, the unsigned ones with their highest bit turned over, which
// is what subtracting BZERO does.
struct Stored {
  u32 bytes;
  i32 bitpix;
  bool offset;
  char letter;  // of a table column
};

Stored stored_as(i32 type) {
  switch (type) {
    case AF_U8:
      return {1, 8, false, 'B'};
    case AF_I8:
      return {1, 8, true, 'B'};
    case AF_I16:
      return {2, 16, false, 'I'};
    case AF_U16:
      return {2, 16, true, 'I'};
    case AF_I32:
      return {4, 32, false, 'J'};
    case AF_U32:
      return {4, 32, true, 'J'};
    case AF_I64:
      return {8, 64, false, 'K'};
    case AF_U64:
      return {8, 64, true, 'K'};
    case AF_F32:
      return {4, -32, false, 'E'};
    case AF_F64:
      return {8, -64, false, 'D'};
    default:
      return {0, 0, false, 0};
  }
}

// Cards with the offset of an unsigned type; `scale` and `zero` are the keywords.
void offset_cards(const Stored& s, const char* scale, const char* zero, CardText* cards) {
  if (!s.offset) return;
  cards->integer(scale, 1);
  if (s.bytes == 1)
    cards->integer(zero, -128, "offset of signed bytes");
  else
    cards->unsigned_integer(zero, u64{1} << (8 * s.bytes - 1), "offset of unsigned integers");
}

void to_big_endian(const Stored& s, const u8* from, size_t count, u8* to) {
  const u8 turned = s.offset ? 0x80 : 0;
  for (size_t i = 0; i < count; ++i)
    for (u32 b = 0; b < s.bytes; ++b) {
      const u8 byte = from[i * s.bytes + (s.bytes - 1 - b)];
      to[i * s.bytes + b] = b == 0 ? byte ^ turned : byte;
    }
}

// The first bytes of all numbers, then the second ones, and so on.
void shuffle(const u8* from, size_t count, u32 bytes, u8* to) {
  for (u32 b = 0; b < bytes; ++b)
    for (size_t i = 0; i < count; ++i) to[b * count + i] = from[i * bytes + b];
}

void store_be32(u32 value, u8* to) {
  for (u32 b = 0; b < 4; ++b) to[b] = static_cast<u8>(value >> (24 - 8 * b));
}

// The ones'-complement sum of 32-bit words (FITS standard 4.0, appendix J). `count` is a multiple of 4.
u32 ones_sum(const u8* bytes, size_t count, u32 sum) {
  u64 total = sum;
  for (size_t i = 0; i < count; i += 4) total += load_be32(bytes + i);
  while (total >> 32 != 0) total = (total & 0xFFFFFFFF) + (total >> 32);
  return static_cast<u32>(total);
}

// Sixteen characters whose sum is `value` and that are letters and digits only: each byte is shared among
// four characters, which are moved apart in pairs until none is punctuation; the whole is turned right by
// one.
void encode_checksum(u32 value, char out[17]) {
  constexpr u8 kFirst = '0';
  char ascii[16];
  for (u32 i = 0; i < 4; ++i) {
    const u8 byte = static_cast<u8>(value >> (24 - 8 * i));
    u8 part[4];
    for (u32 k = 0; k < 4; ++k) part[k] = static_cast<u8>(byte / 4 + kFirst);
    part[0] = static_cast<u8>(part[0] + byte % 4);
    auto punctuation = [](u8 c) { return (c > '9' && c < 'A') || (c > 'Z' && c < 'a'); };
    for (bool again = true; again;) {
      again = false;
      for (u32 k = 0; k < 4; k += 2)
        if (punctuation(part[k]) || punctuation(part[k + 1])) {
          ++part[k];
          --part[k + 1];
          again = true;
        }
    }
    for (u32 k = 0; k < 4; ++k) ascii[4 * k + i] = static_cast<char>(part[k]);
  }
  for (u32 i = 0; i < 16; ++i) out[(i + 1) % 16] = ascii[i];
  out[16] = '\0';
}

constexpr char kLongDescriptors[] = "a compressed image of more than 2 GiB";

}  // namespace

struct AfWriter {
  AfWriter() = default;
  AfWriter(const AfWriter&) = delete;
  AfWriter& operator=(const AfWriter&) = delete;

  AfStatus add_cards(const AfWriterCard* given, u32 count, AfError* error);
  bool add_commentary(const char* keyword, const char* text);
  AfStatus begin_image(const AfPlane* image, i32 write_form, const char* image_name, AfError* error);
  AfStatus step(u32 max_rows, AfError* error);
  AfStatus table(const AfWriterColumn* columns, u32 count, const char* table_name, AfError* error);

  // Begins something anew, which leaves no trace when it fails.
  template <class Work>
  AfStatus begin(AfError* error, Work work) {
    if (plane != nullptr) return fail(error, AF_INVALID_ARGUMENT, "the image before is not finished");
    return kept(work());
  }
  // Gives `status`, and drops what is unfinished when it is an error.
  AfStatus kept(AfStatus status);
  bool append_primary();
  bool begin_hdu();
  bool finish_hdu();
  void image_cards(CardText* header) const;
  void compressed_cards(CardText* header) const;
  void common_cards(CardText* header) const;
  bool append_row(u32 y);
  bool append_tile(u32 y);
  AfStatus no_memory(AfError* error) { return fail(error, AF_OUT_OF_MEMORY, "no memory for the file"); }
  bool compressed() const { return form != AF_WRITE_PLAIN; }

  Array<u8> file;
  size_t finished_bytes = 0;  // of whole HDUs
  CardText cards;             // of the next HDU, or of the one being written
  char name[72] = "";

  // The HDU being written.
  const AfPlane* plane = nullptr;
  i32 form = AF_WRITE_PLAIN;
  Stored stored{};
  CardText structure;  // of a table; an image's is made anew at the end
  size_t header_offset = 0, header_bytes = 0, data_offset = 0;
  u32 next_row = 0;
  u32 longest_tile = 0;
  u32 datasum = 0;
  char checksum[17] = "0000000000000000";
  GzipWriter gzip;
  Array<u8> row, shuffled;
  Array<i32> integers;
};

AfStatus AfWriter::add_cards(const AfWriterCard* given, u32 count, AfError* error) {
  for (u32 i = 0; i < count; ++i) {
    const AfWriterCard& c = given[i];
    const char* comment = c.comment != nullptr ? c.comment : "";
    const bool textual = c.type == AF_CARD_TEXT || c.type == AF_CARD_COMMENTARY;
    auto invalid = [&](const char* message) {
      return fail(error, AF_INVALID_ARGUMENT, message, {-1, -1, -1, c.keyword});
    };
    if (!is_fits_text(c.keyword) || !is_fits_text(comment) || (textual && !is_fits_text(c.text)))
      return invalid("a card that is not printable ASCII");
    if (is_structural(c.keyword)) continue;
    if (c.type == AF_CARD_COMMENTARY) {
      if (!add_commentary(c.keyword, c.text)) return no_memory(error);
      continue;
    }
    if (is_commentary_keyword(c.keyword) || is_framing_keyword(c.keyword))
      return invalid("this keyword has no value");
    if (std::strlen(c.keyword) > 40 || std::strchr(c.keyword, '=') != nullptr)
      return invalid("a keyword that is longer than 40 characters or has an equals sign");
    switch (c.type) {
      case AF_CARD_UNDEFINED:
        cards.undefined(c.keyword, comment);
        break;
      case AF_CARD_TEXT:
        cards.text(c.keyword, c.text, comment);
        break;
      case AF_CARD_LOGICAL:
        cards.logical(c.keyword, c.integer != 0, comment);
        break;
      case AF_CARD_INTEGER:
        cards.integer(c.keyword, c.integer, comment);
        break;
      case AF_CARD_REAL:
        if (!std::isfinite(c.real)) return invalid("a number that is not finite: FITS has no such value");
        cards.real(c.keyword, c.real, comment);
        break;
      default:
        return invalid("a card of a kind that cannot be written");
    }
  }
  return cards.good() ? AF_OK : no_memory(error);
}

// A keyword that cannot stand alone before that text goes into a COMMENT with it.
bool AfWriter::add_commentary(const char* keyword, const char* text) {
  const bool alone =
      is_plain_keyword(keyword) && !is_framing_keyword(keyword) && std::strncmp(text, "= ", 2) != 0;
  if (alone || is_commentary_keyword(keyword)) {
    cards.commentary(keyword, text);
    return true;
  }
  Array<char> whole;
  const bool memory = whole.append(keyword, std::strlen(keyword)) && whole.push(' ') &&
                      whole.append(text, std::strlen(text) + 1);
  if (memory) cards.commentary("COMMENT", whole.data());
  return memory;
}

void AfWriter::common_cards(CardText* header) const {
  if (name[0] != '\0') header->text("EXTNAME", name);
  header->append(cards);
  char sum[kNumberText];
  integer_text(datasum, sum);
  // Both keep their length, so that the header can be put in place when the sums are known.
  header->text("CHECKSUM", checksum, "of the HDU");
  header->text("DATASUM", sum, "of the data");
  header->end();
}

void AfWriter::image_cards(CardText* header) const {
  const bool primary = header_offset == 0;
  if (primary)
    header->logical("SIMPLE", true, "a FITS file");
  else
    header->text("XTENSION", "IMAGE");
  header->integer("BITPIX", stored.bitpix);
  header->integer("NAXIS", 2);
  header->integer("NAXIS1", plane->width);
  header->integer("NAXIS2", plane->height);
  if (primary) {
    header->logical("EXTEND", true);
  } else {
    header->integer("PCOUNT", 0);
    header->integer("GCOUNT", 1);
  }
  offset_cards(stored, "BSCALE", "BZERO", header);
}

void AfWriter::compressed_cards(CardText* header) const {
  const size_t table = size_t{8} * plane->height;
  char tile_form[8 + kNumberText] = "1PB(";
  std::strcpy(integer_text(longest_tile, tile_form + 4), ")");
  header->text("XTENSION", "BINTABLE");
  header->integer("BITPIX", 8);
  header->integer("NAXIS", 2);
  header->integer("NAXIS1", 8, "bytes of a descriptor");
  header->integer("NAXIS2", plane->height, "tiles");
  header->integer("PCOUNT",
                  static_cast<i64>(file.size() - data_offset - std::min(table, file.size() - data_offset)));
  header->integer("GCOUNT", 1);
  header->integer("TFIELDS", 1);
  header->text("TTYPE1", "COMPRESSED_DATA");
  header->text("TFORM1", tile_form);
  header->logical("ZIMAGE", true, "a compressed image");
  header->text("ZTENSION", "IMAGE");
  header->integer("ZBITPIX", stored.bitpix);
  header->integer("ZNAXIS", 2);
  header->integer("ZNAXIS1", plane->width);
  header->integer("ZNAXIS2", plane->height);
  header->integer("ZPCOUNT", 0);
  header->integer("ZGCOUNT", 1);
  header->integer("ZTILE1", plane->width);
  header->integer("ZTILE2", 1);
  if (form == AF_WRITE_RICE_1) {
    header->text("ZCMPTYPE", "RICE_1");
    header->text("ZNAME1", "BLOCKSIZE");
    header->integer("ZVAL1", kRiceBlock, "pixels");
    header->text("ZNAME2", "BYTEPIX");
    header->integer("ZVAL2", stored.bytes, "bytes of a pixel");
  } else {
    header->text("ZCMPTYPE", "GZIP_2");
    if (stored.bitpix < 0) header->text("ZQUANTIZ", "NONE", "without loss");
  }
  offset_cards(stored, "BSCALE", "BZERO", header);
}

AfStatus AfWriter::kept(AfStatus status) {
  if (status == AF_OK || status == AF_MORE) return status;
  cards.clear();
  structure.clear();
  plane = nullptr;
  file.shrink(finished_bytes);
  return status;
}

// Takes room for the header; finish_hdu fills it in.
bool AfWriter::begin_hdu() {
  header_offset = file.size();
  data_offset = header_offset;
  datasum = 0;
  longest_tile = 0;
  CardText header;
  if (plane != nullptr)
    compressed() ? compressed_cards(&header) : image_cards(&header);
  else
    header.append(structure);
  common_cards(&header);
  header_bytes = header.characters().size();
  data_offset = header_offset + header_bytes;
  return header.good() && file.resize(data_offset);
}

bool AfWriter::finish_hdu() {
  CardText header;
  const size_t end = (file.size() + kBlock - 1) / kBlock * kBlock;
  // The structure tells the data's size without the padding.
  if (plane != nullptr)
    compressed() ? compressed_cards(&header) : image_cards(&header);
  else
    header.append(structure);
  const size_t begin = file.size();
  if (!file.resize(end)) return false;
  std::memset(file.data() + begin, 0, end - begin);
  datasum = ones_sum(file.data() + data_offset, end - data_offset, 0);
  const size_t structure_bytes = header.characters().size();
  std::strcpy(checksum, "0000000000000000");
  common_cards(&header);
  if (!header.good() || header.characters().size() != header_bytes) return false;
  u8* const to = file.data() + header_offset;
  std::memcpy(to, header.characters().data(), header_bytes);
  // With the sixteen zeros in place the sum is S; their replacement makes it all ones, which is minus zero.
  encode_checksum(~ones_sum(to, header_bytes, datasum), checksum);
  for (size_t at = structure_bytes; at < header_bytes; at += 80)
    if (std::memcmp(to + at, "CHECKSUM=", 9) == 0) std::memcpy(to + at + 11, checksum, 16);
  std::strcpy(checksum, "0000000000000000");
  cards.clear();
  structure.clear();
  plane = nullptr;
  finished_bytes = file.size();
  return true;
}

bool AfWriter::append_primary() {
  structure.clear();
  structure.logical("SIMPLE", true, "a FITS file");
  structure.integer("BITPIX", 8);
  structure.integer("NAXIS", 0);
  structure.logical("EXTEND", true);
  CardText kept;
  kept.append(cards);
  cards.clear();
  const bool good = begin_hdu() && finish_hdu();
  cards.append(kept);
  return good && kept.good() && cards.good();
}

AfStatus AfWriter::begin_image(const AfPlane* image, i32 write_form, const char* image_name, AfError* error) {
  auto invalid = [&](const char* message) { return fail(error, AF_INVALID_ARGUMENT, message); };
  if (write_form < AF_WRITE_PLAIN || write_form > AF_WRITE_GZIP_2) return invalid("no such form of image");
  if (std::strlen(image_name) >= sizeof name || !is_fits_text(image_name))
    return invalid("an extension name that is too long or not ASCII");
  stored = stored_as(image->type);
  if (stored.bytes == 0) return invalid("a plane of a type that cannot be written");
  if (write_form == AF_WRITE_RICE_1 && (stored.bitpix < 0 || stored.bytes == 8))
    return invalid("RICE_1 takes integers of 8, 16 and 32 bits; GZIP_2 takes every type");
  // Descriptors have 32 bits.
  if (write_form != AF_WRITE_PLAIN && image->height > std::numeric_limits<i32>::max() / 8)
    return fail(error, AF_LIMIT, kLongDescriptors);
  form = write_form;
  if (file.empty() && compressed() && !append_primary()) return no_memory(error);
  copy_text(name, sizeof name, image_name);
  plane = image;
  next_row = 0;
  if (!begin_hdu()) return no_memory(error);
  if (compressed()) {
    const size_t table = size_t{8} * plane->height;
    if (!file.resize(data_offset + table)) return no_memory(error);
    std::memset(file.data() + data_offset, 0, table);
  }
  return AF_OK;
}

bool AfWriter::append_row(u32 y) {
  const size_t bytes = size_t{plane->width} * stored.bytes, at = file.size();
  if (!file.resize(at + bytes)) return false;
  to_big_endian(stored, static_cast<const u8*>(plane->data) + y * bytes, plane->width, file.data() + at);
  return true;
}

bool AfWriter::append_tile(u32 y) {
  const size_t width = plane->width, bytes = width * stored.bytes;
  if (!row.resize(bytes) || !shuffled.resize(bytes) || !integers.resize(width)) return false;
  to_big_endian(stored, static_cast<const u8*>(plane->data) + y * bytes, width, row.data());
  const size_t before = file.size();
  if (form == AF_WRITE_GZIP_2) {
    shuffle(row.data(), width, stored.bytes, shuffled.data());
    if (!gzip.append(shuffled.data(), bytes, &file)) return false;
  } else {
    for (size_t x = 0; x < width; ++x)
      integers[x] = stored.bytes == 1   ? row[x]
                    : stored.bytes == 2 ? static_cast<i16>(load_be16(row.data() + 2 * x))
                                        : static_cast<i32>(load_be32(row.data() + 4 * x));
    if (!rice_encode(integers.data(), width, stored.bytes, &file)) return false;
  }
  const size_t heap = data_offset + size_t{8} * plane->height;
  u8* const descriptor = file.data() + data_offset + size_t{8} * y;
  store_be32(static_cast<u32>(file.size() - before), descriptor);
  store_be32(static_cast<u32>(before - heap), descriptor + 4);
  longest_tile = std::max(longest_tile, static_cast<u32>(file.size() - before));
  return true;
}

AfStatus AfWriter::step(u32 max_rows, AfError* error) {
  if (plane == nullptr) return AF_OK;
  const u32 stop = plane->height - next_row > std::max(max_rows, u32{1})
                       ? next_row + std::max(max_rows, u32{1})
                       : plane->height;
  for (; next_row < stop; ++next_row) {
    if (!(compressed() ? append_tile(next_row) : append_row(next_row))) return no_memory(error);
    if (compressed() && file.size() - data_offset > std::numeric_limits<i32>::max())
      return fail(error, AF_LIMIT, kLongDescriptors);
  }
  if (next_row < plane->height) return AF_MORE;
  return finish_hdu() ? AF_OK : no_memory(error);
}

AfStatus AfWriter::table(const AfWriterColumn* columns, u32 count, const char* table_name, AfError* error) {
  auto invalid = [&](const char* message) { return fail(error, AF_INVALID_ARGUMENT, message); };
  if (count == 0 || count > 999) return invalid("a table has 1 to 999 columns");
  if (std::strlen(table_name) >= sizeof name || !is_fits_text(table_name))
    return invalid("an extension name that is too long or not ASCII");
  const u32 rows = columns[0].values->height;
  u64 row_bytes = 0, bytes = 0;
  for (u32 i = 0; i < count; ++i) {
    const AfWriterColumn& c = columns[i];
    const char* unit = c.unit != nullptr ? c.unit : "";
    if (!is_fits_text(c.name) || !is_fits_text(unit) || std::strlen(c.name) > 64 || std::strlen(unit) > 64)
      return invalid("a column name or unit that is too long or not ASCII");
    if (stored_as(c.values->type).bytes == 0 || c.values->height != rows)
      return invalid("columns of different numbers of rows, or of a type that cannot be written");
    if (c.letter != 0 && ((c.letter != 'A' && c.letter != 'L') || c.values->type != AF_U8))
      return invalid("text and logical columns are planes of bytes");
    row_bytes += u64{c.values->width} * stored_as(c.values->type).bytes;
  }
  // A plane may be in several columns.
  if (!multiply(row_bytes, rows, &bytes) || bytes > std::numeric_limits<size_t>::max() / 2)
    return fail(error, AF_LIMIT, "a table that is larger than any memory");
  if (file.empty() && !append_primary()) return no_memory(error);
  copy_text(name, sizeof name, table_name);
  structure.text("XTENSION", "BINTABLE");
  structure.integer("BITPIX", 8);
  structure.integer("NAXIS", 2);
  structure.integer("NAXIS1", static_cast<i64>(row_bytes), "bytes of a row");
  structure.integer("NAXIS2", rows);
  structure.integer("PCOUNT", 0);
  structure.integer("GCOUNT", 1);
  structure.integer("TFIELDS", count);
  for (u32 i = 0; i < count; ++i) {
    const AfWriterColumn& c = columns[i];
    const Stored s = stored_as(c.values->type);
    auto indexed = [&](const char* stem) { return IndexedKeyword(stem, i + 1); };
    char column_form[kNumberText] = "";
    char* const letter = integer_text(c.values->width, column_form);
    *letter = c.letter != 0 ? static_cast<char>(c.letter) : s.letter;
    structure.text(indexed("TTYPE").text, c.name);
    structure.text(indexed("TFORM").text, column_form);
    if (c.unit != nullptr && *c.unit != '\0') structure.text(indexed("TUNIT").text, c.unit);
    offset_cards(s, indexed("TSCAL").text, indexed("TZERO").text, &structure);
  }
  if (!structure.good() || !begin_hdu()) return no_memory(error);
  size_t at = data_offset;
  if (!file.resize(data_offset + static_cast<size_t>(bytes))) return no_memory(error);
  for (u32 y = 0; y < rows && bytes > 0; ++y)
    for (u32 i = 0; i < count; ++i) {
      const AfPlane& values = *columns[i].values;
      const Stored s = stored_as(values.type);
      const size_t length = size_t{values.width} * s.bytes;
      const u8* from = static_cast<const u8*>(values.data) + y * length;
      if (columns[i].letter == 'L') {
        for (size_t b = 0; b < length; ++b) file[at + b] = from[b] != 0 ? 'T' : 'F';
      } else {
        to_big_endian(s, from, values.width, file.data() + at);
      }
      at += length;
    }
  return finish_hdu() ? AF_OK : no_memory(error);
}

extern "C" {

AfWriter* af_writer_new(void) { return create<AfWriter>(); }

AfStatus af_writer_cards(AfWriter* writer, const AfWriterCard* cards, uint32_t count, AfError* error) {
  return writer->begin(error, [&] { return writer->add_cards(cards, count, error); });
}

AfStatus af_writer_image(AfWriter* writer, const AfPlane* plane, int32_t form, const char* name,
                         AfError* error) {
  return writer->begin(error, [&] { return writer->begin_image(plane, form, name, error); });
}

AfStatus af_writer_step(AfWriter* writer, uint32_t max_rows, AfError* error) {
  return writer->kept(writer->step(max_rows, error));
}

AfStatus af_writer_table(AfWriter* writer, const AfWriterColumn* columns, uint32_t count, const char* name,
                         AfError* error) {
  return writer->begin(error, [&] { return writer->table(columns, count, name, error); });
}

const uint8_t* af_writer_bytes(const AfWriter* writer, size_t* count) {
  *count = writer->plane == nullptr ? writer->file.size() : 0;
  return writer->plane == nullptr ? writer->file.data() : nullptr;
}

void af_writer_free(AfWriter* writer) { destroy(writer); }

}  // extern "C"
