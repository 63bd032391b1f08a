// Written files against what the reading half of the engine makes of them; astropy checks them in the Python tests.
#include "astro_fits.h"

#include <cstring>
#include <memory>

#include "../src/deflate.h"
#include "../src/inflate.h"
#include "../src/rice.h"
#include "../src/rice_encode.h"
#include "check.h"

using af::i32;
using af::u32;
using af::u8;
using check::Bytes;
using check::Random;

namespace {

Bytes gunzip(const af::Array<u8>& packed, size_t size) {
  auto reader = std::make_unique<af::GzipReader>();
  reader->reset();
  Bytes out(size + 1);
  const u8* in = packed.data();
  size_t position = 0;
  CHECK(reader->run(&in, packed.data() + packed.size(), out.data(), &position, out.size()) ==
        af::GzipReader::Result::kDone);
  CHECK(in == packed.data() + packed.size());
  out.resize(position);
  return out;
}

Bytes random_bytes(Random& random, size_t count, u32 kind) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) {
    switch (kind) {
      case 0:  // noise
        bytes[i] = static_cast<u8>(random());
        break;
      case 1:  // few values
        bytes[i] = static_cast<u8>(random() % 3);
        break;
      case 2:  // runs
        bytes[i] = i > 0 && random() % 40 != 0 ? bytes[i - 1] : static_cast<u8>(random());
        break;
      default:  // repeats from up to 40,000 bytes back, beyond the window too
        bytes[i] = i > 40000 && random() % 300 != 0 ? bytes[i - 40000 + random() % 2] : static_cast<u8>(random() % 7);
    }
  }
  return bytes;
}

}  // namespace

TEST(gzip_members_inflate_to_what_was_written) {
  Random random(11);
  af::GzipWriter writer;
  for (u32 kind = 0; kind < 4; ++kind)
    for (const size_t count : {size_t{0}, size_t{1}, size_t{3}, size_t{4}, size_t{5}, size_t{300}, size_t{65535}, size_t{65536}, size_t{200000}}) {
      const Bytes bytes = random_bytes(random, count, kind);
      af::Array<u8> packed;
      CHECK(writer.append(bytes.data(), count, &packed));
      CHECK(gunzip(packed, count) == bytes);
      // Never much longer than stored.
      CHECK(packed.size() <= count + 5 * (count / 65535 + 1) + 18);
      if (kind == 2 && count >= 300) CHECK(packed.size() < count / 2);
    }
}

// Frequencies that grow like Fibonacci's numbers make the deepest code trees.
TEST(gzip_codes_stay_within_fifteen_bits) {
  Bytes bytes;
  size_t a = 1, b = 1;
  for (u32 symbol = 0; symbol < 22; ++symbol) {
    bytes.insert(bytes.end(), a, static_cast<u8>(symbol * 7));
    const size_t next = a + b;
    a = b;
    b = next;
  }
  Random random(3);
  for (size_t i = bytes.size() - 1; i > 0; --i) std::swap(bytes[i], bytes[random() % (i + 1)]);
  af::GzipWriter writer;
  af::Array<u8> packed;
  CHECK(writer.append(bytes.data(), bytes.size(), &packed));
  CHECK(gunzip(packed, bytes.size()) == bytes);
}

TEST(rice_tiles_decode_to_what_was_encoded) {
  Random random(5);
  for (const u32 bytes : {1u, 2u, 4u})
    for (const size_t count : {size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{576}})
      for (u32 spread = 0; spread <= 8 * bytes; spread += 4) {
        std::vector<i32> pixels(count), back(count);
        for (i32& pixel : pixels) {
          const uint64_t wide = spread == 0 ? 5 : random() & ((uint64_t{1} << spread) - 1);
          pixel = bytes == 1   ? static_cast<i32>(wide & 0xFF)
                  : bytes == 2 ? static_cast<int16_t>(wide)
                               : static_cast<i32>(wide);
        }
        af::Array<u8> tile;
        CHECK(af::rice_encode(pixels.data(), count, bytes, &tile));
        const size_t length = tile.size();
        CHECK(tile.reserve(length + af::kReadAhead));
        std::memset(tile.data() + length, 0, af::kReadAhead);
        CHECK(af::rice_decode({tile.data(), length, back.data()}, bytes, af::kRiceBlock, count));
        CHECK(back == pixels);
        CHECK(length <= count * bytes + bytes + count / 32 + 2);
      }
}

TEST(written_images_read_back) {
  Random random(9);
  AfError error{};
  for (const i32 form : {AF_WRITE_PLAIN, AF_WRITE_RICE_1, AF_WRITE_GZIP_2}) {
    AfWriter* writer = af_writer_new();
    AfPlane* plane = af_plane_new(AF_I32, 67, 41);
    i32* pixels = static_cast<i32*>(plane->data);
    for (u32 i = 0; i < 67 * 41; ++i) pixels[i] = static_cast<i32>(random() % 50) - (i % 97 == 0 ? 1000000 : 0);
    const AfWriterCard cards[] = {{"OBJECT", "it's a star", "what was looked at", AF_CARD_TEXT, 0, 0},
                                  {"NAXIS1", nullptr, nullptr, AF_CARD_INTEGER, 7, 0},
                                  {"EXPTIME", nullptr, "[s]", AF_CARD_REAL, 0, 0.1},
                                  {"long keyword", nullptr, nullptr, AF_CARD_INTEGER, -3, 0}};
    CHECK(af_writer_cards(writer, cards, 4, &error) == AF_OK);
    CHECK(af_writer_image(writer, plane, form, "IMAGE", &error) == AF_OK);
    size_t count = 0;
    CHECK(af_writer_bytes(writer, &count) == nullptr);
    u32 steps = 1;
    while (af_writer_step(writer, 10, &error) == AF_MORE) ++steps;
    CHECK(steps == 5);
    const u8* bytes = af_writer_bytes(writer, &count);
    CHECK(count % 2880 == 0);

    AfStream* stream = af_stream_new(nullptr);
    CHECK(af_stream_push(stream, bytes, count, &error) == AF_OK);
    CHECK(af_stream_end(stream, &error) == AF_OK);
    const u32 index = form == AF_WRITE_PLAIN ? 0 : 1;
    CHECK(af_stream_hdu_count(stream) == index + 1);
    AfDecoding* decoding = af_decoding_new(stream, index, AF_FORM_WORKING, &error);
    CHECK(decoding != nullptr);
    CHECK(af_decoding_step(decoding, 1000, &error) == AF_OK);
    AfPlane* back = af_decoding_plane(decoding);
    CHECK(back->width == 67 && back->height == 41 && back->type == AF_I32);
    CHECK(std::memcmp(back->data, pixels, 4 * 67 * 41) == 0);
    af_plane_free(back);
    af_decoding_free(decoding);
    af_stream_free(stream);
    af_plane_free(plane);
    af_writer_free(writer);
  }
}

TEST(what_cannot_be_written_is_refused) {
  AfError error{};
  AfWriter* writer = af_writer_new();
  AfPlane* floats = af_plane_new(AF_F32, 4, 4);
  std::memset(floats->data, 0, 64);
  CHECK(af_writer_image(writer, floats, AF_WRITE_RICE_1, "", &error) == AF_INVALID_ARGUMENT);
  const AfWriterCard infinite = {"SEEING", nullptr, nullptr, AF_CARD_REAL, 0, 1.0 / 0.0};
  CHECK(af_writer_cards(writer, &infinite, 1, &error) == AF_INVALID_ARGUMENT);
  CHECK(std::string(error.keyword) == "SEEING");
  const AfWriterCard accented = {"OBSERVER", "Zo\xC3\xAB", nullptr, AF_CARD_TEXT, 0, 0};
  CHECK(af_writer_cards(writer, &accented, 1, &error) == AF_INVALID_ARGUMENT);
  for (const char* keyword : {"END", "CONTINUE", "COMMENT", "HISTORY", ""}) {
    const AfWriterCard valued = {keyword, "x", nullptr, AF_CARD_TEXT, 0, 0};
    CHECK(af_writer_cards(writer, &valued, 1, &error) == AF_INVALID_ARGUMENT);
  }
  CHECK(af_writer_image(writer, floats, AF_WRITE_GZIP_2, "A", &error) == AF_OK);
  CHECK(af_writer_image(writer, floats, AF_WRITE_PLAIN, "B", &error) == AF_INVALID_ARGUMENT);
  af_writer_free(writer);
  af_plane_free(floats);
}

TEST(what_was_refused_leaves_no_trace) {
  AfError error{};
  AfWriter* writer = af_writer_new();
  AfPlane* floats = af_plane_new(AF_F32, 4, 4);
  std::memset(floats->data, 0, 64);
  auto written = [&](const char* name) {
    CHECK(af_writer_image(writer, floats, AF_WRITE_PLAIN, name, &error) == AF_OK);
    while (af_writer_step(writer, 1, &error) == AF_MORE) continue;
    size_t count = 0;
    const uint8_t* bytes = af_writer_bytes(writer, &count);
    return std::string(reinterpret_cast<const char*>(bytes), count);
  };
  const std::string one = written("ONE");
  const AfWriterCard left = {"LEFT", nullptr, nullptr, AF_CARD_INTEGER, 1, 0};
  const AfWriterCard cards[] = {left, {"SEEING", nullptr, nullptr, AF_CARD_REAL, 0, 1.0 / 0.0}};
  CHECK(af_writer_cards(writer, cards, 2, &error) == AF_INVALID_ARGUMENT);
  CHECK(af_writer_cards(writer, &left, 1, &error) == AF_OK);
  CHECK(af_writer_image(writer, floats, AF_WRITE_RICE_1, "", &error) == AF_INVALID_ARGUMENT);
  const AfWriterColumn column = {"\n", nullptr, floats, 0};
  CHECK(af_writer_cards(writer, &left, 1, &error) == AF_OK);
  CHECK(af_writer_table(writer, &column, 1, "", &error) == AF_INVALID_ARGUMENT);
  // Cards cannot be added to an image that is being written.
  CHECK(af_writer_image(writer, floats, AF_WRITE_PLAIN, "TWO", &error) == AF_OK);
  CHECK(af_writer_cards(writer, &left, 1, &error) == AF_INVALID_ARGUMENT);
  while (af_writer_step(writer, 1, &error) == AF_MORE) continue;
  const std::string all = written("THREE");
  CHECK(all.substr(0, one.size()) == one);
  CHECK(all.find("LEFT") == std::string::npos);
  CHECK(all.find("'TWO") != std::string::npos && all.find("'THREE") != std::string::npos);
  CHECK(all.size() == 3 * one.size());
  af_writer_free(writer);
  af_plane_free(floats);
}

TEST(cards_that_cannot_stand_alone_become_comments) {
  AfError error{};
  AfWriter* writer = af_writer_new();
  AfPlane* bytes = af_plane_new(AF_U8, 1, 1);
  std::memset(bytes->data, 0, 1);
  const AfWriterCard cards[] = {{"NOVALUE", "some text", nullptr, AF_CARD_COMMENTARY, 0, 0},
                                {"BADCARD", "= what is this", nullptr, AF_CARD_COMMENTARY, 0, 0},
                                {"END", "no", nullptr, AF_CARD_COMMENTARY, 0, 0},
                                {"CONTINUE", "'x'", nullptr, AF_CARD_COMMENTARY, 0, 0},
                                {"small", "", nullptr, AF_CARD_COMMENTARY, 0, 0},
                                {"NAXIS", "2", nullptr, AF_CARD_COMMENTARY, 0, 0}};
  CHECK(af_writer_cards(writer, cards, 6, &error) == AF_OK);
  CHECK(af_writer_image(writer, bytes, AF_WRITE_PLAIN, "", &error) == AF_OK);
  CHECK(af_writer_step(writer, 1, &error) == AF_OK);
  size_t count = 0;
  const uint8_t* file = af_writer_bytes(writer, &count);
  const std::string header(reinterpret_cast<const char*>(file), 2880);
  for (const char* card : {"NOVALUE some text ", "COMMENT BADCARD = what is this ", "COMMENT END no ",
                           "COMMENT CONTINUE 'x' ", "COMMENT small  "})
    CHECK(header.find(card) % 80 == 0);
  CHECK(header.find("NAXIS   2") == std::string::npos);
  af_writer_free(writer);
  af_plane_free(bytes);
}
