#include "tests/fuzz/checks.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "tests/fuzz/stream_check.h"

namespace rookery::fuzz {

namespace {

constexpr std::array kChecks{Check{"text", check_text, 2000},          Check{"json", check_json, 2000},
                             Check{"outbox", check_outbox, 20000},     Check{"sequencer", check_sequencer, 10000},
                             Check{"sessions", check_sessions, 10000}, Check{"takeover", check_takeover, 400},
                             Check{"ring", check_ring, 20000},         Check{"names", check_names, 2000},
                             Check{"control", check_control, 10000},   Check{"store", check_store, 100},
                             Check{"settings", check_settings, 10000}, Check{"server_line", check_server_line, 1500}};

}  // namespace

std::span<const Check> checks() {
  return kChecks;
}

const Check& check_named(std::string_view name) {
  const auto found =
      std::find_if(kChecks.begin(), kChecks.end(), [&](const Check& check) { return name == check.name; });
  if (found == kChecks.end()) throw std::out_of_range("no check is called " + std::string(name));
  return *found;
}

void check_text(std::string_view bytes) {
  wire::check_stream(wire::DialectId::Text, bytes);
}

void check_json(std::string_view bytes) {
  wire::check_stream(wire::DialectId::JsonLines, bytes);
}

}  // namespace rookery::fuzz
