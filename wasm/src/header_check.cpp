// The keywords that every header must have, in their order. Reference: FITS standard 4.0, sections 4.4.1 and 7.
#include "header.h"

namespace af {
namespace {

class Check {
 public:
  explicit Check(Header* header) : header_(*header) {}
  bool run();

 private:
  // Takes the next card, which has to be this one.
  void expect(const char* keyword, AfCardType type);
  bool is(const AfCard& card, const char* keyword) const {
    const size_t n = std::strlen(keyword);
    return card.keyword_length == n && std::memcmp(header_.text.data() + card.keyword, keyword, n) == 0;
  }
  void report(const AfCard* card, const char* problem) {
    memory_ = header_.report(card != nullptr ? card->number : 0, problem) && memory_;
  }
  // Of keywords that may stand once.
  void count(const char* keyword);

  Header& header_;
  size_t next_ = 0;
  bool ordered_ = true;
  bool memory_ = true;
};

void Check::expect(const char* keyword, AfCardType type) {
  if (ordered_ && next_ < header_.cards.size() && is(header_.cards[next_], keyword)) {
    ++next_;
  } else if (ordered_) {
    // Only the first is told: all behind it are out of place too.
    ordered_ = false;
    report(next_ < header_.cards.size() ? &header_.cards[next_] : nullptr,
           "the mandatory keywords are not all there in their order");
  }
  const AfCard* card = header_.find(keyword);
  if (card == nullptr) return;
  if (card->type != type) report(card, "a mandatory keyword with a value of the wrong type");
  count(keyword);
}

void Check::count(const char* keyword) {
  bool seen = false;
  for (const AfCard& card : header_.cards) {
    if (!is(card, keyword)) continue;
    if (seen) report(&card, "a mandatory keyword that stands twice");
    seen = true;
  }
}

bool Check::run() {
  const bool primary = header_.cards.size() > 0 && is(header_.cards[0], "SIMPLE");
  const bool table = header_.text_is("XTENSION", "BINTABLE") || header_.text_is("XTENSION", "TABLE");
  if (primary) {
    expect("SIMPLE", AF_CARD_LOGICAL);
    if (!header_.logical("SIMPLE"))
      report(&header_.cards[0], "SIMPLE is not T: the file says it is no standard FITS");
  } else {
    expect("XTENSION", AF_CARD_TEXT);
  }
  expect("BITPIX", AF_CARD_INTEGER);
  expect("NAXIS", AF_CARD_INTEGER);
  i64 axes = 0;
  header_.integer("NAXIS", &axes);
  for (u32 axis = 1; axis <= static_cast<u32>(axes); ++axis)
    expect(IndexedKeyword("NAXIS", axis).text, AF_CARD_INTEGER);
  if (!primary) {
    expect("PCOUNT", AF_CARD_INTEGER);
    expect("GCOUNT", AF_CARD_INTEGER);
  }
  if (table) expect("TFIELDS", AF_CARD_INTEGER);
  return memory_;
}

}  // namespace

bool check_mandatory_cards(Header* header) { return Check(header).run(); }

}  // namespace af
