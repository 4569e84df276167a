// client/load/scenario/accounts.cpp
//
// The course exercise: half of the clients register new accounts while the other half log in, converse and log out, log
// in again ... What each does is in scenario/conversation.h, what is checked in what they hear in scenario/listener.h.
//
// An operation is an answer, of whatever kind. A client has one request under way at a time. Open loop: the rate is of
// operations, all clients together; one that is due while its client waits for an answer goes out after that, and its
// time counts from when it was due.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

#include "client/load/run.h"
#include "client/load/scenario/accounts_board.h"
#include "client/load/scenario/conversation.h"
#include "client/load/scenario/scenario.h"

namespace rookery::load {
namespace {

struct Person {
  Person(AccountsBoard& board, Texts& texts, Faults& faults, const LoadPlan& plan, std::uint32_t client)
      : conversation(board, texts, faults, plan, client) {}
  Conversation conversation;
  Nanoseconds began{0};         // of what is under way: when it was due or sent
  std::deque<Nanoseconds> due;  // open loop: not begun yet
  bool stopped = false;
};

class AccountsPart final : public Part {
 public:
  AccountsPart(Stage& stage, AccountsBoard& board)
      : stage_(stage), speech_(stage.plan().dialect), texts_(board.make_texts()) {
    const LoadPlan& plan = stage.plan();
    for (std::uint32_t client = stage.thread(); client < plan.clients; client += plan.threads)
      people_.emplace_back(board, texts_, faults(), plan, client);
  }

  void on_connected(Client& client) override {
    if (!client.prepared()) begin(client, Step::Probe, stage_.now());
  }

  void on_begin(Client& client) override { begin(client, person(client).conversation.next(), stage_.now()); }

  void on_due(Client& client, Nanoseconds due) override {
    person(client).due.push_back(due);
    go_on(client);
  }

  void on_line(Client& client, std::string_view line) override {
    Conversation& conversation = person(client).conversation;
    const Heard heard = speech_.understand(line);
    switch (heard.said) {
      case Said::Message:
        if (!conversation.hold_back(line) && client.prepared()) conversation.listener.hear(heard);
        return;
      case Said::Missed:
        return conversation.listener.told_of_missed(heard.count);
      case Said::Event:
        return;
      case Said::Echo:
      case Said::Pong:
      case Said::Accepted:
      case Said::Done:
      case Said::Refused:
      case Said::Nonsense:
        return on_answer(client, heard, line);
    }
  }

  void on_stop(Client& client) override {
    person(client).stopped = true;
    go_on(client);
  }

  void on_closed(Client& client) override { person(client).conversation.gone(); }

  [[nodiscard]] bool settled(const Client& client) override {
    const Person& who = people_[client.place()];
    return !who.conversation.under_way() && who.due.empty() && who.conversation.listener.complete();
  }

  void on_end() override {
    for (std::size_t place = 0; place < people_.size(); ++place) {
      Person& who = people_[place];
      const std::uint64_t number = place * stage_.plan().threads + stage_.thread();
      who.conversation.listener.count_lost();
      if (who.conversation.under_way()) {
        ++faults().unanswered;
        faults().example(fmt::format("client {}: no answer to {}", number, kind_of(who.conversation.step())));
      }
      if (who.due.empty()) continue;
      faults().unanswered += who.due.size();
      faults().example(
          fmt::format("client {}: {} operations that were due had not begun, those before them took so long", number,
                      who.due.size()));
    }
  }

  [[nodiscard]] const std::deque<Person>& people() const noexcept { return people_; }

 private:
  [[nodiscard]] Faults& faults() noexcept { return stage_.tally().faults; }
  [[nodiscard]] Person& person(const Client& client) noexcept { return people_[client.place()]; }

  void begin(Client& client, Step step, Nanoseconds began) {
    Person& who = person(client);
    who.began = began;
    who.conversation.begin(step, std::max(began, Nanoseconds{0}), stage_.to(client));
  }

  void on_answer(Client& client, const Heard& heard, std::string_view line) {
    Person& who = person(client);
    const Answer answer = who.conversation.take(heard, line);
    if (answer == Answer::NotTheAnswer) return;
    for (const std::string& event : who.conversation.take_held())
      if (client.prepared()) who.conversation.listener.hear(speech_.understand(event));
    const Step step = who.conversation.step();
    if (!client.prepared()) return prepare(client, step, answer, line);
    if (answer == Answer::Right) stage_.tally().operation(kind_of(step), who.began, stage_.now());
    go_on(client);
  }

  void prepare(Client& client, Step step, Answer answer, std::string_view line) {
    Person& who = person(client);
    if (answer != Answer::Right)
      return stage_.cannot_run(fmt::format("an account could not be made: {}", line.substr(0, 100)));
    if (step == Step::Probe && !who.conversation.is_registrar()) return begin(client, Step::Prepare, stage_.now());
    stage_.ready(client);
    who.conversation.hear_broadcasts();
  }

  // The next operation, if it may go out now.
  void go_on(Client& client) {
    Person& who = person(client);
    if (who.conversation.under_way()) return;
    if (stage_.plan().open_loop() && !who.due.empty()) {
      const Nanoseconds due = who.due.front();
      who.due.pop_front();
      return begin(client, who.conversation.next(), due);
    }
    if (!stage_.plan().open_loop() && stage_.sending()) return begin(client, who.conversation.next(), stage_.now());
    if (who.stopped) who.conversation.done();
  }

  Stage& stage_;
  Speech speech_;
  Texts texts_;
  std::deque<Person> people_;  // by place; they stay where they are
};

class Accounts final : public Scenario {
 public:
  explicit Accounts(const LoadPlan& plan) : plan_(plan), board_(plan) {}
  [[nodiscard]] std::uint32_t connections() const override { return plan_.clients; }
  [[nodiscard]] std::uint32_t initiators() const override { return plan_.clients; }
  [[nodiscard]] std::unique_ptr<Part> make_part(Stage& stage) override {
    auto part = std::make_unique<AccountsPart>(stage, board_);
    parts_.push_back(part.get());
    return part;
  }

  void judge(LoadOutcome& outcome) override {
    std::set<std::uint64_t> ids;
    std::uint64_t histories = 0;
    std::uint64_t undecided = 0;
    for (const AccountsPart* part : parts_)
      for (const Person& who : part->people()) {
        const std::uint64_t id = who.conversation.client_id();
        if (id != 0 && !ids.insert(id).second) {
          ++outcome.faults.wrong_bytes;
          outcome.faults.example(fmt::format("two clients were told the client id {}", id));
        }
        histories += who.conversation.histories();
        undecided += who.conversation.undecided_histories();
      }
    // What takes longer than the run cannot be among its answers.
    if (!plan_.open_loop() && outcome.latency.max() > plan_.duration / 2)
      outcome.remarks.emplace_back(
          "some answers took more than half of the counted time: longer ones are missing in these figures; count "
          "longer, or with fewer clients");
    if (!board_.guests_may_speak)
      outcome.remarks.emplace_back("guests may not speak on this server: who has logged out is refused");
    if (undecided > 0)
      outcome.remarks.push_back(
          fmt::format("{} of {} histories were full of newer messages, so that they could not show the client's own",
                      undecided, histories));
  }

 private:
  const LoadPlan& plan_;
  AccountsBoard board_;
  std::vector<const AccountsPart*> parts_;  // the loops own them, and are still there when judge() is called
};

}  // namespace

std::unique_ptr<Scenario> make_accounts(const LoadPlan& plan) {
  return std::make_unique<Accounts>(plan);
}

}  // namespace rookery::load
