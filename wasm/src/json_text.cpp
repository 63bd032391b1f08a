// Reference: RFC 8259.
#include "json_text.h"

#include "number_text.h"

namespace af {

void JsonText::separate() {
  if (!first_) put(",", 1);
  first_ = false;
}

JsonText& JsonText::open(char bracket) {
  separate();
  put(&bracket, 1);
  first_ = true;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  put(&bracket, 1);
  first_ = false;
  return *this;
}

JsonText& JsonText::key(const char* name) {
  text(name);
  put(":", 1);
  first_ = true;
  return *this;
}

void JsonText::quote(const char* value, bool ascii) {
  separate();
  put("\"", 1);
  for (const char* p = value; *p != '\0'; ++p) {
    const u8 byte = static_cast<u8>(*p);
    const char c = byte >= ' ' && (byte <= '~' || (!ascii && byte >= 0x80)) ? *p : '?';
    if (c == '"' || c == '\\') put("\\", 1);
    put(&c, 1);
  }
  put("\"", 1);
}

JsonText& JsonText::text(const char* value) {
  quote(value, true);
  return *this;
}

JsonText& JsonText::utf8(const char* value) {
  quote(value, false);
  return *this;
}

JsonText& JsonText::integer(i64 value) {
  separate();
  char digits[kNumberText];
  put(digits, static_cast<size_t>(integer_text(value, digits) - digits));
  return *this;
}

JsonText& JsonText::real(double value) {
  if (value - value != 0) return null();
  separate();
  char digits[kNumberText];
  put(digits, static_cast<size_t>(real_text(value, digits) - digits));
  return *this;
}

JsonText& JsonText::logical(bool value) {
  separate();
  put(value ? "true" : "false", value ? 4 : 5);
  return *this;
}

JsonText& JsonText::null() {
  separate();
  put("null", 4);
  return *this;
}

bool JsonText::finish() {
  put("", 1);
  return good_;
}

}  // namespace af
