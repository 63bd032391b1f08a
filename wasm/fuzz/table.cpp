// A binary table, through the public routines and through the internal ones that calibs are read with.
#include "../src/table.h"

#include <algorithm>

#include "input.h"

namespace {

// Every value of every row, at most `kMost` elements of a cell at a time as a caller with little memory
// asks for them.
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
  fuzz::File file;
  file.primary_without_data();
  file.table({data, size});
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
