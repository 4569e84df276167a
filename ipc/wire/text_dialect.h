// ipc/wire/text_dialect.h
//
// The dialect for people with nc or telnet: a line without a slash is echoed, `/join #garden` is a command, answers
// begin with OK or ERR, and what others say with a bracket. Strings of clients are written by plain_text.h, so nobody
// can forge a line or drive a terminal.
#pragma once

#include "ipc/wire/dialect.h"

namespace rookery::wire {

class TextDialect final : public Dialect {
 public:
  // The views of the outcome point into `line` or to constants; `storage` is not touched.
  [[nodiscard]] ParseOutcome parse(std::string_view line, CommandStorage& storage) const override;

  void message(std::string& out, const MessageEvent& event) const override;
  void joined(std::string& out, std::string_view room, const Sender& who) const override;
  void left(std::string& out, std::string_view room, const Sender& who) const override;
  void missed(std::string& out, std::uint64_t count) const override;
  void notice(std::string& out, std::string_view text) const override;
  void dismissal(std::string& out, std::string_view text) const override;

  void refused(std::string& out, const Refusal& refusal) const override;
  void echo(std::string& out, const RequestTag& tag, std::string_view text) const override;
  void registered(std::string& out, const RequestTag& tag, std::string_view name) const override;
  void logged_in(std::string& out, const RequestTag& tag, const Sender& who, std::string_view epoch,
                 std::uint64_t newest_seq) const override;
  void logged_out(std::string& out, const RequestTag& tag) const override;
  void accepted(std::string& out, const RequestTag& tag, std::uint64_t seq, std::string_view epoch,
                std::int64_t time) const override;
  void membership(std::string& out, const RequestTag& tag, std::string_view room, std::uint64_t members) const override;
  void presence(std::string& out, const RequestTag& tag, bool on) const override;
  void counted(std::string& out, const RequestTag& tag, const CountResult& result) const override;
  void resumed(std::string& out, const RequestTag& tag, bool recovered, std::uint64_t missed) const override;
  void pong(std::string& out, const RequestTag& tag) const override;
  void help(std::string& out, const RequestTag& tag) const override;
  void bye(std::string& out, const RequestTag& tag) const override;

  void begin_items(std::string& out, const RequestTag& tag) const override;
  void client_item(std::string& out, std::uint64_t index, const ClientListing& item) const override;
  void room_item(std::string& out, std::uint64_t index, const RoomListing& item) const override;
  void message_item(std::string& out, std::uint64_t index, const MessageEvent& item) const override;
  void end_items(std::string& out, const RequestTag& tag, std::uint64_t count) const override;
};

}  // namespace rookery::wire
