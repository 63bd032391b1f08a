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

bool append(Array<char>* text, Span s, u32* offset, u32* length) {
  *offset = static_cast<u32>(text->size());
  *length = static_cast<u32>(s.size());
  return text->append(s.begin, s.size());
}

// Appends a quoted string without its quotes, doubled quotes made single. `*rest` is what follows the closing
// quote. False when the quote is not closed or memory is short.
bool append_quoted(Span s, Array<char>* text, Span* rest) {
  for (const char* p = s.begin + 1; p < s.end; ++p) {
    if (*p == '\'') {
      if (p + 1 < s.end && p[1] == '\'') {
        ++p;
      } else {
        *rest = {p + 1, s.end};
        return true;
      }
    }
    if (!text->push(*p)) return false;
  }
  return false;
}

Span comment_of(Span rest, bool* good) {
  rest = trim(rest);
  if (rest.empty()) return rest;
  if (*rest.begin != '/') *good = false;
  return trim({rest.begin + 1, rest.end});
}

// Sets `card` to an integer or a real. False when the token is neither.
bool parse_number(Span token, AfCard* card) {
  char digits[kCardLength + 1];
  if (token.empty() || token.size() > kCardLength) return false;
  bool whole = true;
  size_t n = 0;
  for (const char* p = token.begin; p < token.end; ++p) {
    const char c = *p == 'D' || *p == 'd' ? 'E' : *p;
    const bool sign = c == '+' || c == '-';
    if (!(c >= '0' && c <= '9') && !sign && c != '.' && c != 'E' && c != 'e') return false;
    if (c == '.' || c == 'E' || c == 'e') whole = false;
    digits[n++] = c;
  }
  digits[n] = '\0';
  char* end = nullptr;
  if (whole) {
    errno = 0;
    const long long value = std::strtoll(digits, &end, 10);
    if (end != digits + n) return false;
    if (errno == 0) {
      card->type = AF_CARD_INTEGER;
      card->integer = value;
      card->real = static_cast<double>(value);
      return true;
    }
  }
  card->real = std::strtod(digits, &end);
  if (end != digits + n) return false;
  card->type = AF_CARD_REAL;
  return true;
}

bool is_continue(const char* card) { return std::memcmp(card, "CONTINUE  ", 10) == 0; }

// Joins the CONTINUE cards behind card `i` to its string. Returns how many were used; `*memory` tells of a
// failure.
size_t join_continued(const char* cards, size_t i, size_t count, AfCard* card, Header* header, bool* memory) {
  size_t used = 0;
  while (i + used + 1 < count && is_continue(cards + (i + used + 1) * kCardLength)) {
    if (header->text.size() == card->text || header->text[header->text.size() - 1] != '&') break;
    const char* next = cards + (i + used + 1) * kCardLength;
    Span value = trim({next + 10, next + kCardLength});
    if (value.empty() || *value.begin != '\'') break;
    const size_t before = header->text.size();
    *memory = header->text.resize(before - 1) && *memory;
    Span rest{};
    if (!append_quoted(value, &header->text, &rest)) {
      // Put the ampersand back: the continuation is broken, what came before is not.
      *memory = header->text.resize(before - 1) && header->text.push('&') && *memory;
      break;
    }
    ++used;
  }
  return used;
}

struct Parsed {
  bool memory = true;
  size_t continued = 0;
};

Parsed parse_value(const char* cards, size_t i, size_t count, Span field, AfCard* card, Header* header) {
  Parsed parsed;
  bool good = true;
  const Span value = trim(field);
  const size_t mark = header->text.size();
  Span comment{};
  if (value.empty() || *value.begin == '/') {
    card->type = AF_CARD_UNDEFINED;
    comment = comment_of(value, &good);
  } else if (*value.begin == '\'') {
    card->type = AF_CARD_TEXT;
    card->text = static_cast<u32>(mark);
    Span rest{};
    good = append_quoted(value, &header->text, &rest);
    if (good) comment = comment_of(rest, &good);
    if (good) {
      while (header->text.size() > mark && header->text[header->text.size() - 1] == ' ')
        parsed.memory = header->text.resize(header->text.size() - 1) && parsed.memory;
      parsed.continued = join_continued(cards, i, count, card, header, &parsed.memory);
      card->text_length = static_cast<u32>(header->text.size() - mark);
    }
  } else {
    const char* end = value.begin;
    while (end < value.end && *end != ' ' && *end != '/') ++end;
    const Span token{value.begin, end};
    comment = comment_of({end, value.end}, &good);
    if (token.size() == 1 && (*token.begin == 'T' || *token.begin == 'F')) {
      card->type = AF_CARD_LOGICAL;
      card->integer = *token.begin == 'T' ? 1 : 0;
    } else if (!parse_number(token, card)) {
      good = false;
    }
  }
  if (!good) {
    parsed.memory = header->text.resize(mark) && parsed.memory;
    parsed.continued = 0;
    card->type = AF_CARD_BAD;
    card->text_length = 0;
    comment = trim_end(field);
  }
  parsed.memory = append(&header->text, comment, &card->comment, &card->comment_length) && parsed.memory;
  return parsed;
}

}  // namespace

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

bool parse_cards(const char* cards, size_t count, Header* header) {
  for (size_t i = 0; i < count; ++i) {
    const char* raw = cards + i * kCardLength;
    AfCard card{};
    Span keyword = trim_end({raw, raw + 8});
    if (equal(keyword, "END") && trim({raw + 8, raw + kCardLength}).empty()) return true;
    Span field{raw + 10, raw + kCardLength};
    bool has_value = raw[8] == '=' && raw[9] == ' ';
    if (equal(keyword, "HIERARCH") && !has_value) {
      const void* sign = std::memchr(raw + 8, '=', kCardLength - 8);
      if (sign != nullptr) {
        keyword = trim({raw + 8, static_cast<const char*>(sign)});
        field.begin = static_cast<const char*>(sign) + 1;
        has_value = true;
      }
    }
    if (keyword.empty() || equal(keyword, "COMMENT") || equal(keyword, "HISTORY")) has_value = false;
    if (!append(&header->text, keyword, &card.keyword, &card.keyword_length)) return false;
    if (has_value) {
      const Parsed parsed = parse_value(cards, i, count, field, &card, header);
      if (!parsed.memory) return false;
      i += parsed.continued;
    } else {
      card.type = AF_CARD_COMMENTARY;
      const Span text = trim_end({raw + 8, raw + kCardLength});
      if (!append(&header->text, text, &card.comment, &card.comment_length)) return false;
    }
    if (!header->cards.push(card)) return false;
  }
  return true;
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
