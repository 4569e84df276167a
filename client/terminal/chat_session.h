// client/terminal/chat_session.h
//
// The client's side of a conversation with the server, without sockets and terminals: what is asked and not yet
// answered, who we are, which rooms we are in, and how a new connection is brought to where the lost one was.
//
// Every function that something happens to returns a Step: carry it out whole, `send` first. The usual order is
//     connected()  ... until ready() ...  type() and receive() as lines come  ...  disconnected()  connected() ...
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/terminal/input_line.h"
#include "client/terminal/request.h"
#include "client/terminal/server_line.h"

namespace rookery::client {

enum class Audience : unsigned char {
  People,    // a sent message is confirmed by seeing it in the room
  Programs,  // every reply is shown, as in the text dialect
};

struct Shown {
  enum class Kind : unsigned char { Text, Notice, Problem };
  Kind kind = Kind::Text;
  std::string text;  // one or more lines, safe to print, without the last one's end
};

struct Step {
  std::vector<std::string> send;  // request lines, in order
  std::vector<Shown> show;
  std::optional<PasswordNeeded> password;  // ask for it, then call give_password()
  bool quit = false;                       // the user wants to leave: call farewell()
};

class ChatSession {
 public:
  ChatSession(Audience audience, ViewStyle style);

  // A connection is open: says hello, and asks for everything that an earlier one had.
  [[nodiscard]] Step connected();
  // It is gone. Tells which requests may or may not have been carried out.
  [[nodiscard]] Step disconnected();

  [[nodiscard]] Step type(std::string_view line);
  [[nodiscard]] Step give_password(const PasswordNeeded& asked, std::string password);
  [[nodiscard]] Step receive(std::string_view line, std::time_t now);
  // A barrier, so that everything said before is seen, then quit.
  [[nodiscard]] Step farewell();

  [[nodiscard]] bool ready() const { return ready_; }               // the hello and what it restores are answered
  [[nodiscard]] bool waiting() const { return !pending_.empty(); }  // for replies
  [[nodiscard]] bool any_refused() const { return any_refused_; }
  [[nodiscard]] bool left() const { return left_; }  // quit was answered
  // The server has ended this connection for good: the client must not reconnect automatically.
  [[nodiscard]] bool dismissed() const { return dismissed_; }
  [[nodiscard]] const std::string& room() const { return current_room_; }
  [[nodiscard]] const std::string& name() const { return login_.name; }  // empty for a guest

 private:
  enum class Purpose : unsigned char { Typed, Restore, Resume, Ready, Barrier, Quit };
  struct Pending {
    Request request;
    Purpose purpose = Purpose::Typed;
    std::string typed;  // as it may be shown again
  };
  struct Login {
    std::string name;
    std::string password;
  };
  // The newest message seen. Epochs are names, not numbers: they can be compared for equality alone.
  struct Position {
    std::string epoch;
    std::uint64_t seq = 0;
  };

  void ask(Step& step, Request request, Purpose purpose, std::string typed = {});
  void refuse(Step& step, const InputRefusal& refusal);
  void refuse_unsent(Step& step, std::string_view typed);
  void switch_room(Step& step, const std::string& room);
  [[nodiscard]] std::optional<Pending> take_pending(const ServerLine& line);
  void on_reply(Step& step, const ServerLine& line, std::time_t now);
  void on_success(Step& step, const Pending& pending, const ServerLine& line);
  void on_resumed(Step& step, const ServerLine& line);
  void on_event(Step& step, ServerLine line);
  void show_event(Step& step, ServerLine& line);
  void end_resume(Step& step);
  [[nodiscard]] bool is_news(const ServerLine& line);

  Audience audience_;
  ViewStyle style_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Pending> pending_;  // by id, so the oldest comes first
  bool was_connected_ = false;
  bool ready_ = false;
  bool any_refused_ = false;
  bool left_ = false;
  bool dismissed_ = false;

  Login login_;
  std::string current_room_;
  std::set<std::string> rooms_;
  bool presence_ = false;

  Position seen_;
  Position logged_in_at_;  // the newest that the newest login told
  bool owed_ = false;      // what was missed could not be had: seen_ stays where it is
  // What comes live before the missed messages waits for them, so that all is shown in order, and so that a connection
  // that breaks in the middle does not make us believe that we have seen what lies between.
  bool resuming_ = false;
  std::uint64_t missed_to_come_ = 0;
  std::vector<ServerLine> held_;
  std::set<std::pair<std::string, std::uint64_t>> resumed_;  // epoch and seq: each is shown once
};

}  // namespace rookery::client
