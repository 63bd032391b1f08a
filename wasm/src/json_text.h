// JSON as it is written, one value after the other.
#ifndef ASTRO_FITS_JSON_TEXT_H_
#define ASTRO_FITS_JSON_TEXT_H_

#include "support.h"

namespace af {

class JsonText {
 public:
  explicit JsonText(Array<char>* out) : out_(out) {}

  JsonText& open(char bracket);
  JsonText& close(char bracket);
  JsonText& key(const char* name);
  // Characters that are not printable ASCII become `?`, as of headers.
  JsonText& text(const char* value);
  // Text of the host's, which is UTF-8 already.
  JsonText& utf8(const char* value);
  JsonText& integer(i64 value);
  // null when it is not finite.
  JsonText& real(double value);
  JsonText& logical(bool value);
  JsonText& null();
  // Ends the text with a zero byte. False when memory was short.
  [[nodiscard]] bool finish();

 private:
  void put(const char* characters, size_t count) { good_ = out_->append(characters, count) && good_; }
  void separate();
  void quote(const char* value, bool ascii);

  Array<char>* out_;
  bool first_ = true;  // of the object or list, or behind a key: no comma
  bool good_ = true;
};

}  // namespace af

#endif  // ASTRO_FITS_JSON_TEXT_H_
