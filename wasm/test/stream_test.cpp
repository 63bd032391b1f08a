// Whole files through the public header: chunks, headers, broken structure, and random mutations of all of
// it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "astro_fits.h"
#include "check.h"

using check::Bytes;
using check::Random;

namespace {

struct Outcome {
  AfStatus status = AF_OK;
  AfError error{};
  uint32_t hdus = 0;
  uint64_t hash = 14695981039346656037u;  // FNV-1a of the pixels
};

constexpr size_t kTypeBytes[] = {4, 4, 1, 1, 2, 2, 4, 8, 8, 8};  // by AfPlaneType

void read_physical(const AfStream* stream, uint32_t hdu, Outcome* o) {
  AfError error{};
  AfDecoding* decoding = af_decoding_new(stream, hdu, AF_FORM_PHYSICAL, &error);
  AfStatus status = decoding == nullptr ? static_cast<AfStatus>(error.status) : AF_MORE;
  while (status == AF_MORE) status = af_decoding_step(decoding, 3, &error);
  if (status == AF_OK) {
    AfPlane* plane = af_decoding_plane(decoding);
    const uint8_t* pixels = static_cast<const uint8_t*>(plane->data);
    const size_t bytes = size_t{plane->width} * plane->height * kTypeBytes[plane->type];
    for (size_t k = 0; k < bytes; ++k) o->hash = (o->hash ^ pixels[k]) * 1099511628211u;
    double summary[4];
    af_plane_summary(plane, summary);
    CHECK(!(summary[0] > summary[1]));
    af_decoding_free(decoding);
    af_plane_free(plane);
  } else {
    CHECK(error.status == status);
    af_decoding_free(decoding);
  }
}

// Every way the engine can be asked to read this file; frees everything.
Outcome read_all(const Bytes& bytes, Random* random, const AfStreamOptions* options = nullptr) {
  Outcome o;
  AfStream* stream = af_stream_new(options);
  for (size_t at = 0; at < bytes.size() && o.status == AF_OK;) {
    size_t n = bytes.size() - at;
    if (random != nullptr) n = std::min<size_t>(n, 1 + check::below(*random, 4000));
    // A copy of its own, so that reading past a chunk is seen.
    const Bytes chunk(bytes.begin() + static_cast<long>(at), bytes.begin() + static_cast<long>(at + n));
    o.status = af_stream_push(stream, chunk.data(), n, &o.error);
    at += n;
  }
  if (o.status == AF_OK) o.status = af_stream_end(stream, &o.error);
  o.hdus = af_stream_hdu_count(stream);
  for (uint32_t i = 0; i < o.hdus; ++i) {
    AfHdu hdu{};
    AfError error{};
    CHECK(af_stream_hdu(stream, i, &hdu, &error) == AF_OK);
    for (uint32_t c = 0; c < hdu.card_count; ++c) {
      const AfCard& card = hdu.cards[c];
      CHECK(card.keyword + card.keyword_length <= hdu.text_length);
      CHECK(card.text + card.text_length <= hdu.text_length);
      CHECK(card.comment + card.comment_length <= hdu.text_length);
    }
    if (hdu.complete == 0 || hdu.width == 0) continue;
    read_physical(stream, i, &o);
    AfDecoding* decoding = af_decoding_new(stream, i, AF_FORM_WORKING, &error);
    AfStatus status = decoding == nullptr ? static_cast<AfStatus>(error.status) : AF_MORE;
    while (status == AF_MORE) status = af_decoding_step(decoding, 5, &error);
    if (status == AF_OK) {
      AfPlane* plane = af_decoding_plane(decoding);
      const uint8_t* pixels = static_cast<const uint8_t*>(plane->data);
      for (size_t k = 0; k < size_t{plane->width} * plane->height * 4; ++k)
        o.hash = (o.hash ^ pixels[k]) * 1099511628211u;
      double limits[4] = {};
      const double half = 0.5;
      CHECK(af_zscale(plane, limits, &error) == AF_OK);
      CHECK(af_statistics(plane, &half, 1, limits, &error) == AF_OK);
      AfPlane* binned = af_bin(plane, 3, &error);
      CHECK(binned != nullptr);
      af_plane_free(binned);
      af_decoding_free(decoding);
      af_plane_free(plane);
    } else {
      CHECK(error.status == status);
      CHECK(std::memchr(error.message, 0, sizeof error.message) != nullptr);
      af_decoding_free(decoding);
      if (o.status == AF_OK) {
        o.status = status;
        o.error = error;
      }
    }
  }
  af_stream_free(stream);
  return o;
}

// Replaces the value of the first such card behind the primary header; adds it in place of an EXTNAME
// otherwise.
Bytes with_card(Bytes bytes, const std::string& keyword, const std::string& value, bool primary = false) {
  std::string text(bytes.begin(), bytes.end());
  std::string name = keyword;
  name.resize(8, ' ');
  size_t at = text.find(name, primary ? 0 : 2880);
  if (at == std::string::npos) at = text.find("EXTNAME ", 2880);
  std::string card = name + "= " + std::string(value.size() < 20 ? 20 - value.size() : 0, ' ') + value;
  card.resize(80, ' ');
  std::copy(card.begin(), card.end(), bytes.begin() + static_cast<long>(at));
  return bytes;
}

}  // namespace

TEST(chunks_do_not_matter) {
  Random random(1);
  for (const std::string& name : check::fixture_names()) {
    const Bytes bytes = check::fixture(name);
    const Outcome whole = read_all(bytes, nullptr);
    CHECK(whole.status == AF_OK);
    for (int round = 0; round < 5; ++round) {
      const Outcome parts = read_all(bytes, &random);
      CHECK(parts.status == AF_OK && parts.hdus == whole.hdus && parts.hash == whole.hash);
    }
  }
  CHECK(read_all(check::fixture("raw-rice.fits"), nullptr).hash ==
        read_all(check::fixture("raw-rice-in-gzip.fits"), nullptr).hash);
}

TEST(a_cut_file_is_malformed_or_whole) {
  for (const std::string& name : check::fixture_names()) {
    const Bytes bytes = check::fixture(name);
    for (size_t length = 0; length < bytes.size(); length += 61) {
      const Outcome o = read_all(Bytes(bytes.begin(), bytes.begin() + static_cast<long>(length)), nullptr);
      CHECK(o.status == AF_OK || o.status == AF_MALFORMED);
      CHECK(o.status == AF_MALFORMED || length >= 2880);
    }
  }
}

TEST(structure_that_lies_is_refused) {
  const Bytes raw = check::fixture("raw-rice.fits");
  struct {
    const char* keyword;
    const char* value;
    AfStatus status;
  } const lies[] = {
      {"BITPIX", "12", AF_MALFORMED},
      {"NAXIS", "1000", AF_MALFORMED},
      {"NAXIS1", "-8", AF_MALFORMED},
      {"NAXIS1", "1099511627776", AF_LIMIT},
      {"NAXIS2", "9223372036854775807", AF_LIMIT},
      {"PCOUNT", "9223372036854775807", AF_LIMIT},
      {"PCOUNT", "-1", AF_MALFORMED},
      {"GCOUNT", "-1", AF_MALFORMED},
      {"GCOUNT", "0", AF_MALFORMED},
      {"TFIELDS", "1000", AF_MALFORMED},
      {"TFORM1", "'1PZ(9) '", AF_MALFORMED},
      {"TFORM1", "'99999999999999999999PB'", AF_MALFORMED},
      {"TTYPE1", "'SOMETHING'", AF_MALFORMED},
      {"ZCMPTYPE", "'LZW_1   '", AF_UNSUPPORTED},
      {"ZCMPTYPE", "'PLIO_1  '", AF_MALFORMED},
      {"ZCMPTYPE", "'HCOMPRESS_1'", AF_MALFORMED},
      {"ZBITPIX", "9", AF_MALFORMED},
      {"ZNAXIS2", "2147483647", AF_MALFORMED},
      {"ZTILE1", "0", AF_MALFORMED},
      {"ZTILE1", "-1", AF_MALFORMED},
      {"ZTILE2", "2", AF_MALFORMED},
      {"ZVAL1", "0", AF_MALFORMED},
      {"THEAP", "1", AF_MALFORMED},
      {"THEAP", "999999999", AF_MALFORMED},
  };
  for (const auto& lie : lies) {
    const Outcome o = read_all(with_card(raw, lie.keyword, lie.value), nullptr);
    if (o.status != lie.status)
      throw check::Failure(std::string(lie.keyword) + " = " + lie.value + ": " + o.error.message);
    CHECK(o.error.hdu == 1 || o.status == AF_MALFORMED);
  }
  // Uncompressed images: a group count of 0 promises no data at all.
  CHECK(read_all(with_card(check::fixture("plain-images.fits"), "GCOUNT", "0"), nullptr).status ==
        AF_MALFORMED);
}

TEST(the_caller_s_memory_limit_holds) {
  const Bytes raw = check::fixture("raw-rice.fits");
  AfStreamOptions options{0, 1000};
  CHECK(read_all(raw, nullptr, &options).status == AF_LIMIT);
  options.memory_limit = 200000;
  CHECK(read_all(raw, nullptr, &options).status == AF_OK);
}

namespace {

AfStatus push_all(AfStream* stream, const Bytes& bytes, AfError* error) {
  return af_stream_push(stream, bytes.data(), bytes.size(), error);
}

Bytes header_of(std::initializer_list<const char*> cards) {
  std::string header;
  for (const char* card : cards) {
    header += card;
    header.resize((header.size() + 79) / 80 * 80, ' ');
  }
  header.resize((header.size() + 2879) / 2880 * 2880, ' ');
  return Bytes(header.begin(), header.end());
}

}  // namespace

TEST(the_memory_limit_bounds_the_whole_stream) {
  const Bytes first = header_of({"SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"});
  Bytes image = header_of({"XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 1", "NAXIS1  = 28800", "END"});
  image.resize(image.size() + 28800);
  const Bytes empty = header_of({"XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 0", "END"});
  const AfStreamOptions options{0, 115000};
  AfError error{};

  // Four images do not fit; they do when those that were read are given back.
  for (const bool release : {false, true}) {
    AfStream* stream = af_stream_new(&options);
    CHECK(push_all(stream, first, &error) == AF_OK);
    AfStatus status = AF_OK;
    uint32_t pushed = 0;
    for (; pushed < 20 && status == AF_OK; ++pushed) {
      status = push_all(stream, image, &error);
      if (release && status == AF_OK) CHECK(af_stream_release(stream, pushed + 1, &error) == AF_OK);
    }
    CHECK(release ? status == AF_OK : status == AF_LIMIT && pushed == 4 && error.hdu == 4);
    af_stream_free(stream);
  }

  // Headers alone reach it too.
  AfStream* stream = af_stream_new(&options);
  CHECK(push_all(stream, first, &error) == AF_OK);
  AfStatus status = AF_OK;
  uint32_t count = 0;
  while (status == AF_OK && count < 1000) {
    status = push_all(stream, empty, &error);
    ++count;
  }
  CHECK(status == AF_LIMIT && count > 10 && count < 200);  // 500 bytes each at least
  af_stream_free(stream);

  // And one header that does not end.
  stream = af_stream_new(&options);
  Bytes endless = header_of({"SIMPLE  = T"});
  status = push_all(stream, endless, &error);
  const Bytes blank(2880, ' ');
  for (count = 0; status == AF_OK && count < 1000; ++count) status = push_all(stream, blank, &error);
  CHECK(status == AF_LIMIT && count < 100);
  af_stream_free(stream);
}

TEST(released_data_cannot_be_read) {
  const Bytes raw = check::fixture("raw-rice.fits");
  AfError error{};
  AfStream* stream = af_stream_new(nullptr);
  CHECK(af_stream_push(stream, raw.data(), 6000, &error) == AF_OK);
  CHECK(af_stream_hdu_count(stream) == 2);
  CHECK(af_stream_release(stream, 1, &error) == AF_INVALID_ARGUMENT);  // not complete
  CHECK(af_stream_release(stream, 2, &error) == AF_INVALID_ARGUMENT);  // not there
  CHECK(af_stream_push(stream, raw.data() + 6000, raw.size() - 6000, &error) == AF_OK);
  CHECK(af_stream_end(stream, &error) == AF_OK);
  CHECK(af_stream_release(stream, 1, &error) == AF_OK);
  CHECK(af_stream_release(stream, 1, &error) == AF_OK);
  CHECK(af_decoding_new(stream, 1, AF_FORM_WORKING, &error) == nullptr);
  CHECK(error.status == AF_INVALID_ARGUMENT && error.hdu == 1);
  AfDecoding* other = af_decoding_new(stream, 2, AF_FORM_WORKING, &error);
  CHECK(other != nullptr);
  af_decoding_free(other);
  AfHdu hdu{};
  CHECK(af_stream_hdu(stream, 1, &hdu, &error) == AF_OK && hdu.card_count > 0);
  CHECK(af_stream_push(stream, raw.data(), 1, &error) == AF_INVALID_ARGUMENT);
  af_stream_free(stream);
}

TEST(a_wrong_size_of_the_file_is_noticed) {
  const Bytes raw = check::fixture("raw-rice.fits");
  AfStreamOptions options{6000, 0};
  CHECK(read_all(raw, nullptr, &options).status == AF_MALFORMED);
  options.expected_bytes = raw.size();
  CHECK(read_all(raw, nullptr, &options).status == AF_OK);
}

TEST(cards_of_every_kind) {
  const char* cards[] = {
      "SIMPLE  =                    T / a comment",
      "BITPIX  =                    8",
      "NAXIS   =                    0",
      "WHOLE   =                  -17 / int",
      "BIG     =  9223372036854775808",
      "REAL    =   1.25D-3",
      "TEXT    = 'it''s / text  ' / quoted",
      "EMPTY   = ''",
      "NOTHING =                      / undefined",
      "BAD1    = 'not closed",
      "BAD2    = 12abc",
      "BAD3    = 12 no slash",
      "COMMENT = 'not a value'",
      "HIERARCH a b c = 5 / long keyword",
      "LONG    = 'one &'",
      "CONTINUE  'two &'",
      "CONTINUE  'three' / end",
      "LONE    = 'ends with &'",
      "CONTINUE  no quote",
      "        free text",
      "END",
  };
  std::string header;
  for (const char* card : cards) {
    std::string padded = card;
    padded.resize(80, ' ');
    header += padded;
  }
  header.resize(2880, ' ');
  AfStream* stream = af_stream_new(nullptr);
  AfError error{};
  CHECK(af_stream_push(stream, reinterpret_cast<const uint8_t*>(header.data()), header.size(), &error) ==
        AF_OK);
  CHECK(af_stream_end(stream, &error) == AF_OK);
  AfHdu hdu{};
  CHECK(af_stream_hdu(stream, 0, &hdu, &error) == AF_OK);
  CHECK(hdu.card_count == 18);
  auto keyword = [&](int i) {
    return std::string(hdu.text + hdu.cards[i].keyword, hdu.cards[i].keyword_length);
  };
  auto text = [&](int i) { return std::string(hdu.text + hdu.cards[i].text, hdu.cards[i].text_length); };
  auto comment = [&](int i) {
    return std::string(hdu.text + hdu.cards[i].comment, hdu.cards[i].comment_length);
  };
  CHECK(hdu.cards[0].type == AF_CARD_LOGICAL && hdu.cards[0].integer == 1 && comment(0) == "a comment");
  CHECK(hdu.cards[3].type == AF_CARD_INTEGER && hdu.cards[3].integer == -17 && comment(3) == "int");
  CHECK(hdu.cards[4].type == AF_CARD_REAL && hdu.cards[4].real == 9223372036854775808.0);
  CHECK(hdu.cards[5].type == AF_CARD_REAL && hdu.cards[5].real == 0.00125);
  CHECK(hdu.cards[6].type == AF_CARD_TEXT && text(6) == "it's / text" && comment(6) == "quoted");
  CHECK(hdu.cards[7].type == AF_CARD_TEXT && text(7).empty());
  CHECK(hdu.cards[8].type == AF_CARD_UNDEFINED && comment(8) == "undefined");
  for (int i = 9; i < 12; ++i) CHECK(hdu.cards[i].type == AF_CARD_BAD);
  CHECK(hdu.cards[12].type == AF_CARD_COMMENTARY && comment(12) == "= 'not a value'");
  CHECK(keyword(13) == "a b c" && hdu.cards[13].integer == 5);
  CHECK(keyword(14) == "LONG" && text(14) == "one two three");
  CHECK(text(15) == "ends with &" && keyword(16) == "CONTINUE");
  CHECK(hdu.cards[17].type == AF_CARD_COMMENTARY && comment(17) == "free text");
  af_stream_free(stream);
}

// Flips, cuts, copies and inserts bytes in the fixtures for AF_FUZZ_SECONDS (20 by default). Under the
// sanitizers any over-read, overflow, leak or trap ends the program.
TEST(mutated_files_end_with_a_status) {
  const char* wanted = std::getenv("AF_FUZZ_SECONDS");
  const double seconds = wanted != nullptr ? std::atof(wanted) : 20;
  const uint64_t seed =
      std::getenv("AF_FUZZ_SEED") != nullptr ? std::strtoull(std::getenv("AF_FUZZ_SEED"), nullptr, 10) : 42;
  Random random(seed);
  std::vector<Bytes> originals;
  for (const std::string& name : check::fixture_names()) originals.push_back(check::fixture(name));
  AfStreamOptions options{0, 8 << 20};
  const auto start = std::chrono::steady_clock::now();
  uint64_t runs = 0, refused = 0;
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds ||
         runs < 50) {
    Bytes bytes = originals[runs % originals.size()];
    for (uint64_t n = 1 + check::below(random, 6); n > 0; --n) {
      const size_t at = check::below(random, bytes.size());
      switch (check::below(random, 6)) {
        case 0:
          bytes[at] ^= static_cast<uint8_t>(1u << check::below(random, 8));
          break;
        case 1:
          bytes[at] = static_cast<uint8_t>(random());
          break;
        case 2:
          bytes[at] = static_cast<uint8_t>('0' + check::below(random, 10));
          break;
        case 3:
          bytes.resize(at + 1);
          break;
        case 4:
          bytes.insert(bytes.begin() + static_cast<long>(at), 1 + check::below(random, 9),
                       static_cast<uint8_t>(random()));
          break;
        default: {
          const size_t from = check::below(random, bytes.size());
          const size_t count = std::min({check::below(random, 100), bytes.size() - at, bytes.size() - from});
          std::memmove(bytes.data() + at, bytes.data() + from, count);
        }
      }
    }
    const Outcome o = read_all(bytes, runs % 3 == 0 ? &random : nullptr, &options);
    refused += o.status != AF_OK ? 1 : 0;
    CHECK(o.status != AF_INVALID_ARGUMENT);
    ++runs;
  }
  CHECK(refused > runs / 4 && refused < runs);
  std::printf("%llu mutated files, %llu refused (seed %llu)\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(refused), static_cast<unsigned long long>(seed));
}
