// client/load/scenario/idle.cpp
//
// Connections that say one line at the start and then nothing; at the end each must still answer a ping. They all ask
// at once. An operation is such an answer.
#include <fmt/format.h>

#include <vector>

#include "client/load/scenario/scenario.h"
#include "client/load/speech.h"
#include "client/load/talk.h"

namespace rookery::load {
namespace {

class IdlePart final : public Part {
 public:
  IdlePart(Stage& stage, std::uint32_t connections, bool& guests_are_heard)
      : stage_(stage),
        speech_(stage.plan().dialect),
        guests_are_heard_(guests_are_heard),
        sleepers_(connections / stage.plan().threads + 1) {}

  // The greeting was its line. The first client asks besides what a guest may do.
  void on_connected(Client& client) override {
    if (client.number() == 0)
      Talk(stage_.plan().dialect).history(stage_.to(client), 0, "#lobby", 1);
    else
      stage_.ready(client);
  }
  void on_begin(Client& /*client*/) override {}
  void on_due(Client& /*client*/, Nanoseconds /*due*/) override {}

  void on_stop(Client& client) override {
    sleepers_[client.place()] = {.asked = true, .answered = false, .at = stage_.now()};
    speech_.ping(stage_.to(client), 1);
  }

  void on_line(Client& client, std::string_view line) override {
    const Heard heard = speech_.understand(line);
    if (heard.said == Said::Message || heard.said == Said::Missed || heard.said == Said::Event) return;  // of others
    if (!client.prepared()) {
      guests_are_heard_ = heard.said != Said::Refused || heard.code != "not-logged-in";
      return stage_.ready(client);
    }
    Sleeper& sleeper = sleepers_[client.place()];
    Faults& faults = stage_.tally().faults;
    if (heard.said == Said::Refused) {
      ++faults.refused[std::string(heard.code)];
      faults.example(fmt::format("client {} is told: {} {}", client.number(), heard.code, heard.text));
      sleeper.answered = true;
    } else if (heard.said != Said::Pong || !sleeper.asked) {
      ++faults.wrong_bytes;
      faults.example(fmt::format("client {}: nobody asked for \"{}\"", client.number(), line.substr(0, 60)));
    } else if (sleeper.answered) {
      ++faults.doubled;
      faults.example(fmt::format("client {} had its answer twice", client.number()));
    } else {
      sleeper.answered = true;
      stage_.tally().operation_whenever(sleeper.at, stage_.now());
    }
  }

  void on_closed(Client& client) override { sleepers_[client.place()].asked = false; }
  [[nodiscard]] bool settled(const Client& client) override { return sleepers_[client.place()].answered; }

  void on_end() override {
    for (std::size_t place = 0; place < sleepers_.size(); ++place) {
      if (!sleepers_[place].asked || sleepers_[place].answered) continue;
      ++stage_.tally().faults.unanswered;
      stage_.tally().faults.example(
          fmt::format("client {} did not answer", place * stage_.plan().threads + stage_.thread()));
    }
  }

 private:
  struct Sleeper {
    bool asked = false;
    bool answered = false;
    Nanoseconds at{0};
  };
  Stage& stage_;
  Speech speech_;
  bool& guests_are_heard_;         // written before the run by the thread of client 0
  std::vector<Sleeper> sleepers_;  // by place
};

class Idle final : public Scenario {
 public:
  explicit Idle(const LoadPlan& plan) : plan_(plan) {}
  [[nodiscard]] std::uint32_t connections() const override { return plan_.clients; }
  [[nodiscard]] std::uint32_t initiators() const override { return 0; }
  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    return std::make_unique<IdlePart>(stage, plan_.clients, guests_are_heard_);
  }
  void judge(LoadOutcome& outcome) override {
    if (!guests_are_heard_)
      outcome.remarks.emplace_back(
          "guests may not speak on this server: it closes who has not logged in within its --login-grace, and these "
          "connections have not");
  }

 private:
  const LoadPlan& plan_;
  bool guests_are_heard_ = true;
};

}  // namespace

std::unique_ptr<Scenario> make_idle(const LoadPlan& plan) {
  return std::make_unique<Idle>(plan);
}

}  // namespace rookery::load
