#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "input.h"

namespace fuzz {
namespace {

bool watching = false;
int64_t held = 0;
int64_t most = 0;

void on_malloc(const volatile void* memory, size_t) {
  if (!watching || memory == nullptr) return;
  held += static_cast<int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(memory)));
  if (held > most) {
    watching = false;
    std::fprintf(stderr, "%lld bytes are held, beyond the limit of %lld\n", static_cast<long long>(held),
                 static_cast<long long>(most));
    std::abort();
  }
}

void on_free(const volatile void* memory) {
  if (!watching || memory == nullptr) return;
  held -= static_cast<int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(memory)));
}

// Pointers and ranges that the engine hands out must be readable to their last byte.
uint64_t sum_of(const void* bytes, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<const uint8_t*>(bytes)[i];
  return sum;
}
volatile uint64_t sink;

size_t bytes_of(int32_t type) {
  switch (type) {
    case AF_U8:
    case AF_I8:
      return 1;
    case AF_I16:
    case AF_U16:
      return 2;
    case AF_I64:
    case AF_U64:
    case AF_F64:
      return 8;
    default:
      return 4;
  }
}

void read_cards(const AfHdu& hdu) {
  for (uint32_t i = 0; i < hdu.card_count; ++i) {
    const AfCard& card = hdu.cards[i];
    REQUIRE(uint64_t{card.keyword} + card.keyword_length <= hdu.text_length);
    REQUIRE(uint64_t{card.text} + card.text_length <= hdu.text_length);
    REQUIRE(uint64_t{card.comment} + card.comment_length <= hdu.text_length);
    REQUIRE(card.type >= AF_CARD_COMMENTARY && card.type <= AF_CARD_BAD);
  }
  sink = sum_of(hdu.text, hdu.text_length);
}

}  // namespace

MemoryWatch::MemoryWatch(uint64_t limit) {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
  REQUIRE(installed > 0);
  held = 0;
  most = static_cast<int64_t>(limit);
  watching = true;
}

MemoryWatch::~MemoryWatch() { watching = false; }

AfStream* open_stream(const std::vector<uint8_t>& bytes, size_t chunk, AfStatus* status) {
  const AfStreamOptions options{0, kMemoryLimit};
  AfStream* stream = af_stream_new(&options);
  REQUIRE(stream != nullptr);
  AfError error{};
  *status = AF_OK;
  for (size_t at = 0; at < bytes.size() && *status == AF_OK;) {
    const size_t take = std::min(chunk == 0 ? bytes.size() : chunk, bytes.size() - at);
    *status = af_stream_push(stream, bytes.data() + at, take, &error);
    at += take;
  }
  if (*status == AF_OK) *status = af_stream_end(stream, &error);
  REQUIRE(*status == AF_OK || *status == AF_MALFORMED || *status == AF_UNSUPPORTED || *status == AF_LIMIT);
  REQUIRE(error.status == *status);
  return stream;
}

void decode_image(const AfStream* stream, uint32_t hdu, int32_t form, uint32_t rows_a_step) {
  AfError error{};
  AfDecoding* decoding = af_decoding_new(stream, hdu, form, &error);
  if (decoding == nullptr) {
    REQUIRE(error.status != AF_OK);
    return;
  }
  AfStatus status = AF_MORE;
  while (status == AF_MORE) status = af_decoding_step(decoding, rows_a_step, &error);
  AfPlane* plane = status == AF_OK ? af_decoding_plane(decoding) : nullptr;
  REQUIRE(status == AF_OK ? plane != nullptr : error.status == status);
  af_decoding_free(decoding);
  if (plane == nullptr) return;
  // Every pixel must have been written: the sum depends on each of them.
  sink = sum_of(plane->data, size_t{plane->width} * plane->height * bytes_of(plane->type));
  af_plane_free(plane);
}

void read_table(const AfStream* stream, uint32_t hdu) {
  AfError error{};
  AfTable* table = af_table_new(stream, hdu, &error);
  if (table == nullptr) {
    REQUIRE(error.status != AF_OK);
    return;
  }
  const uint32_t rows = std::min(af_table_rows(table), 64u);
  auto use = [](AfPlane* values) {
    if (values != nullptr)
      sink = sum_of(values->data, size_t{values->width} * values->height * bytes_of(values->type));
    af_plane_free(values);
  };
  for (uint32_t i = 0; i < af_table_column_count(table); ++i) {
    AfColumn column{};
    REQUIRE(af_table_column(table, i, &column, &error) == AF_OK);
    sink = sum_of(column.name, column.name_length) + sum_of(column.unit, column.unit_length) +
           sum_of(column.dimensions, column.dimension_count * sizeof(uint32_t));
    AfPlane* values = nullptr;
    if (column.pointer == 0 && af_table_values(table, i, 0, rows, &values, &error) == AF_OK) use(values);
    for (uint32_t row = 0; row < rows; ++row) {
      values = nullptr;
      if (af_table_cell(table, i, row, &values, &error) == AF_OK) use(values);
    }
  }
  af_table_check(table, &error);
  af_table_free(table);
}

void use_wcs(const AfStream* stream, uint32_t hdu, int32_t alternate) {
  AfError error{};
  AfWcs* wcs = af_wcs_new(stream, hdu, alternate, &error);
  if (wcs == nullptr) {
    REQUIRE(error.status != AF_OK);
    return;
  }
  auto both_or_none = [](const double* pair) { return std::isfinite(pair[0]) == std::isfinite(pair[1]); };
  double points[] = {0, 0, 1, 2, 2036.5, -7, 1e6, -1e6, 1e300, 1, NAN, 0};
  constexpr uint32_t kCount = sizeof points / sizeof *points / 2;
  af_wcs_to_sky(wcs, points, points, kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    const double* at = points + 2 * i;
    REQUIRE(both_or_none(at));
    if (std::isfinite(at[0])) REQUIRE(at[0] >= 0 && at[0] < 360 && std::fabs(at[1]) <= 90 + 1e-9);
  }
  if (af_wcs_to_icrs(wcs, points, kCount, &error) == AF_OK)
    REQUIRE(af_wcs_from_icrs(wcs, points, kCount, &error) == AF_OK);
  af_wcs_to_pixel(wcs, points, points, kCount);
  for (uint32_t i = 0; i < kCount; ++i) REQUIRE(both_or_none(points + 2 * i));
  AfWcsInfo info{};
  af_wcs_info(wcs, &info);
  REQUIRE(info.types[0][15] == '\0' && info.types[1][15] == '\0' && info.frame[15] == '\0');
  af_wcs_free(wcs);
}

AfCalib* read_calib(AfStream* stream, int32_t kind, uint32_t rows_a_step) {
  AfError error{};
  AfCalib* calib = af_calib_new(stream, kind, "calib", &error);
  if (calib == nullptr) {
    REQUIRE(error.status != AF_OK);
    return nullptr;
  }
  AfStatus status = AF_MORE;
  while (status == AF_MORE) status = af_calib_step(calib, rows_a_step, &error);
  if (status == AF_OK) return calib;
  REQUIRE(error.status == status);
  af_calib_free(calib);
  return nullptr;
}

void run_isr(const AfIsrOptions& options, AfStream* raw, uint32_t rows_a_step) {
  AfError error{};
  AfIsr* isr = af_isr_new(&options, raw, &error);
  if (isr == nullptr) {
    REQUIRE(error.status != AF_OK);
    return;
  }
  AfStatus status = AF_MORE;
  while (status == AF_MORE) {
    REQUIRE(af_isr_current_step(isr) >= 0);
    status = af_isr_step(isr, rows_a_step, &error);
  }
  REQUIRE(status != AF_WAITING);
  REQUIRE(status == AF_OK || error.status == status);
  const char* report = af_isr_report(isr);
  if (report != nullptr) sink = std::strlen(report);
  AfPlane* const planes[] = {status == AF_OK ? af_isr_image(isr) : nullptr,
                             status == AF_OK ? af_isr_mask(isr) : nullptr,
                             status == AF_OK ? af_isr_variance(isr) : nullptr};
  REQUIRE(status != AF_OK || planes[0] != nullptr);
  af_isr_free(isr);
  for (AfPlane* plane : planes) {
    if (plane != nullptr) sink = sum_of(plane->data, size_t{plane->width} * plane->height * 4);
    af_plane_free(plane);
  }
}

void read_everything(AfStream* stream, uint32_t rows_a_step) {
  const uint32_t count = af_stream_hdu_count(stream);
  for (uint32_t i = 0; i < count; ++i) {
    AfHdu hdu{};
    AfError error{};
    REQUIRE(af_stream_hdu(stream, i, &hdu, &error) == AF_OK);
    read_cards(hdu);
    if (hdu.width > 0) decode_image(stream, i, AF_FORM_WORKING, rows_a_step);
    if (hdu.width > 0) decode_image(stream, i, AF_FORM_PHYSICAL, rows_a_step);
    if (hdu.kind == AF_HDU_BINTABLE || hdu.kind == AF_HDU_COMPRESSED_IMAGE) read_table(stream, i);
    AfChecksum checksum{};
    if (af_hdu_checksum(stream, i, &checksum, &error) == AF_OK)
      REQUIRE(checksum.data >= 0 && checksum.hdu >= 0);
    use_wcs(stream, i, 0);
    if (i % 2 == 0) af_stream_release(stream, i, &error);
  }
}

}  // namespace fuzz
