// A FITS file while it arrives: headers parsed, the data of each HDU in one piece of memory.
#ifndef ASTRO_FITS_STREAM_H_
#define ASTRO_FITS_STREAM_H_

#include "header.h"
#include "inflate.h"

namespace af {

struct HduRecord {
  AfHduKind kind = AF_HDU_OTHER;
  Header header;
  u64 header_offset = 0;
  u64 data_offset = 0;
  u64 data_size = 0;  // without the padding to a block
  u32 width = 0;      // of the uncompressed image; 0 without pixels
  u32 height = 0;
  bool complete = false;
  bool released = false;      // the data were given back
  bool padding_told = false;  // that the fill is wrong
  u64 padding_sum = 0;        // of the fill behind the data as big-endian 32-bit words of the data block
  Array<u8> data;             // kReadAhead zero bytes follow once it is complete
  // Holds the place of the decoded image below the data, until it is decoded: see measure.
  mutable Array<u8> room;
  AfPlane* decoded = nullptr;  // kept by an ISR for the next one

  HduRecord() = default;
  ~HduRecord() { af_plane_free(decoded); }
  HduRecord(const HduRecord&) = delete;
  HduRecord& operator=(const HduRecord&) = delete;
};

// AF_INVALID_ARGUMENT when the data of this HDU are not there or not there any more.
AfStatus require_data(const HduRecord& hdu, i32 index, AfError* error);

}  // namespace af

struct AfStream {
  explicit AfStream(const AfStreamOptions& o) : options(o) {}
  ~AfStream();
  AfStream(const AfStream&) = delete;
  AfStream& operator=(const AfStream&) = delete;

  AfStatus push(const af::u8* bytes, size_t count);
  AfStatus end();
  AfStatus release(af::u32 index, AfError* failure);
  // The HDU, or null and an error when there is none of that index.
  const af::HduRecord* find(af::u32 index, AfError* failure) const;

  AfStreamOptions options;
  af::Array<af::HduRecord*> hdus;
  AfError error{};     // the first failure; it stays
  bool ended = false;  // nothing more comes

 private:
  enum class State { kHeader, kData, kPadding, kTail };

  AfStatus fail_at(AfStatus status, const char* message, af::i64 offset, const char* keyword = "");
  AfStatus feed(const af::u8* bytes, size_t count);
  AfStatus inflate(const af::u8* bytes, size_t count);
  AfStatus take_header_block();
  AfStatus finish_header();
  AfStatus measure(af::HduRecord* hdu);
  // Counts memory that the stream is about to hold. False when that is beyond the limit.
  bool claim(af::u64 bytes);
  AfStatus take_data(const af::u8** bytes, const af::u8* end);
  AfStatus take_padding(const af::u8** bytes, const af::u8* end);
  AfStatus report_last(const char* problem);
  AfStatus finish_data(af::HduRecord* hdu);

  State state_ = State::kHeader;
  af::Array<af::u8> block_;    // of a header, while it fills
  af::Array<char> cards_;      // of the header so far
  af::u64 header_offset_ = 0;  // where it began
  af::u64 held_ = 0;           // memory of headers and data, those that the last header promised included
  af::u64 fits_bytes_ = 0;     // taken so far, after the gzip wrapper is removed
  af::u64 padding_ = 0;        // bytes still to skip
  af::u8 magic_[2] = {};
  af::u32 magic_count_ = 0;
  bool sniffed_ = false;
  bool member_done_ = false;
  af::GzipReader* gzip_ = nullptr;
  af::Array<af::u8> window_;
  size_t window_position_ = 0;
};

#endif  // ASTRO_FITS_STREAM_H_
