// tests/fuzz/text_checks.cpp: text and messages that people, servers and children write.
#include <string>
#include <vector>

#include "client/terminal/server_line.h"
#include "ipc/chat/control_message.h"
#include "ipc/wire/limits.h"
#include "master/console/printable.h"
#include "master/options/settings_file.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/demand.h"

namespace rookery::fuzz {

void check_control(std::string_view bytes) {
  static const os::DuplexPipe pipe = os::make_duplex_pipe();
  if (os::send_message(pipe.ours.get(), std::as_bytes(std::span(bytes))) != os::TransferStatus::Done) return;
  const chat::ReceivedControl received = chat::receive_control(pipe.theirs.get());
  demand(received.status == os::TransferStatus::Done || bytes.empty(), "each message is taken whole");
  demand(chat::receive_control(pipe.theirs.get()).status == os::TransferStatus::WouldBlock, "and nothing is left");
  if (!received.message) return;
  const chat::ControlMessage& message = *received.message;
  demand(message.kind >= chat::ControlKind::Ready && message.kind <= chat::kLastControlKind, "its kind is known");
  demand(message.text.size() <= chat::kMaxControlTextBytes, "a text keeps its limit");
  demand(message.text.size() + 16 <= bytes.size(), "no text comes from nowhere");
  for (const char c : master::printable(message.text)) demand(c >= ' ' && c <= '~', "what is shown is harmless");

  demand(chat::send_control(pipe.ours.get(), message) == os::TransferStatus::Done, "it can be sent on");
  const chat::ReceivedControl again = chat::receive_control(pipe.theirs.get());
  demand(again.message && again.message->kind == message.kind && again.message->worker == message.worker &&
             again.message->number == message.number && again.message->text == message.text,
         "and arrives as it was");
}

void check_settings(std::string_view bytes) {
  const std::string file = "a.conf";
  try {
    unsigned line = 0;
    for (const master::FileSetting& setting : master::parse_settings_file(bytes, file)) {
      demand(setting.line > line, "a line has one entry");
      line = setting.line;
      demand(!setting.key.empty() && setting.key.find_first_of(" \t\r\n='\"#") == std::string::npos, "a key is a word");
      demand(setting.value.find('\0') == std::string::npos, "no value hides its end");
      // Written between single quotes it means the same, whatever it is.
      if (setting.value.find_first_of("'\n") != std::string::npos) continue;
      const auto again = master::parse_settings_file("export " + setting.key + " = '" + setting.value + "' # x", file);
      demand(again.size() == 1 && again[0].key == setting.key && again[0].value == setting.value,
             "quotes change nothing");
    }
  } catch (const master::BrokenFile& broken) {
    demand(std::string_view(broken.what()).starts_with("a.conf:"), "a complaint names file and line");
  }
}

void check_server_line(std::string_view bytes) {
  constexpr std::time_t kNow = 1'760'000'000;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    const client::ServerLine seen = client::read_server_line(line, {}, kNow);
    for (const std::string& shown : seen.shown) {
      demand(wire::is_valid_utf8(shown), "what is shown is UTF-8");
      for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto c = static_cast<unsigned char>(shown[i]);
        demand((c >= 0x20 || c == '\t') && c != 0x7F, "no control character reaches the terminal");
        demand(c != 0xC2 || static_cast<unsigned char>(shown[i + 1]) >= 0xA0, "nor one of the second set");
      }
      for (const char* harmful : {"\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C",
                                  "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"})
        demand(shown.find(harmful) == std::string::npos, "nor one that turns the line round or ends it");
    }
    const client::ServerLine coloured = client::read_server_line(line, {.colour = true}, kNow);
    demand(coloured.shown.size() == seen.shown.size() && coloured.kind == seen.kind, "colour changes no meaning");
  }
}

}  // namespace rookery::fuzz
