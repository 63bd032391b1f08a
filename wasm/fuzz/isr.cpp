// The removal of the instrument's signature from a small raw with its calibs: options, sizes, cards and
// pixels of any kind. The segments' sections fit together unless the input's own cards say otherwise.
#include <algorithm>
#include <cstring>

#include "input.h"

namespace {

struct Sizes {
  int data_width, data_height, prescan, overscan, upper_rows;
  int raw_width() const { return prescan + data_width + overscan; }
  int raw_height() const { return data_height + upper_rows; }
};

// Pixels of the input from its beginning, again and again.
std::vector<uint8_t> pixels(fuzz::Input in, size_t bytes) {
  std::vector<uint8_t> out(bytes);
  if (in.left() == 0) return out;
  for (size_t at = 0; at < bytes; at += in.left())
    std::memcpy(out.data() + at, in.rest(), std::min(in.left(), bytes - at));
  return out;
}

std::string section(int x0, int y0, int width, int height, bool mirrored) {
  const std::string first = std::to_string(x0 + 1), last = std::to_string(x0 + width);
  return "[" + (mirrored ? last + ":" + first : first + ":" + last) + "," + std::to_string(y0 + 1) + ":" +
         std::to_string(y0 + height) + "]";
}

void image(fuzz::File* file, int bitpix, int width, int height, fuzz::Input in) {
  const size_t bytes = static_cast<size_t>(std::abs(bitpix) / 8 * width * height);
  file->number("BITPIX", bitpix);
  file->number("NAXIS", 2);
  file->number("NAXIS1", width);
  file->number("NAXIS2", height);
  file->number("PCOUNT", 0);
  file->number("GCOUNT", 1);
  file->end();
  const std::vector<uint8_t> data = pixels(in, bytes);
  file->data(data.data(), data.size(), bytes);
}

fuzz::File calib(int width, int height, fuzz::Input cards, fuzz::Input in) {
  fuzz::File file;
  file.card("SIMPLE  =                    T");
  file.lines(cards);
  image(&file, -32, width, height, in);
  return file;
}

}  // namespace

// Bytes of options and sizes; three paragraphs of cards: the raw's primary header, each segment's, the
// calibs'; pixels.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input in(data, size);
  AfIsrOptions options{};
  options.recipe = static_cast<int32_t>(in.below(2));
  options.overscan = static_cast<int32_t>(in.below(6));
  options.geometry = static_cast<int32_t>(in.below(2));
  options.steps = in.word() & ((1u << AF_STEP_COUNT) - 1);
  if (options.steps != 0) options.steps |= 1u << AF_STEP_ASSEMBLE;
  for (int32_t* skip : {&options.serial_skip[0], &options.serial_skip[1], &options.parallel_skip[0],
                        &options.parallel_skip[1]})
    *skip = static_cast<int32_t>(in.below(8));
  const uint8_t flags = in.byte();
  options.separate = flags & 1;
  options.statistics = flags >> 1 & 1;
  const uint32_t rows_a_step = flags & 4 ? 1 : 256;
  const bool has_calibs = flags & 8;
  const size_t chunk = flags & 16 ? 1000 : 0;
  static constexpr int kBitpix[] = {32, 16, -32, 8};
  const int bitpix = kBitpix[flags >> 6];
  Sizes s{};
  s.data_width = 1 + static_cast<int>(in.below(24));
  s.data_height = 1 + static_cast<int>(in.below(16));
  s.prescan = static_cast<int>(in.below(4));
  s.overscan = static_cast<int>(in.below(16));
  s.upper_rows = static_cast<int>(in.below(12));
  const int segments = 1 + static_cast<int>(in.below(16));
  const fuzz::Input primary = in.paragraph(), segment = in.paragraph(), calibs = in.paragraph();

  const int halves = segments > 8 ? 2 : 1;
  const int width = s.data_width * std::min(segments, 8), height = s.data_height * halves;
  fuzz::File raw;
  raw.card("SIMPLE  =                    T");
  raw.number("BITPIX", 8);
  raw.number("NAXIS", 0);
  raw.lines(primary);
  raw.end();
  for (int i = 0; i < segments; ++i) {
    raw.text("XTENSION", "IMAGE");
    raw.lines(segment);
    raw.text("EXTNAME", std::string("Segment") + (i < 8 ? "1" : "0") + std::to_string(i % 8));
    raw.text("DATASEC", section(s.prescan, 0, s.data_width, s.data_height, false));
    const int x0 = i % 8 * s.data_width, y0 = i < 8 ? 0 : s.data_height;
    raw.text("DETSEC", section(x0, y0, s.data_width, s.data_height, i % 3 == 0));
    raw.text("DETSIZE", section(0, 0, width, height, false));
    image(&raw, bitpix, s.raw_width(), s.raw_height(), in);
  }
  const fuzz::File calib_file = calib(width, height, calibs, in);
  fuzz::File defects;
  defects.primary_without_data();
  defects.text("XTENSION", "BINTABLE");
  defects.text("TTYPE1", "x0");
  defects.text("TTYPE2", "y0");
  defects.text("TTYPE3", "width");
  defects.text("TTYPE4", "height");
  for (int i = 1; i <= 4; ++i) defects.text("TFORM" + std::to_string(i), "I");
  defects.number("TFIELDS", 4);
  image(&defects, 8, 8, 4, in);
  fuzz::File crosstalk;
  crosstalk.primary_without_data();
  crosstalk.text("XTENSION", "BINTABLE");
  crosstalk.lines(calibs);
  crosstalk.text("TTYPE1", "CT_COEFFS");
  crosstalk.text("TFORM1", std::to_string(segments * segments) + "E");
  crosstalk.number("TFIELDS", 1);
  crosstalk.number("NAMP", segments);
  image(&crosstalk, 8, 4 * segments * segments, 1, in);

  const fuzz::MemoryWatch watch(8 * fuzz::kMemoryLimit);
  AfCalib* owned[AF_CALIB_KIND_COUNT] = {};
  AfStatus status = AF_OK;
  for (int32_t kind = 0; has_calibs && kind <= AF_CALIB_CROSSTALK; ++kind) {
    const fuzz::File& file = kind == AF_CALIB_DEFECTS     ? defects
                             : kind == AF_CALIB_CROSSTALK ? crosstalk
                                                          : calib_file;
    AfStream* stream = fuzz::open_stream(file.bytes(), 0, &status);
    if (status == AF_OK) options.calibs[kind] = owned[kind] = fuzz::read_calib(stream, kind, rows_a_step);
    af_stream_free(stream);
  }
  AfStream* stream = fuzz::open_stream(raw.bytes(), chunk, &status);
  fuzz::run_isr(options, stream, rows_a_step);
  af_stream_free(stream);
  for (AfCalib* one : owned) af_calib_free(one);
  return 0;
}
