// A file that the writer makes from any cards and pixels must read back with the same pixels, and writing
// it must never fail for another reason than its arguments.
#include <cstring>

#include "input.h"

namespace {

// Zero-terminated pieces of the input.
std::string piece(fuzz::Input* in, size_t most) {
  std::string text;
  for (size_t left = in->byte() % most; left > 0 && in->left() > 0; --left)
    text += static_cast<char>(in->byte());
  return text.c_str();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  static constexpr int kSizes[] = {4, 4, 1, 1, 2, 2, 4, 8, 8, 8};
  const int32_t type = static_cast<int32_t>(in.below(10));
  const uint32_t width = 1 + in.below(80), height = 1 + in.below(16);
  const int32_t form = static_cast<int32_t>(in.below(3));
  const uint32_t rows_a_step = 1 + in.below(8);
  std::vector<AfWriterCard> cards(in.below(4));
  std::vector<std::string> texts;
  for (size_t i = 0; i < 3 * cards.size() + 1; ++i) texts.push_back(piece(&in, 120));
  for (size_t i = 0; i < cards.size(); ++i) {
    double real = 0;
    uint8_t bits[8];
    for (uint8_t& b : bits) b = in.byte();
    std::memcpy(&real, bits, 8);
    int64_t integer = 0;
    std::memcpy(&integer, bits, 8);
    cards[i] = {texts[3 * i].c_str(), texts[3 * i + 1].c_str(), texts[3 * i + 2].c_str(),
                static_cast<int32_t>(in.below(6)), integer, real};
  }

  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfPlane* plane = af_plane_new(type, width, height);
  REQUIRE(plane != nullptr);
  const size_t bytes = size_t{width} * height * static_cast<size_t>(kSizes[type]);
  std::memset(plane->data, 0, bytes);
  std::memcpy(plane->data, in.rest(), in.left() < bytes ? in.left() : bytes);

  AfError error{};
  AfWriter* writer = af_writer_new();
  REQUIRE(writer != nullptr);
  AfStatus status = af_writer_cards(writer, cards.data(), static_cast<uint32_t>(cards.size()), &error);
  if (status == AF_OK) status = af_writer_image(writer, plane, form, texts.back().c_str(), &error);
  if (status == AF_OK) {
    do status = af_writer_step(writer, rows_a_step, &error);
    while (status == AF_MORE);
    REQUIRE(status == AF_OK);
    size_t count = 0;
    const uint8_t* file = af_writer_bytes(writer, &count);
    REQUIRE(file != nullptr && count % 2880 == 0);
    AfStream* stream = fuzz::open_stream(std::vector<uint8_t>(file, file + count), 0, &status);
    REQUIRE(status == AF_OK);
    const uint32_t hdu = af_stream_hdu_count(stream) - 1;
    AfDecoding* decoding = af_decoding_new(stream, hdu, AF_FORM_PHYSICAL, &error);
    REQUIRE(decoding != nullptr);
    while ((status = af_decoding_step(decoding, 1000, &error)) == AF_MORE) {
    }
    REQUIRE(status == AF_OK);
    AfPlane* again = af_decoding_plane(decoding);
    REQUIRE(again->type == type && again->width == width && again->height == height);
    if (type != AF_F32 && type != AF_F64) REQUIRE(std::memcmp(again->data, plane->data, bytes) == 0);
    af_decoding_free(decoding);
    af_plane_free(again);
    af_stream_free(stream);
  } else {
    REQUIRE(status == AF_INVALID_ARGUMENT || status == AF_UNSUPPORTED || status == AF_LIMIT);
  }
  af_writer_free(writer);
  af_plane_free(plane);
  return 0;
}
