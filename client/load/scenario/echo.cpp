// client/load/scenario/echo.cpp
//
// Each client sends text and wants exactly that back, in order. An operation is an answer.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "client/load/scenario/scenario.h"
#include "client/load/sequence.h"
#include "client/load/speech.h"
#include "client/load/text.h"

namespace rookery::load {
namespace {

struct EchoTalker {
  std::uint64_t sent = 0;
  Sequence answers;
  [[nodiscard]] std::uint64_t under_way() const noexcept { return sent - answers.next(); }
};

class EchoPart final : public Part {
 public:
  EchoPart(Stage& stage, std::uint32_t connections)  // of all threads
      : stage_(stage),
        speech_(stage.plan().dialect),
        texts_(stage.plan().seed, stage.plan().message_bytes),
        talkers_(connections / stage.plan().threads + 1) {}

  void on_connected(Client& client) override { stage_.ready(client); }
  void on_begin(Client& client) override { fill_window(client); }
  void on_due(Client& client, Nanoseconds due) override { send(client, due); }
  [[nodiscard]] bool settled(const Client& client) override { return talkers_[client.place()].under_way() == 0; }

  void on_line(Client& client, std::string_view line) override {
    const Heard heard = speech_.understand(line);
    switch (heard.said) {
      case Said::Echo:
        on_answer(client, heard);
        break;
      case Said::Refused:
        ++faults().refused[std::string(heard.code)];
        faults().example(fmt::format("client {} was refused: {} {}", client.number(), heard.code, heard.text));
        skip_one(client);
        break;
      case Said::Message:  // others may chat beside the run
      case Said::Missed:
      case Said::Event:
        return;
      case Said::Pong:
      case Said::Accepted:
      case Said::Done:
      case Said::Nonsense:
        wrong(client, "not an answer to an echo", line);
        skip_one(client);
        break;
    }
    if (!stage_.plan().open_loop()) fill_window(client);
  }

  void on_end() override {
    for (std::size_t place = 0; place < talkers_.size(); ++place) {
      const EchoTalker& talker = talkers_[place];
      faults().lost += talker.answers.lost(0);
      if (talker.under_way() == 0) continue;
      faults().unanswered += talker.under_way();
      faults().example(fmt::format("client {}: {} of {} requests have no answer",
                                   place * stage_.plan().threads + stage_.thread(), talker.under_way(), talker.sent));
    }
  }

 private:
  [[nodiscard]] Faults& faults() noexcept { return stage_.tally().faults; }

  void send(Client& client, Nanoseconds moment) {
    EchoTalker& talker = talkers_[client.place()];
    speech_.echo(stage_.to(client), talker.sent,
                 texts_.make({.client = client.number(), .number = talker.sent, .moment = moment}));
    ++talker.sent;
  }

  void fill_window(Client& client) {
    const EchoTalker& talker = talkers_[client.place()];
    while (stage_.sending() && talker.under_way() < stage_.plan().window) send(client, stage_.now());
  }

  void on_answer(Client& client, const Heard& heard) {
    EchoTalker& talker = talkers_[client.place()];
    const auto head = Texts::head_of(heard.text);
    if (!head || head->client != client.number() || head->number >= talker.sent) {
      wrong(client, "this client never sent that", heard.text);
      return skip_one(client);
    }
    if (!texts_.is_whole(heard.text, *head) || (speech_.json() && heard.id != head->number))
      wrong(client, "is not what was sent", heard.text);
    const bool in_order = head->number == talker.answers.next();
    if (!in_order)
      faults().example(fmt::format("client {}: the answer to request {} came when that to {} was due", client.number(),
                                   head->number, talker.answers.next()));
    if (talker.answers.take(head->number, faults())) stage_.tally().operation(head->moment, stage_.now());
  }

  // Something came in the place of the next answer.
  void skip_one(Client& client) {
    EchoTalker& talker = talkers_[client.place()];
    if (talker.under_way() > 0) talker.answers.take(talker.answers.next(), faults());
  }

  void wrong(const Client& client, std::string_view what, std::string_view bytes) {
    ++faults().wrong_bytes;
    faults().example(fmt::format("client {}: {}: \"{}\"", client.number(), what, bytes.substr(0, 60)));
  }

  Stage& stage_;
  Speech speech_;
  Texts texts_;
  std::vector<EchoTalker> talkers_;  // by place
};

class Echo final : public Scenario {
 public:
  explicit Echo(const LoadPlan& plan) : plan_(plan) {}
  [[nodiscard]] std::uint32_t connections() const override { return plan_.clients; }
  [[nodiscard]] std::uint32_t initiators() const override { return plan_.clients; }
  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    return std::make_unique<EchoPart>(stage, plan_.clients);
  }

 private:
  const LoadPlan& plan_;
};

}  // namespace

std::unique_ptr<Scenario> make_echo(const LoadPlan& plan) {
  return std::make_unique<Echo>(plan);
}

}  // namespace rookery::load
