// Binary tables through the internal header and the public one.
#include "../src/table.h"

#include <string>

#include "check.h"

using check::Bytes;

namespace {

std::string card(const std::string& keyword, const std::string& value) {
  std::string text = keyword;
  text.resize(8, ' ');
  text += "= " + value;
  text.resize(80, ' ');
  return text;
}

// A file whose first extension is a table with these further cards and data.
Bytes table_file(int row_bytes, int rows, int heap,
                 const std::vector<std::pair<std::string, std::string>>& cards, const Bytes& data) {
  auto block = [](std::string text) {
    text.resize(text.size() + 80, ' ');
    text.replace(text.size() - 80, 3, "END");
    text.resize((text.size() + 2879) / 2880 * 2880, ' ');
    return text;
  };
  std::string text = block(card("SIMPLE", "T") + card("BITPIX", "8") + card("NAXIS", "0"));
  std::string header = card("XTENSION", "'BINTABLE'") + card("BITPIX", "8") + card("NAXIS", "2") +
                       card("NAXIS1", std::to_string(row_bytes)) + card("NAXIS2", std::to_string(rows)) +
                       card("PCOUNT", std::to_string(heap)) + card("GCOUNT", "1");
  for (const auto& [keyword, value] : cards) header += card(keyword, value);
  text += block(header);
  Bytes file(text.begin(), text.end());
  file.insert(file.end(), data.begin(), data.end());
  file.resize((file.size() + 2879) / 2880 * 2880);
  return file;
}

struct Opened {
  explicit Opened(const Bytes& file) : stream(af_stream_new(nullptr)) {
    status = af_stream_push(stream, file.data(), file.size(), &error);
    if (status == AF_OK) status = af_stream_end(stream, &error);
    if (status == AF_OK) status = table.open(*stream->hdus[1], 1, &error);
  }
  ~Opened() { af_stream_free(stream); }
  AfStream* stream;
  AfError error{};
  AfStatus status;
  af::Table table;
};

}  // namespace

TEST(columns_and_cells_of_a_table) {
  // Row: I16 2, F32 pair 8, text 4, bits 2, logical 1, descriptor 8 = 25 bytes; two rows; heap of 6 bytes.
  const Bytes data = {0x7F, 0xFF, 0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0, 'a', 'b', ' ', 0, 0xA0, 0x40, 'T',
                      0,    0,    0,    3,    0, 0, 0,    0,  // three J16 from 0
                      0x80, 0x00, 0,    0,    0, 0, 0, 0, 0, 0, ' ', 0, 'x', 'y', 0x01, 0xFF, 0,
                      0,    0,    0,    0,    0, 0, 9, 9,  // empty; its offset does not count
                      0,    1,    0xFF, 0xFE, 0, 3};
  const Opened o(table_file(25, 2, 6,
                            {{"TFIELDS", "6"},
                             {"TFORM1", "'I'"},
                             {"TTYPE1", "'Counts'"},
                             {"TZERO1", "32768"},
                             {"TFORM2", "'2E'"},
                             {"TTYPE2", "'pair'"},
                             {"TUNIT2", "'m/s'"},
                             {"TDIM2", "'(1,2)'"},
                             {"TFORM3", "'4A'"},
                             {"TTYPE3", "'text'"},
                             {"TFORM4", "'10X'"},
                             {"TTYPE4", "'bits'"},
                             {"TFORM5", "'L'"},
                             {"TTYPE5", "'flag'"},
                             {"TFORM6", "'1PI(3)'"},
                             {"TTYPE6", "'list'"}},
                            data));
  CHECK(o.status == AF_OK);
  const af::Table& t = o.table;
  CHECK(t.rows == 2 && t.columns.size() == 6);
  const af::Column* counts = t.find("COUNTS");
  CHECK(counts != nullptr && counts->physical == AF_U16 && counts->name.is("Counts"));
  af::Cell cell;
  uint16_t number = 0;
  CHECK(t.cell(*counts, 0, &cell) && cell.count == 1 && af::real_at(*counts, cell, 0) == 65535);
  af::read_physical(*counts, cell.bytes, 1, &number);
  CHECK(number == 65535);
  CHECK(t.cell(*counts, 1, &cell) && af::real_at(*counts, cell, 0) == 0);
  const af::Column& pair = t.columns[1];
  CHECK(pair.unit.is("m/s") && pair.dimensions == 2 && t.dimensions[pair.first_dimension + 1] == 2);
  CHECK(t.cell(pair, 0, &cell) && cell.count == 2 && af::real_at(pair, cell, 1) == -2);
  CHECK(t.cell(t.columns[2], 0, &cell) && af::text_of(cell).is("ab"));
  CHECK(t.cell(t.columns[2], 1, &cell) && af::text_of(cell).is(""));
  uint8_t bits[10];
  CHECK(t.cell(t.columns[3], 0, &cell) && cell.count == 10);
  af::read_physical(t.columns[3], cell.bytes, 10, bits);
  CHECK(bits[0] == 1 && bits[1] == 0 && bits[2] == 1 && bits[8] == 0 && bits[9] == 1);
  CHECK(t.cell(t.columns[4], 0, &cell) && af::real_at(t.columns[4], cell, 0) == 1);
  CHECK(t.cell(t.columns[4], 1, &cell) && af::real_at(t.columns[4], cell, 0) == 255);
  const af::Column* list = t.find("list");
  CHECK(list != nullptr && list->pointer == 'P' && list->type == 'I');
  CHECK(t.cell(*list, 0, &cell) && cell.count == 3 && af::real_at(*list, cell, 1) == -2);
  CHECK(t.cell(*list, 1, &cell) && cell.count == 0 && cell.bytes == nullptr);
  CHECK(t.find("nothing") == nullptr);
}

TEST(scaled_columns_and_undefined_values) {
  const Opened o(table_file(6, 2, 0,
                            {{"TFIELDS", "3"},
                             {"TFORM1", "'I'"},
                             {"TSCAL1", "0.1"},
                             {"TZERO1", "5"},
                             {"TNULL1", "-1"},
                             {"TFORM2", "'B'"},
                             {"TZERO2", "-128"},
                             {"TFORM3", "'3B'"},
                             {"TDIM3", "'(2,2)'"}},
                            {0, 7, 0, 1, 2, 3, 0xFF, 0xFF, 0xFF, 4, 5, 6}));
  CHECK(o.status == AF_OK);
  const af::Table& t = o.table;
  af::Cell cell;
  CHECK(t.columns[0].physical == AF_F64 && t.cell(t.columns[0], 0, &cell));
  CHECK(af::real_at(t.columns[0], cell, 0) == 7 * 0.1 + 5);
  CHECK(t.cell(t.columns[0], 1, &cell));
  const double undefined = af::real_at(t.columns[0], cell, 0);
  CHECK(undefined != undefined);
  int8_t small = 0;
  CHECK(t.columns[1].physical == AF_I8 && t.cell(t.columns[1], 0, &cell));
  af::read_physical(t.columns[1], cell.bytes, 1, &small);
  CHECK(small == -128 && af::real_at(t.columns[1], cell, 0) == -128);
  CHECK(t.columns[2].dimensions == 0);  // four elements do not fit three
}

TEST(tables_that_lie_are_refused) {
  using Cards = std::vector<std::pair<std::string, std::string>>;
  const struct {
    Cards cards;
    AfStatus status;
  } cases[] = {
      {{}, AF_MALFORMED},
      {{{"TFIELDS", "-1"}}, AF_MALFORMED},
      {{{"TFIELDS", "1000"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'1Z'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "''"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'P'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'2PB'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'PQ'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'9B'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'1099511627776D'"}}, AF_MALFORMED},
      {{{"TFIELDS", "1"}, {"TFORM1", "'99999999999999999999999B'"}}, AF_MALFORMED},
      {{{"TFIELDS", "2"}, {"TFORM1", "'2147483647M'"}, {"TFORM2", "'2147483647M'"}}, AF_MALFORMED},
      {{{"TFIELDS", "0"}, {"THEAP", "15"}}, AF_MALFORMED},
      {{{"TFIELDS", "0"}, {"THEAP", "21"}}, AF_MALFORMED},
      {{{"TFIELDS", "0"}, {"THEAP", "-1"}}, AF_MALFORMED},
      {{{"TFIELDS", "0"}, {"THEAP", "20"}}, AF_OK},
      {{{"TFIELDS", "0"}}, AF_OK},
      {{{"TFIELDS", "1"}, {"TFORM1", "'0D'"}}, AF_OK},
      {{{"TFIELDS", "1"}, {"TFORM1", "'1PB'"}}, AF_OK},
  };
  for (const auto& each : cases) {
    const Opened o(table_file(8, 2, 4, each.cards, Bytes(20)));
    if (o.status != each.status)
      throw check::Failure((each.cards.empty() ? "none" : each.cards.back().second) + ": " + o.error.message);
  }
  // Descriptors outside the heap of 4 bytes: too many, too far, and sums that wrap around.
  for (const Bytes& descriptor : {Bytes{0, 0, 0, 5, 0, 0, 0, 0}, Bytes{0, 0, 0, 1, 0, 0, 0, 4},
                                  Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0},
                                  Bytes{0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF}}) {
    Bytes data = descriptor;
    data.resize(12);
    const Opened o(table_file(8, 1, 4, {{"TFIELDS", "1"}, {"TFORM1", "'1PB'"}}, data));
    af::Cell cell;
    CHECK(o.status == AF_OK && !o.table.cell(o.table.columns[0], 0, &cell));
  }
}
