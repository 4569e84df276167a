// master/ledger/request_desk.h
//
// Where an operator's requests come in and their answers go out (request.h). What changes an account or a ban is
// published in the log like all that people say, one change at a time, and answered when it is durable and in the user
// or ban table. One that takes too long is answered so, and the next ones wait all the same. The rest is the clerk's.
//
// Nothing here waits: turn() is called in every turn of the sequencing thread, and looks.
//
// When the ledger dies  a change that was published is stored by its successor; the master tells the operator that
// there is no answer.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "ipc/chat/control_message.h"
#include "ipc/os/clock.h"
#include "master/ledger/clerk.h"
#include "master/ledger/request.h"
#include "master/ledger/sequencer.h"

namespace rookery::ledger {

class RequestDesk final {
 public:
  // `control`: the pipe to the master.
  RequestDesk(LedgerContext& context, Sequencer& sequencer, const std::filesystem::path& data, int control);

  void hear(const chat::ControlMessage& message);

  // Publishes, answers, sends. True: something was published.
  bool turn();
  // First of all at the end: what the clerk reads would keep the storing thread from emptying the write-ahead log.
  void stop_clerk() { clerk_.stop(); }
  // REQUIRES: stop_clerk(). False: it is in a step that takes longer, and this object's destructor would wait for it.
  [[nodiscard]] bool clerk_ends_within(std::chrono::milliseconds time) { return clerk_.ends_within(time); }
  // The last turn, when nothing more is stored: publishes nothing, and refuses what waits for that.
  void close();
  [[nodiscard]] bool has_mail() { return clerk_.has_replies(); }
  // Something may be done soon that nobody rings for.
  [[nodiscard]] bool is_busy() const noexcept {
    return (published_ && !published_->given_up) || !waiting_.empty() || !out_.empty();
  }

 private:
  struct Change {
    std::uint64_t number = 0;
    std::variant<AccountRequest, BanRequest> request;
    os::Monotonic::time_point deadline{};
    shm::Position end = 0;  // in the ring, once it is published
    bool given_up = false;  // answered, though it is not stored yet
  };

  void answer(std::uint64_t number, std::string text);
  void answer_published();
  [[nodiscard]] bool publish_next();
  // True: published. Otherwise `refusal` is the answer; where it is empty there is no room in the ring now.
  [[nodiscard]] bool publish(const AccountRequest& request, shm::Position& end, std::string& refusal);
  [[nodiscard]] bool publish(const BanRequest& request, shm::Position& end, std::string& refusal);
  void tell_of_work();
  void send();

  LedgerContext& context_;
  Sequencer& sequencer_;
  int control_;
  Clerk clerk_;
  std::deque<Change> waiting_;
  std::optional<Change> published_;
  std::deque<chat::ControlMessage> out_;
  os::Monotonic::time_point told_of_work_{};
};

}  // namespace rookery::ledger
