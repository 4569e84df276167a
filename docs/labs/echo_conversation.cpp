#include "docs/labs/echo_conversation.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "docs/labs/echo_socket.h"
#include "ipc/wire/line_framing.h"

namespace rookery::labs {

namespace {

std::string answer_to(std::string_view line) {
  return line == "/ping" ? "OK pong" : "Echo: " + std::string(line);  // the load tool greets with a ping
}

// Takes the lines that are whole out of `buffered`, and gives what to say to them.
std::string answers_to(std::string& buffered, bool& discarding) {
  std::string answers;
  std::size_t done = 0;
  for (;;) {
    const wire::Frame frame = wire::next_line(std::string_view(buffered).substr(done), discarding);
    done += frame.consumed;
    if (frame.kind == wire::FrameKind::Incomplete) break;
    answers += frame.kind == wire::FrameKind::Line ? answer_to(frame.line) : "ERR line-too-long";
    answers += '\n';
  }
  buffered.erase(0, done);
  return answers;
}

}  // namespace

void converse(const os::FileDescriptor& client) {
  std::string buffered;
  bool discarding = false;
  std::array<char, 4096> piece;
  for (;;) {
    const auto got = ::recv(client.get(), piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    buffered.append(piece.data(), static_cast<std::size_t>(got));
    if (!send_all(client.get(), answers_to(buffered, discarding))) return;
  }
}

}  // namespace rookery::labs
