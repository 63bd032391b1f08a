// A binary table: the first bytes tell the sides and the number of columns, lines up to an empty one are its cards, what
// follows is its data.
#include "../src/table.h"

#include <algorithm>

#include "input.h"

namespace {

// Every value of every row, at most `kMost` elements of a cell at a time as a caller with little memory asks for them.
constexpr uint64_t kMost = 512;
volatile double sink;

void read_column(const af::Table& table, const af::Column& column) {
  std::vector<uint8_t> values(kMost * 2 * sizeof(double));
  double sum = 0;
  for (uint64_t row = 0; row < std::min<uint64_t>(table.rows, 64); ++row) {
    af::Cell cell;
    if (!table.cell(column, row, &cell)) continue;
    REQUIRE(cell.count == 0 || cell.bytes != nullptr);
    const uint64_t count = std::min(cell.count, kMost);
    if (count > 0) af::read_physical(column, cell.bytes, count, values.data());
    const uint64_t numbers = af::numbers_in(column, count);
    for (uint64_t i = 0; i < numbers; ++i) sum += af::real_at(column, cell, i);
    // The last element must lie in the file as well.
    if (cell.count > 0) sum += af::real_at(column, cell, af::numbers_in(column, cell.count) - 1);
    if (column.type == 'A') sum += static_cast<double>(af::text_of(cell).length);
  }
  sink = sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  const uint8_t row_bytes = in.byte(), rows = in.byte(), fields = in.byte();
  fuzz::Input cards = in;
  size_t length = 0;
  while (in.left() > 0 && !(length > 0 && in.rest()[-1] == '\n' && in.rest()[0] == '\n')) {
    in.byte();
    ++length;
  }
  in.byte();
  fuzz::File file;
  file.primary_without_data();
  file.text("XTENSION", "BINTABLE");
  file.number("BITPIX", 8);
  file.number("NAXIS", 2);
  file.number("NAXIS1", row_bytes);
  file.number("NAXIS2", rows);
  const size_t table = size_t{row_bytes} * rows;
  const size_t heap = in.left() > table ? in.left() - table : 0;
  file.number("PCOUNT", static_cast<long long>(heap));
  file.number("GCOUNT", 1);
  file.number("TFIELDS", fields);
  file.lines(cards.part(length));
  file.end();
  file.data(in.rest(), in.left(), table + heap);

  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = fuzz::open_stream(file.bytes(), 0, &status);
  AfError error{};
  if (af_stream_hdu_count(stream) > 1 && stream->hdus[1]->complete &&
      stream->hdus[1]->kind == AF_HDU_BINTABLE) {
    af::Table opened;
    if (opened.open(*stream->hdus[1], 1, &error) == AF_OK)
      for (const af::Column& column : opened.columns) read_column(opened, column);
  }
  fuzz::read_everything(stream, 1000);
  af_stream_free(stream);
  return 0;
}
