// worker/commands/command_context.h
//
// What the command handlers have to work with, and the few things that they all do: reply, refuse, finish a command
// that took longer than a turn.
#pragma once

#include <string>
#include <string_view>

#include "worker/commands/barrier.h"
#include "worker/commands/history_desk.h"
#include "worker/limits/ban_list.h"
#include "worker/limits/password_desk.h"
#include "worker/limits/stored_bytes.h"
#include "worker/log/log_follower.h"
#include "worker/log/outbox.h"
#include "worker/loop/mailbox.h"

namespace rookery::worker {

// What became of a line.
enum class Outcome : unsigned char {
  Done,   // its reply, if it has one now, is queued: the line is consumed
  Wait,   // not begun: the same line is looked at again when the session is resumed
  Later,  // under way: the line stays in the input until finish_command()
};

struct CommandContext {
  const WorkerContext& worker;
  const chat::RuntimeSettings& settings;  // the loop's
  SessionTable& sessions;
  Delivery& delivery;
  Outbox& outbox;
  LogFollower& follower;
  HistoryDesk& history;
  Mailbox& mailbox;
  Barrier& barrier;
  PasswordDesk& passwords;
  BanList& bans;
  os::Monotonic::time_point now = {};  // when this turn began, for all that it does
  std::string scratch = {};            // for the reply under way
  StoredBytes stored = StoredBytes();  // by the addresses of this loop's clients
  // How much of the log ring may still be read in this turn for all clients that resume, together. A turn's share takes
  // 50 µs where nothing is found and half a millisecond where everything is (messages of 100 bytes, 2 cores); the ring
  // has 64 shares.
  static constexpr std::uint64_t kRingWordsATurn = 32 * 1024;
  std::uint64_t ring_words_left = kRingWordsATurn;
  // Likewise for clients that read the log again, and for those that are passed over; the latter only count messages,
  // so their share is larger.
  static constexpr std::uint64_t kSkipWordsATurn = 4 * kRingWordsATurn;
  std::uint64_t again_words_left = kRingWordsATurn;
  std::uint64_t skip_words_left = kSkipWordsATurn;

  // reply([&](const wire::Dialect& dialect, std::string& out) { ... })
  template <class Encode>
  Outcome reply(Session& session, Encode encode) {
    scratch.clear();
    encode(session.dialect(), scratch);
    delivery.reply(session, scratch);
    return Outcome::Done;
  }

  Outcome refuse(Session& session, const wire::RequestTag& tag, wire::ErrorCode code, std::string words) {
    return reply(session, [&](const wire::Dialect& dialect, std::string& out) {
      dialect.refused(out, {code, std::move(words), wire::to_string(tag.op), tag.id});
    });
  }

  // Ends the connection for good, and says why.
  void dismiss(Session& session, std::string_view why) {
    if (session.dialect_id() != wire::DialectId::Undecided) {
      scratch.clear();
      session.dialect().dismissal(scratch, why);
      delivery.say_last(session, scratch);
    }
    delivery.close_after_output(session, true);
  }

  // For what must be stored: refuses it while nothing can be. Nothing has happened then.
  [[nodiscard]] bool refuse_if_not_stored(Session& session, const wire::RequestTag& tag) {
    const Storing storing = worker.storing();
    if (storing == Storing::Works) return false;
    static_cast<void>(refuse(session, tag, wire::ErrorCode::NotDurable,
                             storing == Storing::Fails
                                 ? "nothing was sent: the server cannot store anything now, try again later"
                                 : "nothing was sent: the server is in read-only mode, try again later"));
    return true;
  }
  // For what must only be ordered.
  [[nodiscard]] bool refuse_if_read_only(Session& session, const wire::RequestTag& tag) {
    const Storing storing = worker.storing();
    if (storing == Storing::LedgerAway || (storing == Storing::Fails && follower.is_half_full()))
      return refuse_if_not_stored(session, tag);
    if (!follower.gave_up_what_may_come()) return false;
    static_cast<void>(refuse(session, tag, wire::ErrorCode::NotDurable,
                             "nothing was sent: it is not decided yet what becomes of what you asked before"));
    return true;
  }

  // The command at the start of the input is done.
  void finish_command(Session& session) {
    session.stream.input_begin = static_cast<std::uint16_t>(session.stream.input_begin + session.line_bytes);
    session.line_bytes = 0;
    session.set(chat::kDiscardingLine, false);  // the end of a line before it was among its bytes
    session.fee = LineFee::Open;
    session.busy = false;
    session.stream.items_next = 0;
    session.stream.items_given = 0;
    session.stream.items_promised = 0;
    delivery.commit(session);
    sessions.wipe_input(session);
    delivery.resume(session);
  }

  [[nodiscard]] bool may_chat(const Session& session) const {
    return settings.allow_guests || session.stream.user != 0;
  }
};

inline constexpr const char* kTooManyOfSource =
    "too many logins from your address are waiting, try again in a few seconds";

// The handlers, one file a family. Each has been given a command whose fields are valid.
Outcome do_register(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_login(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_logout(CommandContext& context, Session& session, const wire::Command& command);

Outcome do_broadcast(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_say(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_msg(CommandContext& context, Session& session, const wire::Command& command);

Outcome do_join(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_leave(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_presence(CommandContext& context, Session& session, const wire::Command& command);

Outcome do_list(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_rooms(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_history(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_resume(CommandContext& context, Session& session, const wire::Command& command);
Outcome do_count(CommandContext& context, Session& session, const wire::Command& command);

// Those who are logged in to an account that was locked, removed or given another password since.
void close_ended_accounts(CommandContext& context);
// Those who are here from banned addresses, or logged in to a banned account.
void close_banned(CommandContext& context);

}  // namespace rookery::worker
