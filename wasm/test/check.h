// A test harness that needs nothing but a compiler.
//
//     TEST(name) { CHECK(1 + 1 == 2); }
//
// CHECK ends the test that it stands in; further tests run.
#ifndef ASTRO_FITS_TEST_CHECK_H_
#define ASTRO_FITS_TEST_CHECK_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace check {

struct Case {
  const char* name;
  void (*run)();
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Bytes = std::vector<uint8_t>;
using Random = std::mt19937_64;

inline uint64_t below(Random& random, uint64_t bound) { return random() % bound; }

// A file of fixtures/engine; AF_FIXTURES is set by the runner.
inline Bytes fixture(const std::string& name) {
  const char* directory = std::getenv("AF_FIXTURES");
  if (directory == nullptr) throw Failure("AF_FIXTURES is not set: run node wasm/test/native.mjs");
  std::ifstream in(std::string(directory) + "/" + name, std::ios::binary);
  if (!in) throw Failure("no fixture " + name);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

inline const std::vector<std::string>& fixture_names() {
  static const std::vector<std::string> names = {"raw-rice.fits",    "raw-rice-in-gzip.fits",
                                                 "calib-gzip2.fits", "plain-images.fits",
                                                 "tiles.fits",       "compressions.fits"};
  return names;
}

}  // namespace check

#define TEST(name)                                            \
  static void test_##name();                                  \
  static check::Register register_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition)                                                                              \
  do {                                                                                                \
    if (!(condition))                                                                                 \
      throw check::Failure(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " #condition); \
  } while (false)

#endif  // ASTRO_FITS_TEST_CHECK_H_
