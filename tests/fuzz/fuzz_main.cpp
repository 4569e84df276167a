// libFuzzer's door to one check, the one that ROOKERY_FUZZ_CHECK names: each program NAME_fuzz is this file.
#include "tests/fuzz/checks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const rookery::fuzz::Check& check = rookery::fuzz::check_named(ROOKERY_FUZZ_CHECK);
  check.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
