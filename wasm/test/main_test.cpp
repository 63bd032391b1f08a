// Runs every TEST of the program and says `N passed, N failed`.
#include "check.h"

int main() {
  int failed = 0;
  for (const check::Case& test : check::cases()) {
    try {
      test.run();
    } catch (const std::exception& failure) {
      ++failed;
      std::printf("failed %s: %s\n", test.name, failure.what());
      std::fflush(stdout);  // a sanitizer that reports at exit ends the program before it would be
    }
  }
  std::printf("%zu passed, %d failed\n", check::cases().size() - static_cast<size_t>(failed), failed);
  return failed == 0 ? 0 : 1;
}
