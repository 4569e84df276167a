// libFuzzer's door to the JSON lines dialect. Run: json_parser_fuzz -max_len=40000 tests/fuzz/corpus/json
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/stream_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rookery::wire::check_stream(rookery::wire::DialectId::JsonLines, {reinterpret_cast<const char*>(data), size});
  return 0;
}
