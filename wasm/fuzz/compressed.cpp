// Reference: FITS standard 4.0, section 10.1 (tiled images).
#include "compressed.h"

namespace fuzz {

void decode_compressed(const Shape& shape, const Compressed& compressed, Input in) {
  const int axes = shape.cube ? 3 : 2;
  size_t tiles = 1;
  for (int i = 0; i < axes; ++i)
    tiles *= static_cast<size_t>((shape.image[i] + shape.tile[i] - 1) / shape.tile[i]);
  if (tiles > 1024) return;  // takes time and tells nothing new
  struct Field {
    std::string name, form;
    size_t bytes;
  };
  const std::string pointer = shape.wide ? "1Q" : "1P";
  const size_t descriptor = shape.wide ? 16 : 8;
  std::vector<Field> fields = {{"COMPRESSED_DATA", pointer + compressed.element, descriptor}};
  if (shape.fall_backs) {
    fields.push_back({"GZIP_COMPRESSED_DATA", pointer + "B", descriptor});
    fields.push_back({"UNCOMPRESSED_DATA", pointer + (compressed.bitpix == 16 ? "I" : "E"), descriptor});
  }
  if (!compressed.quantization.empty()) {
    fields.push_back({"ZSCALE", "1D", 8});
    fields.push_back({"ZZERO", "1D", 8});
    if (shape.blank) fields.push_back({"ZBLANK", "1J", 4});
  }
  size_t row = 0;
  for (const Field& field : fields) row += field.bytes;
  const size_t table = row * tiles;
  const size_t heap = in.left() > table ? in.left() - table : 0;

  File file;
  file.primary_without_data();
  file.text("XTENSION", "BINTABLE");
  file.number("BITPIX", 8);
  file.number("NAXIS", 2);
  file.number("NAXIS1", static_cast<long long>(row));
  file.number("NAXIS2", static_cast<long long>(tiles));
  file.number("PCOUNT", static_cast<long long>(heap));
  file.number("GCOUNT", 1);
  file.number("TFIELDS", static_cast<long long>(fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) {
    file.text("TTYPE" + std::to_string(i + 1), fields[i].name);
    file.text("TFORM" + std::to_string(i + 1), fields[i].form);
  }
  file.card("ZIMAGE  =                    T");
  file.text("ZCMPTYPE", compressed.algorithm);
  file.number("ZBITPIX", compressed.bitpix);
  file.number("ZNAXIS", axes);
  for (int i = 0; i < axes; ++i) {
    file.number("ZNAXIS" + std::to_string(i + 1), shape.image[i]);
    file.number("ZTILE" + std::to_string(i + 1), shape.tile[i]);
  }
  for (size_t i = 0; i < compressed.parameters.size(); ++i) {
    file.text("ZNAME" + std::to_string(i + 1), compressed.parameters[i].first);
    file.number("ZVAL" + std::to_string(i + 1), compressed.parameters[i].second);
  }
  if (!compressed.quantization.empty()) {
    file.text("ZQUANTIZ", compressed.quantization);
    file.number("ZDITHER0", 1 + shape.image[2]);
  }
  if (shape.blank) file.number(compressed.bitpix < 0 ? "ZBLANK" : "BLANK", -32768);
  if (shape.scaled) {
    file.card("BSCALE  =                  1.5");
    file.number("BZERO", 32768);
  }
  file.end();
  file.data(in.rest(), in.left(), table + heap);

  const MemoryWatch watch(8 * kMemoryLimit);
  AfStatus status = AF_OK;
  AfStream* stream = open_stream(file.bytes(), 0, &status);
  REQUIRE(status == AF_OK);
  decode_image(stream, 1, shape.form, shape.rows_a_step);
  af_stream_free(stream);
}

}  // namespace fuzz
