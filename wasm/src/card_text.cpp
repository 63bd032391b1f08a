#include "card_text.h"

#include "header.h"
#include "number_text.h"

namespace af {
namespace {

// Strings begin in column 11 and numbers end in column 30 (fixed format).
constexpr size_t kValueEnd = 30;
constexpr size_t kKeyword = 8;

// A keyword of a family: the stem and then digits only.
bool is_indexed(const char* keyword, const char* stem) {
  const size_t n = std::strlen(stem);
  if (std::strncmp(keyword, stem, n) != 0 || keyword[n] == '\0') return false;
  for (const char* p = keyword + n; *p != '\0'; ++p)
    if (*p < '0' || *p > '9') return false;
  return true;
}

}  // namespace

bool is_plain_keyword(const char* keyword) {
  const size_t n = std::strlen(keyword);
  if (n == 0 || n > kKeyword) return false;
  for (const char* p = keyword; *p != '\0'; ++p)
    if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_')) return false;
  return true;
}

bool is_fits_text(const char* text) {
  for (; *text != '\0'; ++text)
    if (*text < ' ' || *text > '~') return false;
  return true;
}

bool is_commentary_keyword(const char* keyword) {
  return std::strcmp(keyword, "COMMENT") == 0 || std::strcmp(keyword, "HISTORY") == 0 || *keyword == '\0';
}

bool is_framing_keyword(const char* keyword) {
  return std::strcmp(keyword, "END") == 0 || std::strcmp(keyword, "CONTINUE") == 0;
}

bool is_structural(const char* keyword) {
  static constexpr const char* kAlone[] = {
      "SIMPLE",   "XTENSION", "BITPIX",   "NAXIS",    "EXTEND",   "PCOUNT",  "GCOUNT",
      "GROUPS",   "TFIELDS",  "THEAP",    "BSCALE",   "BZERO",    "BLANK",   "CHECKSUM",
      "DATASUM",  "EXTNAME",  "ZIMAGE",   "ZCMPTYPE", "ZBITPIX",  "ZNAXIS",  "ZQUANTIZ",
      "ZDITHER0", "ZBLANK",   "ZSCALE",   "ZZERO",    "ZSIMPLE",  "ZEXTEND", "ZTENSION",
      "ZPCOUNT",  "ZGCOUNT",  "ZHECKSUM", "ZDATASUM", "ZMASKCMP", "INHERIT", "LONGSTRN"};
  static constexpr const char* kIndexed[] = {"NAXIS", "TTYPE", "TFORM", "TUNIT",  "TDIM",  "TNULL", "TSCAL",
                                             "TZERO", "TDISP", "TBCOL", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL"};
  for (const char* each : kAlone)
    if (std::strcmp(keyword, each) == 0) return true;
  for (const char* each : kIndexed)
    if (is_indexed(keyword, each)) return true;
  return false;
}

void CardText::card(const char* characters, size_t count) {
  char line[kCardLength];
  std::memset(line, ' ', sizeof line);
  std::memcpy(line, characters, count < kCardLength ? count : kCardLength);
  good_ = characters_.append(line, sizeof line) && good_;
}

void CardText::value_card(const char* keyword, const char* value, bool right_justified, const char* comment) {
  char line[2 * kCardLength];
  size_t n = 0;
  const size_t length = std::strlen(value);
  auto put = [&](const char* text, size_t count) {
    for (size_t i = 0; i < count && n < sizeof line; ++i) line[n++] = text[i];
  };
  if (is_plain_keyword(keyword)) {
    put(keyword, std::strlen(keyword));
    while (n < kKeyword) line[n++] = ' ';
    put("= ", 2);
    while (right_justified && n + length < kValueEnd) line[n++] = ' ';
  } else {
    put("HIERARCH ", 9);
    put(keyword, std::strlen(keyword));
    put(" = ", 3);
  }
  put(value, length);
  if (*comment != '\0' && n + 3 < kCardLength) {
    while (n < kValueEnd) line[n++] = ' ';
    put(" / ", 3);
    put(comment, std::strlen(comment));
  }
  card(line, n);
}

void CardText::logical(const char* keyword, bool value, const char* comment) {
  value_card(keyword, value ? "T" : "F", true, comment);
}

void CardText::integer(const char* keyword, i64 value, const char* comment) {
  char digits[kNumberText];
  integer_text(value, digits);
  value_card(keyword, digits, true, comment);
}

void CardText::unsigned_integer(const char* keyword, u64 value, const char* comment) {
  char digits[kNumberText];
  unsigned_text(value, digits);
  value_card(keyword, digits, true, comment);
}

void CardText::real(const char* keyword, double value, const char* comment) {
  char digits[kNumberText];
  real_text(value, digits);
  value_card(keyword, digits, true, comment);
}

void CardText::text(const char* keyword, const char* value, const char* comment) {
  // Between the quotes: 80 characters less what stands before, the quotes, and the ampersand of a string that
  // goes on.
  const bool plain = is_plain_keyword(keyword);
  const size_t before = plain ? 10 : 12 + std::strlen(keyword);
  const char* rest = value;
  bool first = true;
  do {
    char quoted[kCardLength + 2];
    const size_t room = kCardLength - (first ? before : 10) - 2;
    size_t n = 0, used = 0;
    quoted[n++] = '\'';
    // Whether all of it fits without an ampersand.
    size_t whole = 0;
    for (const char* p = rest; *p != '\0'; ++p) whole += *p == '\'' ? 2 : 1;
    const bool goes_on = whole > room;
    const size_t limit = goes_on ? room - 1 : room;
    for (; rest[used] != '\0'; ++used) {
      const size_t width = rest[used] == '\'' ? 2 : 1;
      if (n - 1 + width > limit) break;
      quoted[n++] = rest[used];
      if (width == 2) quoted[n++] = '\'';
    }
    rest += used;
    if (goes_on) quoted[n++] = '&';
    while (first && !goes_on && plain && n < 9) quoted[n++] = ' ';
    quoted[n++] = '\'';
    quoted[n] = '\0';
    if (first) {
      value_card(keyword, quoted, false, goes_on ? "" : comment);
    } else {
      char line[2 * kCardLength] = "CONTINUE  ";
      std::strcat(line, quoted);
      if (!goes_on && *comment != '\0') {
        std::strcat(line, " / ");
        const size_t length = std::strlen(line);
        copy_text(line + length, sizeof line - length, comment);
      }
      card(line, std::strlen(line));
    }
    first = false;
  } while (*rest != '\0');
}

void CardText::undefined(const char* keyword, const char* comment) { value_card(keyword, "", true, comment); }

void CardText::commentary(const char* keyword, const char* text) {
  constexpr size_t kText = kCardLength - kKeyword;
  do {
    char line[kCardLength];
    std::memset(line, ' ', sizeof line);
    std::memcpy(line, keyword, std::strlen(keyword));
    size_t n = 0;
    while (n < kText && text[n] != '\0') ++n;
    std::memcpy(line + kKeyword, text, n);
    card(line, sizeof line);
    text += n;
  } while (*text != '\0');
}

void CardText::end() {
  card("END", 3);
  while (characters_.size() % kBlock != 0 && good_) card("", 0);
}

void CardText::append(const CardText& other) {
  good_ = other.good_ && characters_.append(other.characters_.data(), other.characters_.size()) && good_;
}

}  // namespace af
