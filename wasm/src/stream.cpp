// Reference: FITS standard 4.0, sections 3 and 4.4.
#include "stream.h"

using namespace af;

namespace {

constexpr u64 kDefaultMemoryLimit = u64{1} << 30;
constexpr size_t kMaxHeaderBytes = size_t{4} << 20;
constexpr size_t kMaxHdus = 100000;
constexpr size_t kHistory = 32768;  // how far back a deflate match reaches
// From this size on an image's place in memory is chosen, when it is at most so many times as large as its
// data.
constexpr u64 kLargeData = u64{8} << 20, kMostRoom = 4;
constexpr size_t kSmallThings = size_t{256} << 10;
constexpr size_t kWindow = kHistory + (size_t{256} << 10);

constexpr u64 padded(u64 bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

// The byte count of a BITPIX value, or 0.
u64 bytes_per_pixel(i64 bitpix) {
  switch (bitpix) {
    case 8:
      return 1;
    case 16:
      return 2;
    case 32:
    case -32:
      return 4;
    case 64:
    case -64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

AfStatus af::require_data(const HduRecord& hdu, i32 index, AfError* error) {
  if (!hdu.complete) return fail(error, AF_INVALID_ARGUMENT, "the HDU has not arrived completely", {index});
  if (hdu.released) return fail(error, AF_INVALID_ARGUMENT, "the HDU's data were released", {index});
  return AF_OK;
}

AfStream::~AfStream() {
  for (HduRecord* hdu : hdus) destroy(hdu);
  destroy(gzip_);
}

AfStatus AfStream::fail_at(AfStatus status, const char* message, i64 offset, const char* keyword) {
  return fail(&error, status, message, {static_cast<i32>(hdus.size()), -1, offset, keyword});
}

AfStatus AfStream::push(const u8* bytes, size_t count) {
  if (error.status != AF_OK) return static_cast<AfStatus>(error.status);
  if (ended) return fail_at(AF_INVALID_ARGUMENT, "bytes after the end of the stream", -1);
  if (!sniffed_) {
    while (count > 0 && magic_count_ < 2) {
      magic_[magic_count_++] = *bytes++;
      --count;
    }
    if (magic_count_ < 2) return AF_OK;
    sniffed_ = true;
    if (magic_[0] == 0x1F && magic_[1] == 0x8B) {
      gzip_ = create<GzipReader>();
      if (gzip_ == nullptr || !window_.resize(kWindow))
        return fail_at(AF_OUT_OF_MEMORY, "no memory for the gzip window", -1);
    }
    const AfStatus status = gzip_ != nullptr ? inflate(magic_, 2) : feed(magic_, 2);
    if (status != AF_OK) return status;
  }
  return gzip_ != nullptr ? inflate(bytes, count) : feed(bytes, count);
}

AfStatus AfStream::inflate(const u8* bytes, size_t count) {
  const u8* const end = bytes + count;
  for (;;) {
    if (member_done_) {
      // Further members may follow, and so may zero padding.
      while (bytes < end && *bytes == 0) ++bytes;
      if (bytes == end) return AF_OK;
      member_done_ = false;
      gzip_->reset();
    }
    const size_t before = window_position_;
    const GzipReader::Result result = gzip_->run(&bytes, end, window_.data(), &window_position_, kWindow);
    if (result == GzipReader::Result::kBad)
      return fail_at(AF_MALFORMED, gzip_->problem(), static_cast<i64>(fits_bytes_));
    const AfStatus status = feed(window_.data() + before, window_position_ - before);
    if (status != AF_OK) return status;
    if (result == GzipReader::Result::kNeedInput) return AF_OK;
    if (result == GzipReader::Result::kDone) member_done_ = true;
    if (result == GzipReader::Result::kOutputFull) {
      std::memmove(window_.data(), window_.data() + window_position_ - kHistory, kHistory);
      window_position_ = kHistory;
    }
  }
}

AfStatus AfStream::feed(const u8* bytes, size_t count) {
  const u8* const end = bytes + count;
  while (bytes < end) {
    switch (state_) {
      case State::kHeader: {
        size_t take = kBlock - block_.size();
        if (take > static_cast<size_t>(end - bytes)) take = static_cast<size_t>(end - bytes);
        if (block_.empty() && cards_.empty()) header_offset_ = fits_bytes_;
        if (!block_.append(bytes, take)) return fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
        bytes += take;
        fits_bytes_ += take;
        // The first bytes already tell whether this is FITS at all; there is no need to wait for a whole
        // block.
        if (cards_.empty() && hdus.empty()) {
          const size_t known = block_.size() < 9 ? block_.size() : 9;
          if (std::memcmp(block_.data(), "SIMPLE  =", known) != 0)
            return fail_at(AF_MALFORMED, "not FITS: the file does not begin with SIMPLE", 0, "SIMPLE");
        }
        if (block_.size() == kBlock) {
          const AfStatus status = take_header_block();
          if (status != AF_OK) return status;
        }
        break;
      }
      case State::kData: {
        const AfStatus status = take_data(&bytes, end);
        if (status != AF_OK) return status;
        break;
      }
      case State::kPadding: {
        const AfStatus status = take_padding(&bytes, end);
        if (status != AF_OK) return status;
        break;
      }
      case State::kTail:
        fits_bytes_ += static_cast<u64>(end - bytes);
        return AF_OK;
    }
  }
  return AF_OK;
}

AfStatus AfStream::take_header_block() {
  const char* text = reinterpret_cast<const char*>(block_.data());
  const i64 offset = static_cast<i64>(fits_bytes_ - kBlock);
  if (cards_.empty() && !hdus.empty() && std::memcmp(text, "XTENSION=", 9) != 0) {
    // The standard lets special records follow the last HDU (section 3.5), and some writers pad to a tape
    // record. What was read stays good.
    state_ = State::kTail;
    return report_last("bytes that are no HDU follow");
  }
  if (cards_.size() + kBlock > kMaxHeaderBytes)
    return fail_at(AF_MALFORMED, "no END card in the first 4 MB of a header", offset);
  if (cards_.size() + kBlock > options.memory_limit - held_)
    return fail_at(AF_LIMIT, "headers larger than the memory limit", offset);
  if (!cards_.append(text, kBlock)) return fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
  block_.clear();
  for (size_t at = cards_.size() - kBlock; at < cards_.size(); at += kCardLength) {
    const char* card = cards_.data() + at;
    if (is_end_card(card)) return finish_header();
  }
  return AF_OK;
}

AfStatus AfStream::finish_header() {
  if (hdus.size() >= kMaxHdus) return fail_at(AF_LIMIT, "too many HDUs", -1);
  HduRecord* hdu = create<HduRecord>();
  if (hdu == nullptr) return fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
  hdu->header_offset = header_offset_;
  hdu->data_offset = fits_bytes_;
  AfStatus status = AF_OK;
  Header& header = hdu->header;
  if (!header.raw.append(cards_.data(), cards_.size()) || !parse_cards(&header)) {
    status = fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
  } else if (!claim(sizeof(HduRecord) + header.bytes())) {
    status = fail_at(AF_LIMIT, "headers larger than the memory limit", static_cast<i64>(header_offset_));
  } else {
    status = measure(hdu);
  }
  if (status == AF_OK && (!check_mandatory_cards(&header) || !hdus.push(hdu)))
    status = fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
  if (status != AF_OK) {
    destroy(hdu);
    return status;
  }
  cards_.clear();
  if (hdu->data_size == 0) return finish_data(hdu);
  state_ = State::kData;
  return AF_OK;
}

// Finds the kind, the shape and the size of the data, and takes memory for them.
AfStatus AfStream::measure(HduRecord* hdu) {
  const Header& h = hdu->header;
  const i64 at = static_cast<i64>(hdu->header_offset);
  i64 bitpix = 0, axes = 0;
  if (!h.integer("BITPIX", &bitpix) || bytes_per_pixel(bitpix) == 0)
    return fail_at(AF_MALFORMED, "BITPIX is missing or impossible", at, "BITPIX");
  if (!h.integer("NAXIS", &axes) || axes < 0 || axes > 999)
    return fail_at(AF_MALFORMED, "NAXIS is missing or impossible", at, "NAXIS");
  const bool primary = hdus.empty();
  i64 groups = 1, parameters = 0;
  h.integer("GCOUNT", &groups);
  h.integer("PCOUNT", &parameters);
  if (groups < 0) return fail_at(AF_MALFORMED, "GCOUNT is negative", at, "GCOUNT");
  if (parameters < 0) return fail_at(AF_MALFORMED, "PCOUNT is negative", at, "PCOUNT");
  // Random groups (an old form of tables) say NAXIS1 = 0 and do not count it.
  i64 first = 0;
  const bool random_groups = primary && h.logical("GROUPS") && h.integer("NAXIS1", &first) && first == 0;
  u64 pixels = axes > 0 ? 1 : 0, rows = axes > 0 ? 1 : 0, width = 0;
  for (u32 axis = 1; axis <= static_cast<u32>(axes); ++axis) {
    const IndexedKeyword keyword("NAXIS", axis);
    i64 length = 0;
    if (!h.integer(keyword.text, &length) || length < 0)
      return fail_at(AF_MALFORMED, "the length of an axis is missing or negative", at, keyword.text);
    if (axis == 1) width = static_cast<u64>(length);
    if (axis == 1 && random_groups) continue;
    bool fits = multiply(pixels, static_cast<u64>(length), &pixels);
    if (axis > 1) fits = multiply(rows, static_cast<u64>(length), &rows) && fits;
    if (!fits) return fail_at(AF_LIMIT, "an image larger than any memory", at, keyword.text);
  }
  u64 bytes = 0;
  if (!add(pixels, static_cast<u64>(parameters), &bytes) ||
      !multiply(bytes, bytes_per_pixel(bitpix), &bytes) ||
      !multiply(bytes, static_cast<u64>(groups), &bytes) || bytes > (u64{1} << 62))
    return fail_at(AF_LIMIT, "data larger than any memory", at);
  if (gzip_ == nullptr && options.expected_bytes != 0 && hdu->data_offset + bytes > options.expected_bytes)
    return fail_at(AF_MALFORMED, "truncated: the header promises more bytes than the file has", at);
  if (bytes > std::numeric_limits<size_t>::max() / 2 - kReadAhead || !claim(bytes + kReadAhead))
    return fail_at(AF_LIMIT, "data larger than the memory limit", at);
  hdu->data_size = bytes;

  if (primary) {
    hdu->kind = AF_HDU_PRIMARY;
  } else if (h.text_is("XTENSION", "IMAGE")) {
    hdu->kind = AF_HDU_IMAGE;
  } else if (h.text_is("XTENSION", "BINTABLE") || h.text_is("XTENSION", "A3DTABLE")) {
    hdu->kind = h.logical("ZIMAGE") ? AF_HDU_COMPRESSED_IMAGE : AF_HDU_BINTABLE;
  }
  if (hdu->kind == AF_HDU_COMPRESSED_IMAGE) {
    // What is wrong with these is said when the image is decoded: the file can still be walked.
    i64 z_axes = 0, length = 0;
    width = rows = 0;
    if (h.integer("ZNAXIS", &z_axes) && z_axes > 0 && z_axes <= 999) {
      if (h.integer("ZNAXIS1", &length) && length >= 0) width = static_cast<u64>(length);
      rows = 1;
      for (u32 axis = 2; axis <= static_cast<u32>(z_axes); ++axis)
        if (!h.integer(IndexedKeyword("ZNAXIS", axis).text, &length) || length < 0 ||
            !multiply(rows, static_cast<u64>(length), &rows))
          rows = 0;
    }
  }
  const bool image =
      hdu->kind == AF_HDU_PRIMARY || hdu->kind == AF_HDU_IMAGE || hdu->kind == AF_HDU_COMPRESSED_IMAGE;
  constexpr u64 kMaxSide = std::numeric_limits<i32>::max();
  if (image && !random_groups && width > 0 && rows > 0 && width <= kMaxSide && rows <= kMaxSide) {
    hdu->width = static_cast<u32>(width);
    hdu->height = static_cast<u32>(rows);
  }
  // A known length has been checked against the file's, so all of it can be taken at once. Otherwise the
  // memory grows with the bytes that do come, and a header that lies costs little.
  if (gzip_ == nullptr && options.expected_bytes != 0 && bytes > 0) {
    // Memory never shrinks, so a large image is to lie below its data: those are given back first, and what
    // is free at the end of the memory serves whatever comes next. What is small and stays goes into the gap
    // that `small` leaves below the data. Without this room nothing is lost but that; one image at a time has
    // it, so that a file of many takes no more than the limit for it.
    Array<u8> small;
    bool taken = false;
    for (const HduRecord* other : hdus) taken = taken || other->room.capacity() > 0;
    const u64 decoded = u64{hdu->width} * hdu->height * sizeof(float);
    if (!taken && hdu->kind == AF_HDU_COMPRESSED_IMAGE && bytes >= kLargeData &&
        decoded <= kMostRoom * bytes && decoded <= options.memory_limit) {
      (void)hdu->room.reserve(static_cast<size_t>(decoded));
      (void)small.reserve(kSmallThings);
    }
    if (!hdu->data.reserve(static_cast<size_t>(bytes) + kReadAhead))
      return fail_at(AF_OUT_OF_MEMORY, "no memory for the data", at);
  }
  return AF_OK;
}

bool AfStream::claim(u64 bytes) {
  if (bytes > options.memory_limit - held_) return false;
  held_ += bytes;
  return true;
}

AfStatus AfStream::take_data(const u8** bytes, const u8* end) {
  HduRecord* hdu = hdus[hdus.size() - 1];
  Array<u8>& data = hdu->data;
  const u64 missing = hdu->data_size - data.size();
  size_t take = static_cast<size_t>(end - *bytes);
  if (take > missing) take = static_cast<size_t>(missing);
  const size_t whole = static_cast<size_t>(hdu->data_size) + kReadAhead;
  if (data.size() + take > data.capacity()) {
    size_t wanted = 2 * (data.size() + take);
    if (wanted > whole) wanted = whole;
    if (!data.reserve(wanted))
      return fail(&error, AF_OUT_OF_MEMORY, "no memory for the data", {static_cast<i32>(hdus.size()) - 1});
  }
  if (!data.append(*bytes, take))
    return fail(&error, AF_OUT_OF_MEMORY, "no memory for the data", {static_cast<i32>(hdus.size()) - 1});
  *bytes += take;
  fits_bytes_ += take;
  return data.size() == hdu->data_size ? finish_data(hdu) : AF_OK;
}

AfStatus AfStream::take_padding(const u8** bytes, const u8* end) {
  HduRecord& hdu = *hdus[hdus.size() - 1];
  const u8 fill = hdu.header.text_is("XTENSION", "TABLE") ? ' ' : 0;
  bool clean = true;
  for (; *bytes < end && padding_ > 0; ++*bytes, ++fits_bytes_, --padding_) {
    const u8 byte = **bytes;
    clean = clean && byte == fill;
    hdu.padding_sum += u64{byte} << (24 - 8 * (fits_bytes_ & 3));
  }
  if (padding_ == 0) state_ = State::kHeader;
  if (clean || hdu.padding_told) return AF_OK;
  hdu.padding_told = true;
  return report_last("the fill behind the data is not zero, or not blank for an ASCII table");
}

AfStatus AfStream::report_last(const char* problem) {
  if (hdus[hdus.size() - 1]->header.report(0, problem)) return AF_OK;
  return fail_at(AF_OUT_OF_MEMORY, "no memory for a header", -1);
}

AfStatus AfStream::finish_data(HduRecord* hdu) {
  if (!hdu->data.reserve(static_cast<size_t>(hdu->data_size) + kReadAhead))
    return fail(&error, AF_OUT_OF_MEMORY, "no memory for the data", {static_cast<i32>(hdus.size()) - 1});
  std::memset(hdu->data.data() + hdu->data_size, 0, kReadAhead);
  hdu->complete = true;
  padding_ = padded(hdu->data_size) - hdu->data_size;
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
  block_.clear();
  return AF_OK;
}

AfStatus AfStream::end() {
  if (error.status != AF_OK) return static_cast<AfStatus>(error.status);
  const i64 at = static_cast<i64>(fits_bytes_);
  if (magic_count_ == 0) return fail_at(AF_MALFORMED, "not FITS: the file is empty", 0);
  if (!sniffed_) return fail_at(AF_MALFORMED, "truncated inside a header", 0);
  if (gzip_ != nullptr && !member_done_) return fail_at(AF_MALFORMED, "truncated inside the gzip stream", at);
  if (state_ == State::kData)
    return fail(&error, AF_MALFORMED, "truncated inside the data",
                {static_cast<i32>(hdus.size()) - 1, -1, at});
  const size_t begun = block_.size() < 9 ? block_.size() : 9;
  const bool extension = hdus.empty() || std::memcmp(block_.data(), "XTENSION=", begun) == 0;
  if (state_ == State::kHeader && (!cards_.empty() || hdus.empty() || (begun > 0 && extension)))
    return fail_at(AF_MALFORMED, "truncated inside a header: its END card is missing", at);
  ended = true;
  if (state_ == State::kPadding) return report_last("the fill behind the data is missing or too short");
  return state_ == State::kHeader && begun > 0 ? report_last("bytes that are no HDU follow") : AF_OK;
}

const HduRecord* AfStream::find(u32 index, AfError* failure) const {
  if (index < hdus.size()) return hdus[index];
  fail(failure, AF_INVALID_ARGUMENT, "no such HDU");
  return nullptr;
}

AfStatus AfStream::release(u32 index, AfError* failure) {
  if (find(index, failure) == nullptr) return AF_INVALID_ARGUMENT;
  HduRecord& hdu = *hdus[index];
  if (hdu.released) return AF_OK;
  if (require_data(hdu, static_cast<i32>(index), failure) != AF_OK) return AF_INVALID_ARGUMENT;
  hdu.data.release();
  hdu.room.release();
  hdu.released = true;
  held_ -= hdu.data_size + kReadAhead;
  return AF_OK;
}

extern "C" {

AfStream* af_stream_new(const AfStreamOptions* options) {
  AfStreamOptions with_defaults = options != nullptr ? *options : AfStreamOptions{};
  if (with_defaults.memory_limit == 0) with_defaults.memory_limit = kDefaultMemoryLimit;
  return create<AfStream>(with_defaults);
}

AfStatus af_stream_push(AfStream* stream, const uint8_t* bytes, size_t count, AfError* error) {
  const AfStatus status = stream->push(bytes, count);
  if (status != AF_OK) *error = stream->error;
  return status;
}

AfStatus af_stream_end(AfStream* stream, AfError* error) {
  const AfStatus status = stream->end();
  if (status != AF_OK) *error = stream->error;
  return status;
}

AfStatus af_stream_release(AfStream* stream, uint32_t hdu, AfError* error) {
  return stream->release(hdu, error);
}

uint32_t af_stream_hdu_count(const AfStream* stream) { return static_cast<u32>(stream->hdus.size()); }

AfStatus af_stream_hdu(const AfStream* stream, uint32_t index, AfHdu* hdu, AfError* error) {
  if (stream->find(index, error) == nullptr) return AF_INVALID_ARGUMENT;
  const HduRecord& record = *stream->hdus[index];
  *hdu = AfHdu{record.kind,
               record.complete ? 1 : 0,
               record.width,
               record.height,
               static_cast<u32>(record.header.cards.size()),
               static_cast<u32>(record.header.text.size()),
               static_cast<i64>(record.header_offset),
               record.header.cards.data(),
               record.header.text.data(),
               record.header.raw.data(),
               static_cast<u32>(record.header.stored_cards * kCardLength),
               static_cast<u32>(record.header.problems.size()),
               record.header.problems.data()};
  return AF_OK;
}

const AfPlane* af_stream_decoded(const AfStream* stream, uint32_t hdu) {
  return hdu < stream->hdus.size() ? stream->hdus[hdu]->decoded : nullptr;
}

void af_stream_free(AfStream* stream) { destroy(stream); }

}  // extern "C"
