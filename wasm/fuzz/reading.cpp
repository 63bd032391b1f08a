#include <sanitizer/allocator_interface.h>

#include <algorithm>

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

void read_everything(AfStream* stream, uint32_t rows_a_step) {
  const uint32_t count = af_stream_hdu_count(stream);
  for (uint32_t i = 0; i < count; ++i) {
    AfHdu hdu{};
    AfError error{};
    REQUIRE(af_stream_hdu(stream, i, &hdu, &error) == AF_OK);
    read_cards(hdu);
    if (hdu.width > 0) decode_image(stream, i, AF_FORM_WORKING, rows_a_step);
    if (hdu.width > 0) decode_image(stream, i, AF_FORM_PHYSICAL, rows_a_step);
    if (i % 2 == 0) af_stream_release(stream, i, &error);
  }
}

}  // namespace fuzz
