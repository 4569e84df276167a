// client/terminal/server_line.h
//
// What a line from the server means to the client and how it reads for people. Pure: the same line, style and time give
// the same result. Everything in `shown` is safe to print; the other fields are as the server sent them.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::client {

struct ViewStyle {
  bool colour = false;
};

struct ServerLine {
  enum class Kind {
    Reply,    // to a request; `subject` is its op
    Event,    // `subject` is its name
    Foreign,  // not JSON: what a server says to somebody whose dialect it does not know yet
  };
  Kind kind = Kind::Foreign;
  std::string subject;
  std::optional<std::uint64_t> id;  // replies
  bool ok = false;                  // replies
  std::string error;                // refusals: the code
  std::string room;
  std::string name;
  std::string epoch;
  std::optional<std::uint64_t> seq;
  std::uint64_t missed = 0;  // resume
  bool recovered = false;    // resume
  bool final = false;        // notices: the server ends this connection for good

  std::vector<std::string> shown;  // lines for people, without their ends
};

// `now` decides which times are of today and need no date.
[[nodiscard]] ServerLine read_server_line(std::string_view line, const ViewStyle& style, std::time_t now);

// What the sender of a direct message is shown in place of the event that only the addressee gets.
[[nodiscard]] std::string view_sent_message(std::string_view to, std::string_view text, const ViewStyle& style,
                                            std::time_t now);

[[nodiscard]] std::string view_notice(std::string_view text, const ViewStyle& style);
[[nodiscard]] std::string view_refusal(std::string_view code, std::string_view message, const ViewStyle& style);

}  // namespace rookery::client
