// client/load/scenario/churn.cpp
//
// Visits, again and again: connect, an echo, join a room of one's own and say something there, hear it and its
// acknowledgement, leave. Every other visit ends with a quit, the server's answer and its close; the others just close.
// (A room of its own keeps a visit's price the same however many there are.) An operation is a finished visit; its
// time runs from when it was due (open loop) or from the connect.
//
// In an open loop a visit that is due goes to any client of the thread that is free, and waits while none is.
#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <vector>

#include "client/load/scenario/run_tag.h"
#include "client/load/scenario/scenario.h"
#include "client/load/speech.h"
#include "client/load/talk.h"
#include "client/load/text.h"

namespace rookery::load {
namespace {

// Who could not connect, or was turned away, tries again so much later: not as fast as it can.
constexpr Nanoseconds kRest = std::chrono::milliseconds{100};

enum class VisitStep : std::uint8_t { Away, Connecting, Echo, Talk, Quit, Close };

struct Visitor {
  Client* client = nullptr;
  VisitStep step = VisitStep::Away;
  std::uint64_t visits = 0;  // begun
  bool has_joined = false, has_heard = false;
  Nanoseconds began{0}, connected{0}, first_answer{0};
  Nanoseconds rests_until{0};
};

class ChurnPart final : public Part {
 public:
  ChurnPart(Stage& stage, std::string tag, std::atomic<bool>& may_speak)
      : stage_(stage),
        tag_(std::move(tag)),
        may_speak_(may_speak),
        speech_(stage.plan().dialect),
        talk_(stage.plan().dialect),
        texts_(stage.plan().seed, stage.plan().message_bytes),
        visitors_(stage.plan().clients / stage.plan().threads + 1) {}

  // The first connection of each only shows whether guests may speak. It lasts until the first visit.
  void on_connected(Client& client) override {
    Visitor& visitor = visitors_[client.place()];
    visitor.client = &client;
    if (!client.prepared()) return speech_.join(stage_.to(client), 0, room_of(client));
    visitor.connected = stage_.now();
    visitor.step = VisitStep::Echo;
    speech_.echo(stage_.to(client), visitor.visits, text_of(visitor));
  }

  void on_begin(Client& client) override { begin_visit(visitors_[client.place()], stage_.now()); }

  [[nodiscard]] bool takes_due(const Client& /*client*/) override { return true; }
  void on_due(Client& /*client*/, Nanoseconds due) override {
    waiting_.push_back(due);
    hand_out();
  }

  void on_line(Client& client, std::string_view line) override {
    const Heard heard = speech_.understand(line);
    if (!client.prepared()) return on_line_of_newcomer(client, heard);
    if (heard.said == Said::Missed || heard.said == Said::Event) return;
    if (heard.said == Said::Message && heard.room != room_of(client)) return;
    Visitor& visitor = visitors_[client.place()];
    if (visitor.step == VisitStep::Away) return;
    if (heard.said == Said::Refused) {
      ++faults().refused[std::string(heard.code)];
      faults().example(fmt::format("client {} was refused: {} {}", client.number(), heard.code, heard.text));
      return abandon(visitor);
    }
    switch (visitor.step) {
      case VisitStep::Echo:
        if (heard.said != Said::Echo || heard.text != text_of(visitor) ||
            (speech_.json() && heard.id != visitor.visits))
          return wrong(visitor, line);
        visitor.first_answer = stage_.now();
        if (may_speak_) return talk(visitor);
        return leave(visitor);
      case VisitStep::Talk:
        return on_talk(visitor, heard, line);
      case VisitStep::Quit:
        if (!talk_.said_bye(line)) return wrong(visitor, line);
        visitor.step = VisitStep::Close;
        return;
      case VisitStep::Close:
        ++faults().doubled;
        faults().example(fmt::format("client {}: after the answer to quit came \"{}\"", client.number(), line));
        return;
      case VisitStep::Away:
      case VisitStep::Connecting:
        return;
    }
  }

  void on_closed(Client& client) override {
    Visitor& visitor = visitors_[client.place()];
    if (visitor.step == VisitStep::Close) return finish(visitor);
    if (visitor.step == VisitStep::Quit) {
      ++faults().unanswered;
      faults().example(fmt::format("client {}: closed without an answer to quit", client.number()));
    }
    abandon(visitor);
  }

  void on_turn_end() override {
    if (resting_ == 0) return;
    for (Visitor& visitor : visitors_) {
      if (visitor.rests_until == Nanoseconds{0} || stage_.now() < visitor.rests_until) continue;
      visitor.rests_until = Nanoseconds{0};
      --resting_;
      next(visitor);
    }
  }

  [[nodiscard]] bool settled(const Client& client) override {
    return visitors_[client.place()].step == VisitStep::Away && (waiting_.empty() || resting_ > 0);
  }

  void on_end() override {
    for (const Visitor& visitor : visitors_) {
      if (visitor.step == VisitStep::Away) continue;
      ++faults().unanswered;
      faults().example(fmt::format("client {}: {}", visitor.client->number(),
                                   visitor.step == VisitStep::Close        ? "the server did not close after quit"
                                   : visitor.step == VisitStep::Quit       ? "no answer to quit"
                                   : visitor.step == VisitStep::Connecting ? "could not connect until the end"
                                                                           : "a visit had no answer until the end"));
    }
    if (waiting_.empty()) return;
    if (stage_.tally().no_port > 0) {  // then the clients have waited for ports
      stage_.tally().no_port += waiting_.size();
      return;
    }
    faults().unanswered += waiting_.size();
    faults().example(
        fmt::format("{} visits that were due could not begin: all clients were still at one", waiting_.size()));
  }

 private:
  [[nodiscard]] Faults& faults() noexcept { return stage_.tally().faults; }
  [[nodiscard]] std::string room_of(const Client& client) const {
    return fmt::format("#v-{}-{}", tag_, client.number());
  }
  [[nodiscard]] std::string_view text_of(const Visitor& visitor) {
    return texts_.make({.client = visitor.client->number(),
                        .number = visitor.visits,
                        .moment = std::max(visitor.began, Nanoseconds{0})});
  }

  void on_line_of_newcomer(Client& client, const Heard& heard) {
    if (heard.said != Said::Done && heard.said != Said::Refused) return;
    if (heard.said == Said::Refused) {
      if (heard.code != "not-logged-in")
        return stage_.cannot_run(fmt::format("the server refuses a join: {} {}", heard.code, heard.text));
      may_speak_ = false;
    }
    stage_.ready(client);
    if (stage_.plan().open_loop()) free_.push_back(&visitors_[client.place()]);
  }

  void begin_visit(Visitor& visitor, Nanoseconds began) {
    Client& client = *visitor.client;
    stage_.hang_up(client);
    ++visitor.visits;
    visitor.began = began;
    visitor.has_joined = visitor.has_heard = false;
    visitor.step = VisitStep::Connecting;
    stage_.connect(client);
  }

  void talk(Visitor& visitor) {
    Client& client = *visitor.client;
    visitor.step = VisitStep::Talk;
    speech_.join(stage_.to(client), visitor.visits, room_of(client));
    speech_.say(stage_.to(client), visitor.visits, room_of(client), text_of(visitor));
  }

  void on_talk(Visitor& visitor, const Heard& heard, std::string_view line) {
    if (!visitor.has_joined && talk_.joined(line, room_of(*visitor.client))) {
      visitor.has_joined = true;
    } else if (heard.said == Said::Message && visitor.has_heard) {
      ++faults().doubled;
      faults().example(fmt::format("client {} heard its own words twice", visitor.client->number()));
    } else if (heard.said == Said::Message && heard.text == text_of(visitor)) {
      visitor.has_heard = true;
    } else if (heard.said == Said::Accepted && visitor.has_joined) {
      if (!visitor.has_heard) {
        ++faults().lost;
        faults().example(
            fmt::format("client {} has its words acknowledged and has not heard them", visitor.client->number()));
      }
      leave(visitor);
    } else {
      wrong(visitor, line);
    }
  }

  void leave(Visitor& visitor) {
    Client& client = *visitor.client;
    if (visitor.visits % 2 == 0) {
      stage_.hang_up(client);
      return finish(visitor);
    }
    client.expect_end();
    visitor.step = VisitStep::Quit;
    speech_.quit(stage_.to(client), visitor.visits);
  }

  void finish(Visitor& visitor) {
    Tally& tally = stage_.tally();
    if (tally.operation(visitor.began, stage_.now())) {
      tally.latency_of["connect"].record(visitor.connected - visitor.began);
      tally.latency_of["first answer"].record(visitor.first_answer - visitor.began);
      tally.latency_of["visit"].record(stage_.now() - visitor.began);
    }
    visitor.step = VisitStep::Away;
    next(visitor);
  }

  void wrong(Visitor& visitor, std::string_view line) {
    ++faults().wrong_bytes;
    faults().example(
        fmt::format("client {}: is not the right answer: \"{}\"", visitor.client->number(), line.substr(0, 60)));
    abandon(visitor);
  }

  void abandon(Visitor& visitor) {
    stage_.hang_up(*visitor.client);
    visitor.step = VisitStep::Away;
    if (visitor.rests_until == Nanoseconds{0}) ++resting_;
    visitor.rests_until = stage_.now() + kRest;
  }

  // The visitor is free.
  void next(Visitor& visitor) {
    if (!stage_.plan().open_loop()) {
      if (stage_.sending()) begin_visit(visitor, stage_.now());
      return;
    }
    if (waiting_.empty()) return free_.push_back(&visitor);
    const Nanoseconds due = waiting_.front();
    waiting_.pop_front();
    begin_visit(visitor, due);
  }

  void hand_out() {
    while (!waiting_.empty() && !free_.empty()) {
      Visitor& visitor = *free_.back();
      free_.pop_back();
      next(visitor);
    }
  }

  Stage& stage_;
  std::string tag_;
  std::atomic<bool>& may_speak_;
  Speech speech_;
  Talk talk_;
  Texts texts_;
  std::vector<Visitor> visitors_;    // by place
  std::vector<Visitor*> free_;       // open loop
  std::deque<Nanoseconds> waiting_;  // open loop: visits that are due, when
  std::size_t resting_ = 0;
};

class Churn final : public Scenario {
 public:
  explicit Churn(const LoadPlan& plan) : plan_(plan), tag_(make_run_tag()) {}
  [[nodiscard]] std::uint32_t connections() const override { return plan_.clients; }
  [[nodiscard]] std::uint32_t initiators() const override { return plan_.clients; }
  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    return std::make_unique<ChurnPart>(stage, tag_, may_speak_);
  }
  void judge(LoadOutcome& outcome) override {
    if (!may_speak_)
      outcome.remarks.emplace_back("guests may not speak on this server: visits were connect, echo, leave");
  }

 private:
  const LoadPlan& plan_;
  std::string tag_;
  std::atomic<bool> may_speak_ = true;
};

}  // namespace

std::unique_ptr<Scenario> make_churn(const LoadPlan& plan) {
  return std::make_unique<Churn>(plan);
}

}  // namespace rookery::load
