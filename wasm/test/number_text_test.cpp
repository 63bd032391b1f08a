// Numbers as text against the C library.
#include "../src/number_text.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "check.h"

namespace {

std::string shortest(double value) {
  char text[64];
  for (int precision = 15; precision <= 17; ++precision) {
    std::snprintf(text, sizeof text, "%.*E", precision - 1, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

}  // namespace

TEST(numbers_read_back_and_are_as_short_as_can_be) {
  check::Random random(4);
  for (int i = 0; i < 200000; ++i) {
    double value = std::bit_cast<double>(random());
    if (i % 2 == 0) value = std::ldexp(static_cast<double>(random() % 100000), static_cast<int>(random() % 20) - 10);
    if (i % 3 == 0) value = static_cast<double>(static_cast<float>(random() % 100000) / 1000.0f);
    if (!std::isfinite(value)) continue;
    char text[af::kNumberText];
    const char* end = af::real_text(value, text);
    CHECK(end < text + af::kNumberText && *end == '\0');
    CHECK(std::strtod(text, nullptr) == value);
    CHECK(std::strpbrk(text, ".E") != nullptr);
    // Equal digits: reading what is shortest in the library's eyes gives the same text.
    char again[af::kNumberText];
    af::real_text(std::strtod(shortest(value).c_str(), nullptr), again);
    CHECK(std::string(again) == text);
  }
}

TEST(numbers_look_as_people_write_them) {
  const std::pair<double, const char*> cases[] = {
      {0, "0.0"},          {-0.0, "-0.0"},       {1, "1.0"},           {0.1, "0.1"},         {-2.5, "-2.5"},
      {1e6, "1000000.0"},  {1e16, "10000000000000000.0"},              {1e17, "1.0E+17"},    {0.0001, "0.0001"},
      {1e-5, "1.0E-5"},    {6.02214076e23, "6.02214076E+23"},          {5e-324, "4.94065645841247E-324"},
      {1.7976931348623157e308, "1.7976931348623157E+308"},             {123456.789, "123456.789"}};
  for (const auto& [value, wanted] : cases) {
    char text[af::kNumberText];
    af::real_text(value, text);
    CHECK(std::string(text) == wanted);
  }
  char text[af::kNumberText];
  af::integer_text(INT64_MIN, text);
  CHECK(std::string(text) == "-9223372036854775808");
}
