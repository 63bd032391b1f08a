// A raw of small segments with its masters. Gains and sizes come from its headers, for the camera table does not
// know such a detector.
#ifndef ASTRO_FITS_TEST_SMALL_RAW_H_
#define ASTRO_FITS_TEST_SMALL_RAW_H_

#include <string>
#include <vector>

#include "check.h"

namespace check {

inline constexpr int kPrescan = 3, kDataWidth = 21, kDataHeight = 18, kSerial = 17, kParallel = 15;
inline constexpr int kRawWidth = kPrescan + kDataWidth + kSerial, kRawHeight = kDataHeight + kParallel;
inline constexpr int kFrameWidth = 8 * kDataWidth, kFrameHeight = 2 * kDataHeight;
inline constexpr const char* kSegmentNames[] = {"10", "11", "12", "13", "14", "15", "16", "17",
                                                "07", "06", "05", "04", "03", "02", "01", "00"};

struct SmallRaw {
  Bytes file;
  std::vector<std::vector<int32_t>> segments;  // kRawHeight x kRawWidth each, in the order of the file
};

class FileMaker {
 public:
  void card(std::string text) {
    text.resize(80, ' ');
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  void end_header() {
    card("END");
    bytes.resize((bytes.size() + 2879) / 2880 * 2880, ' ');
  }
  template <class T>
  void pixels(const std::vector<T>& values) {
    static_assert(sizeof(T) == 4);
    for (const T& value : values)
      for (int i = 3; i >= 0; --i) bytes.push_back(reinterpret_cast<const uint8_t*>(&value)[i]);
    bytes.resize((bytes.size() + 2879) / 2880 * 2880, 0);
  }
  void image_cards(bool primary, int bitpix, int width, int height) {
    card(primary ? "SIMPLE  = T" : "XTENSION= 'IMAGE'");
    card("BITPIX  = " + std::to_string(bitpix));
    card("NAXIS   = " + std::to_string(width == 0 ? 0 : 2));
    if (width != 0) card("NAXIS1  = " + std::to_string(width));
    if (width != 0) card("NAXIS2  = " + std::to_string(height));
    if (!primary) card("PCOUNT  = 0");
    if (!primary) card("GCOUNT  = 1");
  }

  Bytes bytes;
};

// Levels, noise, drift along the rows, a bleed through the overscan, and saturated pixels.
inline SmallRaw small_raw(Random& random, const std::vector<std::string>& primary_cards = {}) {
  SmallRaw raw;
  FileMaker file;
  file.image_cards(true, 8, 0, 0);
  file.card("DETSIZE = '[1:" + std::to_string(kFrameWidth) + ",1:" + std::to_string(kFrameHeight) + "]'");
  file.card("DARKTIME= 20.3");
  for (const std::string& each : primary_cards) file.card(each);
  file.end_header();
  for (int s = 0; s < 16; ++s) {
    std::vector<int32_t> pixels(size_t{kRawWidth} * kRawHeight);
    const int level = 15000 + static_cast<int>(below(random, 9000));
    for (int y = 0; y < kRawHeight; ++y)
      for (int x = 0; x < kRawWidth; ++x) {
        int value = level + y / 3 + static_cast<int>(below(random, 25)) - 12;
        if (below(random, 60) == 0 && x < kPrescan + kDataWidth) value += 130000;
        if (y == 5 + s % 4 && x > kPrescan + kDataWidth + s % 9) value += 3000;
        pixels[static_cast<size_t>(y * kRawWidth + x)] = value;
      }
    const int column = kSegmentNames[s][1] - '0';
    const int x0 = column * kDataWidth;
    const std::string high = std::to_string(x0 + kDataWidth), low = std::to_string(x0 + 1);
    file.image_cards(false, 32, kRawWidth, kRawHeight);
    file.card(std::string("EXTNAME = 'Segment") + kSegmentNames[s] + "'");
    file.card("GAIN    = 1." + std::to_string(s));
    file.card("RDNOISE = " + std::to_string(5 + s % 4));
    file.card("DATASEC = '[" + std::to_string(kPrescan + 1) + ":" + std::to_string(kPrescan + kDataWidth) +
              ",1:" + std::to_string(kDataHeight) + "]'");
    file.card("DETSEC  = '[" + high + ":" + low + ",1:" + std::to_string(kDataHeight) + "]'");
    file.end_header();
    file.pixels(pixels);
    raw.segments.push_back(std::move(pixels));
  }
  raw.file = std::move(file.bytes);
  return raw;
}

struct SmallMaster {
  Bytes file;
  std::vector<float> pixels;
  std::vector<int32_t> mask;
};

// With a mask whose planes have other numbers than afw's defaults.
inline SmallMaster small_master(Random& random, float level, float spread, const std::string& unit,
                                int width = kFrameWidth) {
  SmallMaster master;
  const size_t count = static_cast<size_t>(width) * kFrameHeight;
  for (size_t i = 0; i < count; ++i) {
    master.pixels.push_back(level + spread * static_cast<float>(below(random, 1000)) / 1000);
    const uint64_t kind = below(random, 40);
    master.mask.push_back(kind == 0 ? 1 << 4 : kind == 1 ? 1 << 4 | 1 << 6 : kind == 2 ? 1 << 12 : 0);
  }
  FileMaker file;
  file.image_cards(true, 8, 0, 0);
  if (!unit.empty()) file.card("BUNIT   = '" + unit + "'");
  file.end_header();
  file.image_cards(false, -32, width, kFrameHeight);
  file.card("EXTNAME = 'IMAGE'");
  file.end_header();
  file.pixels(master.pixels);
  file.image_cards(false, 32, width, kFrameHeight);
  file.card("EXTNAME = 'MASK'");
  file.card("MP_BAD  = 4");
  file.card("MP_SAT  = 6");
  file.card("MP_DUST = 12");
  file.end_header();
  file.pixels(master.mask);
  master.file = std::move(file.bytes);
  return master;
}

}  // namespace check

#endif  // ASTRO_FITS_TEST_SMALL_RAW_H_
