// Reference: FITS standard 4.0, section 4, with the registered conventions CONTINUE and HIERARCH.
#include "header.h"

#include <cerrno>

namespace af {
namespace {

struct Span {
  const char* begin;
  const char* end;
  size_t size() const { return static_cast<size_t>(end - begin); }
  bool empty() const { return begin == end; }
};

Span trim_end(Span s) {
  while (s.end > s.begin && s.end[-1] == ' ') --s.end;
  return s;
}
Span trim(Span s) {
  while (s.begin < s.end && *s.begin == ' ') ++s.begin;
  return trim_end(s);
}
bool equal(Span s, const char* text) {
  const size_t n = std::strlen(text);
  return s.size() == n && std::memcmp(s.begin, text, n) == 0;
}

bool is_space(char c) { return c == ' '; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

// [sign] digits [. digits] [E or D [sign] digits], with blanks behind the sign and around the exponent's
// letter as some writers put them. Copies what strtod wants to `out`; returns where it ends, or null.
const char* copy_number(const char* p, const char* end, char* out, bool* whole) {
  auto skip = [&] {
    while (p < end && is_space(*p)) ++p;
  };
  auto digits = [&] {
    const char* first = p;
    while (p < end && is_digit(*p)) *out++ = *p++;
    return p - first;
  };
  auto sign = [&] {
    if (p < end && (*p == '+' || *p == '-')) {
      *out++ = *p++;
      skip();
    }
  };
  *whole = true;
  sign();
  auto count = digits();
  if (p < end && *p == '.') {
    *whole = false;
    *out++ = *p++;
    count += digits();
  }
  if (count == 0) return nullptr;
  const char* const mantissa_end = p;
  skip();
  if (p < end && std::strchr("EeDd", *p) != nullptr && *p != '\0') {
    *whole = false;
    ++p;
    *out++ = 'E';
    skip();
    sign();
    if (digits() == 0) return nullptr;
  } else {
    p = mantissa_end;
  }
  *out = '\0';
  return p;
}

// Without the slash; `s` begins with it or is blank.
Span comment_of(Span s) {
  s = trim(s);
  return s.empty() ? s : trim({s.begin + 1, s.end});
}

class Parser {
 public:
  explicit Parser(Header* header)
      : header_(*header), raw_(header->raw.data()), count_(header->raw.size() / kCardLength) {}

  bool run();

 private:
  const char* card_at(size_t i) const { return raw_ + i * kCardLength; }
  // Once for each card, so that the list stays smaller than the header.
  void report(const char* problem) {
    const Array<AfProblem>& list = header_.problems;
    const AfProblem* last = list.empty() ? nullptr : &list[list.size() - 1];
    if (last != nullptr && last->card == index_ + 1 && last->text == problem) return;
    memory_ = header_.report(index_ + 1, problem) && memory_;
  }
  void append(Span s, u32* offset, u32* length);
  void append_keyword(Span keyword, bool upper, AfCard* card);
  void parse(AfCard* card);
  void parse_value(Span field, AfCard* card);
  bool parse_text(Span value, AfCard* card);
  bool parse_plain(Span value, AfCard* card);
  void append_quoted(const char* quote, const char* closing);
  size_t join_continued(size_t mark);
  void append_comments(Span first, size_t continued, AfCard* card);
  void check_end();

  Header& header_;
  const char* raw_;
  size_t count_;
  size_t index_ = 0;  // of the card that is parsed
  bool memory_ = true;
};

void Parser::append(Span s, u32* offset, u32* length) {
  *offset = static_cast<u32>(header_.text.size());
  *length = static_cast<u32>(s.size());
  memory_ = header_.text.append(s.begin, s.size()) && memory_;
}

// Where the string that begins with the quote at `s.begin` ends, or null. A single quote before anything but
// a comment or the end is part of the string, as other readers take it.
const char* closing_quote(Span s) {
  for (const char* p = s.begin + 1; p < s.end; ++p) {
    if (*p != '\'') continue;
    if (p + 1 < s.end && p[1] == '\'') {
      ++p;
      continue;
    }
    const Span rest = trim({p + 1, s.end});
    if (rest.empty() || *rest.begin == '/') return p;
  }
  return nullptr;
}

// Appends what stands between the quotes, doubled ones made single, without the blanks behind.
void Parser::append_quoted(const char* quote, const char* closing) {
  const size_t mark = header_.text.size();
  for (const char* p = quote + 1; p < closing; ++p) {
    if (*p == '\'') {
      if (p + 1 < closing && p[1] == '\'')
        ++p;
      else
        report("a quote inside a string that is not doubled");
    }
    memory_ = header_.text.push(*p) && memory_;
  }
  size_t size = header_.text.size();
  while (size > mark && header_.text[size - 1] == ' ') --size;
  memory_ = header_.text.resize(size) && memory_;
}

// What a CONTINUE card adds: a string between quotes (null when there is none) and a comment.
struct Continued {
  const char *quote, *closing;
  Span comment;
};
bool parse_continued(const char* card, Continued* out) {
  if (std::memcmp(card, "CONTINUE ", 9) != 0) return false;
  const Span value = trim({card + 9, card + kCardLength});
  *out = {nullptr, nullptr, value};
  if (!value.empty() && *value.begin == '\'') {
    const char* closing = closing_quote(value);
    if (closing == nullptr) return false;
    *out = {value.begin, closing, trim({closing + 1, value.end})};
  }
  if (out->comment.empty()) return true;
  if (*out->comment.begin != '/') return false;
  out->comment = trim({out->comment.begin + 1, out->comment.end});
  return true;
}

// Joins the strings of the CONTINUE cards behind the card; returns how many there are.
size_t Parser::join_continued(size_t mark) {
  Array<char>& text = header_.text;
  size_t used = 0;
  Continued part{};
  while (index_ + used + 1 < count_ && text.size() > mark && text[text.size() - 1] == '&' &&
         parse_continued(card_at(index_ + used + 1), &part)) {
    memory_ = text.resize(text.size() - 1) && memory_;
    if (part.quote != nullptr) append_quoted(part.quote, part.closing);
    ++used;
  }
  return used;
}

// The comment of a long string stands in pieces on its cards.
void Parser::append_comments(Span first, size_t continued, AfCard* card) {
  append(first, &card->comment, &card->comment_length);
  Continued part{};
  for (size_t k = 1; k <= continued; ++k) {
    if (!parse_continued(card_at(index_ + k), &part) || part.comment.empty()) continue;
    if (card->comment_length > 0) memory_ = header_.text.push(' ') && memory_;
    memory_ = header_.text.append(part.comment.begin, part.comment.size()) && memory_;
    card->comment_length = static_cast<u32>(header_.text.size() - card->comment);
  }
}

bool Parser::parse_text(Span value, AfCard* card) {
  const char* closing = closing_quote(value);
  if (closing == nullptr) return false;
  const size_t mark = header_.text.size();
  card->type = AF_CARD_TEXT;
  card->text = static_cast<u32>(mark);
  append_quoted(value.begin, closing);
  const size_t continued = join_continued(mark);
  card->text_length = static_cast<u32>(header_.text.size() - mark);
  append_comments(comment_of({closing + 1, value.end}), continued, card);
  index_ += continued;
  return true;
}

// A logical, a number, a complex number or nothing.
bool Parser::parse_plain(Span value, AfCard* card) {
  const char* p = value.begin;
  char digits[kCardLength + 1];
  bool whole = false;
  if (value.empty() || *p == '/') {
    card->type = AF_CARD_UNDEFINED;
  } else if (*p == 'T' || *p == 'F') {
    card->type = AF_CARD_LOGICAL;
    card->integer = *p++ == 'T' ? 1 : 0;
  } else if (*p == '(') {
    auto part = [&](char closing) {
      do ++p;
      while (p < value.end && is_space(*p));
      p = copy_number(p, value.end, digits, &whole);
      while (p != nullptr && p < value.end && is_space(*p)) ++p;
      return p != nullptr && p < value.end && *p == closing;
    };
    if (!part(',') || !part(')')) return false;
    card->type = AF_CARD_TEXT;
    append({value.begin, ++p}, &card->text, &card->text_length);
  } else {
    p = copy_number(p, value.end, digits, &whole);
    if (p == nullptr) return false;
    errno = 0;
    const long long integer = whole ? std::strtoll(digits, nullptr, 10) : 0;
    card->type = whole && errno == 0 ? AF_CARD_INTEGER : AF_CARD_REAL;
    if (card->type == AF_CARD_INTEGER) card->integer = integer;
    card->real = card->type == AF_CARD_INTEGER ? static_cast<double>(integer) : std::strtod(digits, nullptr);
  }
  const Span rest = trim({p, value.end});
  if (!rest.empty() && *rest.begin != '/') return false;
  append(comment_of(rest), &card->comment, &card->comment_length);
  return true;
}

void Parser::parse_value(Span field, AfCard* card) {
  const Span value = trim(field);
  const size_t mark = header_.text.size();
  const bool quoted = !value.empty() && *value.begin == '\'';
  if (quoted ? parse_text(value, card) : parse_plain(value, card)) return;
  report(quoted ? "a string without a closing quote" : "a value that is no logical, number or string");
  memory_ = header_.text.resize(mark) && memory_;
  card->type = AF_CARD_BAD;
  card->text_length = 0;
  append(trim_end(field), &card->comment, &card->comment_length);
}

void Parser::append_keyword(Span keyword, bool upper, AfCard* card) {
  append(keyword, &card->keyword, &card->keyword_length);
  if (!memory_ || !upper) return;
  bool legal = true;
  for (u32 i = 0; i < card->keyword_length; ++i) {
    char& c = header_.text[card->keyword + i];
    legal = legal && ((c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_');
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  if (!legal) report("a keyword of other characters than A-Z, 0-9, hyphen and underscore");
}

void Parser::parse(AfCard* card) {
  const char* const raw = card_at(index_);
  card->number = static_cast<u32>(index_ + 1);
  bool printable = true;
  for (size_t i = 0; i < kCardLength; ++i) printable = printable && is_printable(raw[i]);
  if (!printable) report("characters that are not printable ASCII");

  Span keyword = trim_end({raw, raw + 8});
  Span field{raw + 10, raw + kCardLength};
  bool has_value = raw[8] == '=' && raw[9] == ' ';
  bool hierarch = false;
  const bool commentary = keyword.empty() || equal(keyword, "COMMENT") || equal(keyword, "HISTORY");
  if (commentary) {
    has_value = false;
  } else if (equal(keyword, "HIERARCH") && raw[8] == ' ') {
    const void* sign = std::memchr(raw + 8, '=', kCardLength - 8);
    if (sign != nullptr) {
      keyword = trim({raw + 8, static_cast<const char*>(sign)});
      field.begin = static_cast<const char*>(sign) + 1;
      has_value = hierarch = true;
    }
  } else if (equal(keyword, "CONTINUE")) {
    report("a CONTINUE card that continues no string");
  } else if (!has_value) {
    // The sign belongs in columns 9 and 10; some writers put it nearer.
    const char* sign = raw;
    while (sign < raw + 8 && !(sign[0] == '=' && sign[1] == ' ')) ++sign;
    if (sign < raw + 8) {
      keyword = {raw, sign};
      field.begin = sign + 2;
      has_value = true;
      report("the value indicator is not in columns 9 and 10");
    } else if (raw[8] == '=') {
      report("no blank behind the equals sign, so that there is no value");
    }
  }
  keyword = trim(keyword);
  append_keyword(keyword, has_value && !hierarch, card);
  if (has_value) {
    parse_value(field, card);
  } else {
    card->type = AF_CARD_COMMENTARY;
    append(trim_end({raw + 8, raw + kCardLength}), &card->comment, &card->comment_length);
  }
}

// END and everything behind it is blank.
void Parser::check_end() {
  bool blank = true;
  for (const char* p = card_at(index_) + 3; p < raw_ + header_.raw.size(); ++p) blank = blank && *p == ' ';
  if (!blank) report("the header is not blank behind END");
}

bool Parser::run() {
  for (; index_ < count_ && memory_; ++index_) {
    if (is_end_card(card_at(index_))) {
      header_.stored_cards = index_ + 1;
      check_end();
      return memory_;
    }
    AfCard card{};
    parse(&card);
    memory_ = header_.cards.push(card) && memory_;
  }
  return memory_;
}

}  // namespace

bool is_end_card(const char* card) { return std::memcmp(card, "END     ", 8) == 0; }

bool parse_cards(Header* header) { return Parser(header).run(); }

void read_text(const Header& header, const char* keyword, char* out, size_t size) {
  const AfCard* card = header.find(keyword);
  const size_t length = card != nullptr && card->type == AF_CARD_TEXT ? card->text_length : 0;
  size_t n = length < size ? length : size - 1;
  if (n > 0) std::memcpy(out, header.text.data() + card->text, n);
  while (n > 0 && out[n - 1] == ' ') --n;
  out[n] = '\0';
}

IndexedKeyword::IndexedKeyword(const char* stem, u32 index) {
  char digits[10];
  size_t count = 0;
  do digits[count++] = static_cast<char>('0' + index % 10);
  while ((index /= 10) != 0 && count < sizeof digits);
  size_t n = 0;
  while (*stem != '\0' && n < 8) text[n++] = *stem++;
  while (count > 0 && n + 1 < sizeof text) text[n++] = digits[--count];
  text[n] = '\0';
}

const AfCard* Header::find(const char* keyword) const {
  const size_t n = std::strlen(keyword);
  for (const AfCard& card : cards)
    if (card.keyword_length == n && std::memcmp(text.data() + card.keyword, keyword, n) == 0) return &card;
  return nullptr;
}

bool Header::integer(const char* keyword, i64* out) const {
  const AfCard* card = find(keyword);
  if (card == nullptr || card->type != AF_CARD_INTEGER) return false;
  *out = card->integer;
  return true;
}

bool Header::real(const char* keyword, double* out) const {
  const AfCard* card = find(keyword);
  if (card == nullptr || (card->type != AF_CARD_INTEGER && card->type != AF_CARD_REAL)) return false;
  *out = card->real;
  return true;
}

bool Header::logical(const char* keyword) const {
  const AfCard* card = find(keyword);
  return card != nullptr && card->type == AF_CARD_LOGICAL && card->integer == 1;
}

bool Header::text_is(const char* keyword, const char* wanted) const {
  const AfCard* card = find(keyword);
  const size_t n = std::strlen(wanted);
  return card != nullptr && card->type == AF_CARD_TEXT && card->text_length == n &&
         std::memcmp(text.data() + card->text, wanted, n) == 0;
}

}  // namespace af
