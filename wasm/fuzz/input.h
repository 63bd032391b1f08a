// What the fuzzing targets share: the fuzzer's bytes taken apart, FITS headers put together, and memory
// watched.
#ifndef ASTRO_FITS_FUZZ_INPUT_H_
#define ASTRO_FITS_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "astro_fits.h"

namespace fuzz {

// What a target's streams and planes may hold, small so that a size that is believed shows at once.
inline constexpr uint64_t kMemoryLimit = uint64_t{2} << 20;

// Ends the program, which the fuzzer reports with the input that led here.
#define REQUIRE(condition)                                                               \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);       \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

// The fuzzer's bytes from front to back; zeros once they are used up.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  uint32_t below(uint32_t bound) { return byte() % bound; }
  uint16_t word() {
    const uint16_t low = byte();
    return static_cast<uint16_t>(low | byte() << 8);
  }
  const uint8_t* rest() const { return data_; }
  size_t left() const { return size_; }
  // What stands before the first empty line, which is taken away too.
  Input paragraph() {
    size_t end = 0;
    while (end < size_ && !(data_[end] == '\n' && (end == 0 || data_[end - 1] == '\n'))) ++end;
    const Input text = part(end);
    byte();
    return text;
  }
  // The next `count` bytes, fewer at the end.
  Input part(size_t count) {
    if (count > size_) count = size_;
    const Input front(data_, count);
    data_ += count;
    size_ -= count;
    return front;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// A FITS file from cards and data.
class File {
 public:
  void card(std::string text) {
    text.resize(80, ' ');
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void text(const std::string& keyword, const std::string& value) { field(keyword, "'" + value + "'"); }
  void number(const std::string& keyword, long long value) { field(keyword, std::to_string(value)); }
  // One card a line.
  void lines(Input input) {
    std::string line;
    for (; input.left() > 0;) {
      const char c = static_cast<char>(input.byte());
      if (c != '\n') {
        line += c;
        continue;
      }
      card(line);
      line.clear();
    }
    if (!line.empty()) card(line);
  }
  void end() {
    card("END");
    pad(' ');
  }
  void data(const uint8_t* bytes, size_t count, size_t promised) {
    bytes_.insert(bytes_.end(), bytes, bytes + (count < promised ? count : promised));
    if (count < promised) bytes_.resize(bytes_.size() + promised - count);
    pad('\0');
  }
  // A binary table of the input: two bytes tell its sides and one its columns, a paragraph has its cards,
  // what follows is its data.
  void table(Input in) {
    const size_t row_bytes = in.byte(), rows = in.byte();
    const uint8_t fields = in.byte();
    const Input cards = in.paragraph();
    const size_t bytes = row_bytes * rows, heap = in.left() > bytes ? in.left() - bytes : 0;
    text("XTENSION", "BINTABLE");
    number("BITPIX", 8);
    number("NAXIS", 2);
    number("NAXIS1", static_cast<long long>(row_bytes));
    // 255 rows of nothing are the most that a table may claim.
    number("NAXIS2", rows == 255 && row_bytes == 0 ? 2147483647 : static_cast<long long>(rows));
    number("PCOUNT", static_cast<long long>(heap));
    number("GCOUNT", 1);
    number("TFIELDS", fields);
    lines(cards);
    end();
    data(in.rest(), in.left(), bytes + heap);
  }
  void primary_without_data() {
    card("SIMPLE  =                    T");
    number("BITPIX", 8);
    number("NAXIS", 0);
    end();
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void field(std::string keyword, const std::string& value) {
    keyword.resize(8, ' ');
    card(keyword + "= " + value);
  }
  void pad(char fill) { bytes_.resize((bytes_.size() + 2879) / 2880 * 2880, static_cast<uint8_t>(fill)); }

  std::vector<uint8_t> bytes_;
};

// Counts what is allocated and not freed; ends the program when that goes beyond `limit` above what was
// held when the watch began. One at a time.
class MemoryWatch {
 public:
  explicit MemoryWatch(uint64_t limit);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;
};

// Pushes the bytes in chunks of that size (0 = all at once) and ends the stream. Free the stream.
AfStream* open_stream(const std::vector<uint8_t>& bytes, size_t chunk, AfStatus* status);

// Reads what the stream offers: every card, image, table, checksum and description of the sky.
void read_everything(AfStream* stream, uint32_t rows_a_step);

// Columns, values and cells of one HDU.
void read_table(const AfStream* stream, uint32_t hdu);

// Takes pixels to the sky and back.
void use_wcs(const AfStream* stream, uint32_t hdu, int32_t alternate);

// Null when the file is no such calib. Free the calib.
AfCalib* read_calib(AfStream* stream, int32_t kind, uint32_t rows_a_step);

// The whole removal of the instrument's signature, its report included.
void run_isr(const AfIsrOptions& options, AfStream* raw, uint32_t rows_a_step);

// Decodes one image in the form and steps that are told; errors are fine.
void decode_image(const AfStream* stream, uint32_t hdu, int32_t form, uint32_t rows_a_step);

}  // namespace fuzz

#endif  // ASTRO_FITS_FUZZ_INPUT_H_
