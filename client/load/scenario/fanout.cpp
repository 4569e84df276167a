// client/load/scenario/fanout.cpp
//
// Senders talk in a room of the run's own, readers listen. Clients 0, 1 ... are the senders, the readers follow. An
// operation is a delivery to a reader; its time runs from when the message was due (open loop) or sent. When a message
// counts as under way: scenario/fanout_board.h.
#include <fmt/format.h>
#include <unistd.h>

#include <mutex>
#include <utility>
#include <vector>

#include "client/load/scenario/fanout_board.h"
#include "client/load/scenario/listeners.h"
#include "client/load/scenario/scenario.h"
#include "client/load/speech.h"
#include "client/load/text.h"
#include "ipc/os/clock.h"

namespace rookery::load {
namespace {

struct RoomTalker {
  Client* client = nullptr;
  std::uint64_t answered = 0;  // acknowledged or refused
  std::uint64_t complete = 0;  // closed loop: nothing of these is under way
  std::uint64_t last_seq = 0;
};

class FanoutPart final : public Part {
 public:
  FanoutPart(Stage& stage, FanoutBoard& board, std::size_t first_reader, std::size_t readers)
      : stage_(stage),
        board_(board),
        speech_(stage.plan().dialect),
        texts_(stage.plan().seed, stage.plan().message_bytes),
        first_reader_(first_reader),
        talkers_(first_reader),
        listeners_(stage, board, texts_, readers) {}

  void on_connected(Client& client) override { speech_.join(stage_.to(client), 0, board_.room); }

  void on_begin(Client& client) override {
    if (!is_sender(client)) return;
    talkers_[client.place()].client = &client;
    fill_window(talkers_[client.place()]);
  }

  void on_due(Client& client, Nanoseconds due) override { send(client, due); }

  void on_line(Client& client, std::string_view line) override {
    if (!client.prepared()) return on_line_of_newcomer(client, line);
    if (is_sender(client))
      on_line_of_sender(client, line);
    else
      on_line_of_reader(client, line);
  }

  void on_turn_end() override {
    if (listeners_.publish() && stage_.plan().threads > 1) stage_.wake_all();
    if (board_.window == 0) return;
    for (RoomTalker& talker : talkers_)
      if (talker.client != nullptr) fill_window(talker);
  }

  void on_stop(Client& client) override { close_book_if_done(client); }

  void on_closed(Client& client) override {
    if (is_sender(client))
      board_.senders[client.number()].done.store(true, std::memory_order_release);
    else
      listeners_.gone(reader_place(client));
  }

  [[nodiscard]] bool settled(const Client& client) override {
    if (is_sender(client)) return talkers_[client.place()].answered == sent(client);
    return listeners_.has_all(reader_place(client));
  }

  void on_end() override {
    for (std::size_t place = 0; place < talkers_.size(); ++place) {
      const std::uint64_t number = place * stage_.plan().threads + stage_.thread();
      const std::uint64_t open = board_.senders[number].sent - talkers_[place].answered;
      if (open == 0) continue;
      faults().unanswered += open;
      faults().example(fmt::format("sender {}: {} messages were not acknowledged", number, open));
    }
  }

  [[nodiscard]] const Listeners& listeners() const noexcept { return listeners_; }

 private:
  [[nodiscard]] Faults& faults() noexcept { return stage_.tally().faults; }
  [[nodiscard]] bool is_sender(const Client& client) const noexcept { return client.place() < first_reader_; }
  [[nodiscard]] std::size_t reader_place(const Client& client) const noexcept { return client.place() - first_reader_; }
  [[nodiscard]] std::uint64_t sent(const Client& client) const noexcept {
    return board_.senders[client.number()].sent.load(std::memory_order_relaxed);
  }

  void send(Client& client, Nanoseconds moment) {
    SenderBoard& board = board_.senders[client.number()];
    const std::uint64_t number = board.sent.load(std::memory_order_relaxed);
    if (board_.window != 0) board.delivered[number % board_.window].store(0, std::memory_order_release);
    board.sent.store(number + 1, std::memory_order_release);
    speech_.say(stage_.to(client), number, board_.room,
                texts_.make({.client = client.number(), .number = number, .moment = moment}));
  }

  void fill_window(RoomTalker& talker) {
    Client& client = *talker.client;
    if (!stage_.sending() || !client.open()) return;
    const SenderBoard& board = board_.senders[client.number()];
    const std::uint32_t readers = board_.readers.load(std::memory_order_acquire);
    while (talker.complete < talker.answered &&
           board.delivered[talker.complete % board_.window].load(std::memory_order_acquire) >= readers)
      ++talker.complete;
    while (sent(client) - talker.complete < board_.window) send(client, stage_.now());
  }

  void on_line_of_newcomer(Client& client, std::string_view line) {
    const Heard heard = speech_.understand(line);
    if (heard.said == Said::Done) stage_.ready(client);
    if (heard.said == Said::Refused)
      stage_.cannot_run(fmt::format("the server refuses a join: {} {}", heard.code, heard.text));
  }

  void on_line_of_sender(Client& client, std::string_view line) {
    if (line.starts_with('[') || line.starts_with("{\"event\"")) return;  // it does not read the room
    RoomTalker& talker = talkers_[client.place()];
    const std::uint64_t number = talker.answered;
    const Heard heard = speech_.understand(line);
    if (heard.said != Said::Accepted && heard.said != Said::Refused) {
      ++faults().wrong_bytes;
      faults().example(fmt::format("sender {}: is no acknowledgement: \"{}\"", client.number(), line.substr(0, 60)));
      return;
    }
    if (number == sent(client)) {
      ++faults().doubled;
      faults().example(fmt::format("sender {}: more answers than messages: \"{}\"", client.number(), line));
      return;
    }
    ++talker.answered;
    SenderBoard& board = board_.senders[client.number()];
    if (heard.said == Said::Refused) {
      ++faults().refused[std::string(heard.code)];
      faults().example(fmt::format("sender {} was refused: {} {}", client.number(), heard.code, heard.text));
      board.refused.insert(number);
      // No reader will have it.
      if (board_.window != 0)
        board.delivered[number % board_.window].fetch_add(board_.readers, std::memory_order_acq_rel);
    } else {
      check_acknowledgement(client, talker, heard, number);
      board.expected_end.store(number + 1, std::memory_order_relaxed);
      if (stage_.tally().in_counted_time(stage_.now())) ++stage_.tally().sent;
    }
    if (!stage_.sending()) close_book_if_done(client);
  }

  void check_acknowledgement(const Client& client, RoomTalker& talker, const Heard& heard, std::uint64_t number) {
    if (heard.seq <= talker.last_seq) {
      ++faults().out_of_order;
      faults().example(fmt::format("sender {}: message {} was acknowledged as {} after {}", client.number(), number,
                                   heard.seq, talker.last_seq));
    }
    talker.last_seq = heard.seq;
    if (!speech_.json() || heard.id == number) return;
    ++faults().out_of_order;
    faults().example(
        fmt::format("sender {}: request {} was answered when {} was due", client.number(), heard.id, number));
  }

  void close_book_if_done(const Client& client) {
    if (is_sender(client) && talkers_[client.place()].answered == sent(client))
      board_.senders[client.number()].done.store(true, std::memory_order_release);
  }

  void on_line_of_reader(Client& client, std::string_view line) {
    const Heard heard = speech_.understand(line);
    switch (heard.said) {
      case Said::Message:
        if (heard.room == board_.room) listeners_.hear(reader_place(client), client.number(), heard);
        break;
      case Said::Missed:
        listeners_.told_of_missed(reader_place(client), client.number(), heard.count);
        break;
      case Said::Event:
        break;
      case Said::Echo:
      case Said::Pong:
      case Said::Accepted:
      case Said::Done:
      case Said::Refused:
      case Said::Nonsense:
        ++faults().wrong_bytes;
        faults().example(fmt::format("reader {}: nobody asked for \"{}\"", client.number(), line.substr(0, 60)));
        break;
    }
  }

  Stage& stage_;
  FanoutBoard& board_;
  Speech speech_;
  Texts texts_;
  std::size_t first_reader_;  // a place; before it are senders
  std::vector<RoomTalker> talkers_;
  Listeners listeners_;
};

// Two runs on one server must not meet.
std::string room_of_this_run(std::uint64_t seed) {
  return fmt::format("#load-{:x}-{:x}-{:x}", os::realtime_ms(), ::getpid(), seed & 0xffff);
}

// How many of the numbers 0 to `count` are on this thread.
std::size_t share(std::size_t count, std::uint32_t thread, std::uint32_t threads) {
  return count > thread ? (count - thread - 1) / threads + 1 : 0;
}

class Fanout final : public Scenario {
 public:
  explicit Fanout(const LoadPlan& plan)
      : plan_(plan),
        board_(plan.senders, plan.clients, plan.open_loop() ? 0 : plan.window, room_of_this_run(plan.seed)) {}

  [[nodiscard]] std::uint32_t connections() const override { return plan_.senders + plan_.clients; }
  [[nodiscard]] std::uint32_t initiators() const override { return plan_.senders; }

  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    const std::size_t senders = share(plan_.senders, stage.thread(), plan_.threads);
    const std::size_t readers = share(connections(), stage.thread(), plan_.threads) - senders;
    auto part = std::make_unique<FanoutPart>(stage, board_, senders, readers);
    parts_.push_back(part.get());
    return part;
  }

  void judge(LoadOutcome& outcome) override {
    Listeners::Orders orders;
    for (const FanoutPart* part : parts_) {
      part->listeners().count_lost(outcome.faults);
      part->listeners().add_orders(orders);
    }
    for (const auto& [count, readers_of] : orders) {
      std::uint64_t all = 0;
      std::uint64_t most = 0;
      for (const auto& [order, readers] : readers_of) {
        all += readers;
        most = std::max(most, readers);
      }
      if (all == most) continue;
      outcome.faults.out_of_order += all - most;
      outcome.faults.example(
          fmt::format("{} of {} readers heard {} messages in another order than the others", all - most, all, count));
    }
  }

 private:
  const LoadPlan& plan_;
  FanoutBoard board_;
  std::vector<const FanoutPart*> parts_;  // the loops own them, and are still there when judge() is called
};

}  // namespace

std::unique_ptr<Scenario> make_fanout(const LoadPlan& plan) {
  return std::make_unique<Fanout>(plan);
}

}  // namespace rookery::load
