// A detector of a few amplifiers to run a step on, and a file with one table to read a calibration from.
#ifndef ASTRO_FITS_TEST_FRAME_OF_H_
#define ASTRO_FITS_TEST_FRAME_OF_H_

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../src/isr_steps.h"
#include "check.h"

namespace check {

// `columns` x `rows` amplifiers of `width` x `height`; the upper half read from the top, every second one
// flipped in x.
struct Detector {
  Detector(af::u32 columns, af::u32 rows, af::u32 width, af::u32 height) {
    frame.width = columns * width;
    frame.height = rows * height;
    image.resize(size_t{frame.width} * frame.height);
    mask.resize(image.size());
    for (af::u32 row = 0; row < rows; ++row)
      for (af::u32 column = 0; column < columns; ++column) {
        af::AmplifierInfo a{};
        a.data = {0, 0, static_cast<int>(width), static_cast<int>(height)};
        a.detector = {static_cast<int>(column * width), static_cast<int>(row * height),
                      static_cast<int>((column + 1) * width), static_cast<int>((row + 1) * height)};
        a.flip_x = column % 2 == 1;
        a.flip_y = row >= (rows + 1) / 2;
        a.gain_electron_per_adu = 1.1 + 0.1 * static_cast<double>(amplifiers.size());
        a.read_noise_electron = 8;
        amplifiers.push_back(a);
      }
    frame.image = image.data();
    frame.mask = mask.data();
    frame.amplifiers = amplifiers.data();
    frame.amplifier_count = static_cast<af::u32>(amplifiers.size());
  }

  float& at(af::u32 x, af::u32 y) { return image[frame.at(x, y)]; }
  int32_t& mask_at(af::u32 x, af::u32 y) { return mask[frame.at(x, y)]; }

  std::vector<float> image;
  std::vector<int32_t> mask;
  std::vector<af::AmplifierInfo> amplifiers;
  af::IsrFrame frame;
};

// Ends the phase; `rows` a step.
inline AfStatus finish(af::Phase* phase, af::u32 rows) {
  AfError error{};
  AfStatus status = AF_MORE;
  while (status == AF_MORE) status = phase->step(rows, &error);
  af::destroy(phase);
  return status;
}

inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline double normal(Random& random) { return std::normal_distribution<double>()(random); }

// One column of a table: what TFORM says and the big-endian bytes of all rows.
struct TableColumn {
  std::string name, form;
  std::vector<Bytes> cells;
};

template <class T>
Bytes big_endian(const std::vector<T>& values) {
  Bytes out;
  for (const T& value : values) {
    Bytes bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    out.insert(out.end(), bytes.rbegin(), bytes.rend());
  }
  return out;
}
inline Bytes text_bytes(std::string text, size_t size) {
  text.resize(size, ' ');
  return Bytes(text.begin(), text.end());
}

// A file whose extensions are these tables; `cards` ("KEY = value") go into the header of the first.
inline Bytes calib_file(const std::vector<std::vector<TableColumn>>& tables,
                        const std::vector<std::string>& cards) {
  Bytes file;
  auto card = [&file](const std::string& text) {
    const Bytes bytes = text_bytes(text, 80);
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  auto pad = [&file](uint8_t with) { file.resize((file.size() + 2879) / 2880 * 2880, with); };
  for (const char* text : {"SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"}) card(text);
  pad(' ');
  for (size_t t = 0; t < tables.size(); ++t) {
    const auto& columns = tables[t];
    const size_t rows = columns.front().cells.size();
    size_t width = 0;
    for (const TableColumn& c : columns) width += rows == 0 ? 8 : c.cells[0].size();
    for (const std::string& text :
         {std::string("XTENSION= 'BINTABLE'"), std::string("BITPIX  = 8"), std::string("NAXIS   = 2"),
          "NAXIS1  = " + std::to_string(width), "NAXIS2  = " + std::to_string(rows),
          std::string("PCOUNT  = 0"), std::string("GCOUNT  = 1"),
          "TFIELDS = " + std::to_string(columns.size())})
      card(text);
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string n = std::to_string(i + 1) + (i < 9 ? " " : "");
      card("TTYPE" + n + " = '" + columns[i].name + "'");
      card("TFORM" + n + " = '" + columns[i].form + "'");
    }
    if (t == 0)
      for (const std::string& text : cards) card(text);
    card("END");
    pad(' ');
    for (size_t row = 0; row < rows; ++row)
      for (const TableColumn& c : columns) file.insert(file.end(), c.cells[row].begin(), c.cells[row].end());
    pad(0);
  }
  return file;
}

// Reads a calibration from a file with one of the read_... routines.
template <class Calib>
AfStatus read_calib(const Bytes& file, AfStatus (*read)(const AfStream&, Calib*, AfError*), Calib* out,
                    AfError* error) {
  AfStream* stream = af_stream_new(nullptr);
  AfStatus status = af_stream_push(stream, file.data(), file.size(), error);
  if (status == AF_OK) status = af_stream_end(stream, error);
  if (status == AF_OK) status = read(*stream, out, error);
  af_stream_free(stream);
  return status;
}

}  // namespace check

#endif  // ASTRO_FITS_TEST_FRAME_OF_H_
