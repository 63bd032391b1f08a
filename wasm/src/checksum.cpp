// DATASUM and CHECKSUM. Reference: FITS standard 4.0, section 4.4.2.7 and appendix J.
#include "stream.h"

namespace af {
namespace {

// The sum of big-endian words, carries not yet added back; bytes missing to a word count as zero. 2^32 words fit.
u64 sum_words(const u8* bytes, size_t count) {
  u64 sum = 0;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) sum += load_be32(bytes + i);
  for (; i < count; ++i) sum += u64{bytes[i]} << (24 - 8 * (i & 3));
  return sum;
}

u32 fold(u64 sum) {
  while (sum >> 32 != 0) sum = (sum & 0xFFFFFFFF) + (sum >> 32);
  return static_cast<u32>(sum);
}

AfSum compare_data(const Header& h, u32 computed) {
  const AfCard* card = h.find("DATASUM");
  if (card == nullptr || card->type == AF_CARD_UNDEFINED) return AF_SUM_ABSENT;
  // The standard wants the number in a string; some writers leave the quotes out.
  if (card->type == AF_CARD_INTEGER) return card->integer == i64{computed} ? AF_SUM_GOOD : AF_SUM_BAD;
  if (card->type != AF_CARD_TEXT) return AF_SUM_BAD;
  if (card->text_length == 0) return AF_SUM_ABSENT;
  const char* digit = h.text.data() + card->text;
  const char* const end = digit + card->text_length;
  while (digit < end && *digit == ' ') ++digit;
  u64 value = 0;
  for (; digit < end; ++digit) {
    if (*digit < '0' || *digit > '9' || value > 0xFFFFFFFF) return AF_SUM_BAD;
    value = value * 10 + static_cast<u64>(*digit - '0');
  }
  return value == computed ? AF_SUM_GOOD : AF_SUM_BAD;
}

AfSum judge_hdu(const Header& h, u32 computed) {
  const AfCard* card = h.find("CHECKSUM");
  if (card == nullptr || card->type == AF_CARD_UNDEFINED) return AF_SUM_ABSENT;
  if (card->type == AF_CARD_TEXT && card->text_length == 0) return AF_SUM_ABSENT;
  return computed == 0xFFFFFFFF || computed == 0 ? AF_SUM_GOOD : AF_SUM_BAD;
}

}  // namespace
}  // namespace af

using namespace af;

extern "C" AfStatus af_hdu_checksum(const AfStream* stream, uint32_t hdu, AfChecksum* checksum, AfError* error) {
  const HduRecord* record = stream->find(hdu, error);
  if (record == nullptr || require_data(*record, static_cast<i32>(hdu), error) != AF_OK)
    return AF_INVALID_ARGUMENT;
  const Header& h = record->header;
  const u64 data = sum_words(record->data.data(), record->data.size()) + record->padding_sum;
  const u32 data_sum = fold(data);
  const u32 hdu_sum =
      fold(u64{data_sum} + fold(sum_words(reinterpret_cast<const u8*>(h.raw.data()), h.raw.size())));
  *checksum = {compare_data(h, data_sum), judge_hdu(h, hdu_sum), data_sum, hdu_sum};
  return AF_OK;
}
