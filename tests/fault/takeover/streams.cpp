#include "tests/fault/takeover/streams.h"

#include <poll.h>

#include <algorithm>
#include <exception>
#include <ostream>
#include <set>
#include <sstream>

#include "tests/fault/takeover/filler.h"
#include "tests/system/harness/oracle.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

constexpr int kOldMessages = 60;
constexpr int kPollMs = 2;
// A client that nobody serves is a finding, not a matter of patience; but a hung worker is found after 7 s only.
const std::chrono::seconds kStandsStill = kPatience + std::chrono::seconds{10};

std::string loopback_address(std::uint64_t number) {
  return "127.1." + std::to_string(number / 250 % 250) + "." + std::to_string(2 + number % 250);
}

}  // namespace

Streams::Streams(std::uint16_t port, StreamsSetup setup) : port_(port), setup_(setup), random_(setup.seed) {
  learn(port);
  people(port);
  for (auto& client : staying_) client->enter();
  turn_until_idle();
  for (auto& client : staying_) client->settle();
  turn_until_idle();
  if (!failed_) thread_ = std::thread([this] { run(); });
}

Streams::~Streams() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

// What is the same for all who ask, from somebody who asks before anything is killed.
void Streams::learn(std::uint16_t port) {
  const SocketSetup there{.host = setup_.host.empty() ? nullptr : setup_.host.c_str()};
  JsonClient json(port, there);
  const auto entered = json.ask({{"op", "join"}, {"room", "#old"}});
  const auto first = json.ask({{"op", "say"}, {"room", "#old"}, {"text", "the one before"}});
  common_ = std::make_unique<Common>(first.at("epoch").get<std::string>(), setup_.posts_per_second,
                                     setup_.passwords_per_second);
  Common& common = *common_;
  common.old_room = "#old";
  common.broadcasts = setup_.broadcasts;
  common.some_leave = setup_.some_leave;
  common.old_begin = first.at("seq").get<std::uint64_t>();
  for (int i = 0; i < kOldMessages; ++i)
    common.old_end = 1 + json.ask({{"op", "say"}, {"room", "#old"}, {"text", filler(7, static_cast<std::uint64_t>(i))}})
                             .at("seq")
                             .get<std::uint64_t>();
  auto events = std::make_shared<Lines>();
  for (const std::string& line : json.lines())
    if (line.starts_with(R"({"event":"message")") && line.find("the one before") == std::string::npos)
      events->push_back(line);
  common.old_events = std::move(events);
  const auto rest_of = [&](nlohmann::json request) {
    static_cast<void>(json.ask(std::move(request)));
    const std::string& line = json.lines().back();
    return line.substr(line.find(R"("ok":true)") + 9);
  };
  common.help_json = rest_of({{"op", "help"}});
  common.old_history =
      rest_of({{"op", "history"}, {"room", "#old"}, {"limit", common.old_events->size()}, {"before", common.old_end}});
  TextClient text(port, there);
  common.help = std::make_shared<Lines>(text.ask_lines("/help"));
  if (!setup_.broadcasts)
    common.old_in_text = std::make_shared<Lines>(text.ask_lines("/history #old " + std::to_string(kOldMessages)));
}

void Streams::people(std::uint16_t port) {
  Common& common = *common_;
  std::vector<Place> rooms;
  for (std::size_t i = 0; i < setup_.rooms; ++i) rooms.push_back(common.book.place("#room-" + std::to_string(i)));
  const Place quiet = common.book.place("#quiet");
  const std::size_t count = setup_.talkers + setup_.slow + setup_.resumers;
  for (std::size_t i = 0; i < count; ++i) {
    Who who;
    who.account = "u" + std::to_string(i);
    who.number = common.book.add_sender(who.account);
    who.tongue = i % 2 == 0 ? Tongue::Text : Tongue::Json;
    Manners manners;
    manners.host = setup_.host;
    manners.under_way = i % 4 == 0 ? 1 : 1 + random_() % 48;
    if (i >= setup_.talkers + setup_.slow) {
      who.tongue = Tongue::Json;
      who.resumes = true;
      who.rooms = {quiet};
    } else if (i >= setup_.talkers) {
      manners.slow = true;
      who.only_answers = true;
      who.rooms = {quiet};
    } else {
      who.rooms = {rooms[i % rooms.size()], rooms[(i + 1 + i / rooms.size()) % rooms.size()]};
      std::ranges::sort(who.rooms);
      who.rooms.erase(std::ranges::unique(who.rooms).begin(), who.rooms.end());
      who.watches = i % 3 == 0;
      if (i < 4) common.addressees.push_back(who.account);
      if (i % 6 == 5) who.rooms.push_back(quiet);
      if (!who.watches && !setup_.doors.empty())
        who.rooms.push_back(common.book.place(setup_.doors[i % setup_.doors.size()]));
    }
    if (setup_.own_addresses) manners.address = loopback_address(i);
    staying_.push_back(std::make_unique<StreamClient>(port, std::move(who), std::move(manners), common, random_()));
  }
}

void Streams::wait_for_progress(std::uint64_t more, std::chrono::milliseconds within) const {
  std::vector<std::uint64_t> goal;
  for (const auto& client : staying_) goal.push_back(client->lines() + more);
  eventually(
      "all streams go on",
      [&] {
        if (failed_) return true;
        for (std::size_t i = 0; i < goal.size(); ++i)
          if (staying_[i]->open() && staying_[i]->lines() < goal[i]) return false;
        return true;
      },
      within);
}

StreamsReport Streams::finish() {
  if (finished_) return report_;
  finished_ = true;
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& client : staying_) account_for(*client);
  for (const auto& client : visiting_) account_for(*client);
  for (std::uint32_t sender = 0; sender < common_->book.senders(); ++sender)
    report_.posts += common_->book.posts_of(sender).size();
  if (!failed_ && setup_.host.empty()) compare_with_history();
  report_.verdict = common_->verdict;
  return report_;
}

void Streams::run() {
  try {
    for (auto& client : staying_) client->talk(true);
    while (!stop_ && !failed_) {
      receive_visitors();
      turn();
    }
    take_leave();
  } catch (const std::exception& error) {
    common_->verdict.problem(common_->verdict.wrong_lines, error.what());
    failed_ = true;
  }
}

void Streams::take_leave() {
  for (auto& client : staying_) {
    client->talk(false);
    client->hurry();
  }
  dismiss_visitors();
  turn_until_idle();  // all is acknowledged
  for (auto& client : staying_) client->barrier();
  turn_until_idle();
  if (failed_) return;
  for (auto& client : staying_)
    if (client->open()) client->listener().judge(client->name(), common_->verdict);
  if (setup_.at_rest) setup_.at_rest(census());
  for (auto& client : staying_)
    if (client->open()) client->leave();
  while (!failed_ && std::ranges::any_of(staying_, [](const auto& client) { return client->open(); })) turn();
}

Census Streams::census() const {
  Census census;
  for (const auto& client : staying_) {
    if (!client->open()) continue;
    const std::uint64_t id = common_->book.id_of(client->who().number);
    census.people[id] = client->script().name(id);
    for (const std::string& room : client->script().rooms()) ++census.members[room];
  }
  return census;
}

void Streams::turn() {
  std::vector<pollfd> polled;
  std::vector<StreamClient*> clients;
  for (Clients* const group : {&staying_, &visiting_})
    for (auto& client : *group) {
      if (!client->open()) continue;
      if (client->waits_since() > kStandsStill) return stand_still(*client);
      if (const short wants = client->wants(); wants != 0) {
        polled.push_back({client->descriptor(), wants, 0});
        clients.push_back(client.get());
      }
    }
  ::poll(polled.data(), polled.size(), kPollMs);
  for (std::size_t i = 0; i < polled.size(); ++i)
    if (polled[i].revents != 0) clients[i]->turn(polled[i].revents);
}

void Streams::turn_until_idle() {
  while (!failed_ &&
         std::ranges::any_of(staying_, [](const auto& client) { return client->open() && !client->idle(); }))
    turn();
}

void Streams::stand_still(const StreamClient& client) {
  common_->verdict.problem(common_->verdict.lost, "stands still: " + client.state());
  failed_ = true;
}

void Streams::receive_visitors() {
  std::erase_if(visiting_, [this](const auto& client) {
    if (client->open()) return false;
    account_for(*client);
    return true;
  });
  while (visiting_.size() < setup_.visitors) {
    Who who;
    who.tongue = random_() % 2 == 0 ? Tongue::Text : Tongue::Json;
    Manners manners;
    manners.host = setup_.host;
    manners.lines = 1 + random_() % 40;
    manners.half_closes = random_() % 3 != 0;
    manners.slow = random_() % 4 == 0;
    manners.under_way = 1 + random_() % 60;
    if (setup_.own_addresses) manners.address = loopback_address(1000 + visits_);
    visiting_.push_back(std::make_unique<StreamClient>(port_, std::move(who), std::move(manners), *common_, random_()));
    visiting_.back()->enter();
    visiting_.back()->talk(true);
    ++visits_;
  }
}

void Streams::dismiss_visitors() {
  for (auto& client : visiting_) client->hurry();
  while (!failed_ && std::ranges::any_of(visiting_, [](const auto& client) { return client->open(); })) turn();
}

void Streams::account_for(const StreamClient& client) {
  ++report_.connections;
  report_.cut += client.standing() == Standing::Cut;
  report_.hinted += client.standing() == Standing::Hinted;
  report_.too_early += client.standing() == Standing::TooEarly;
  report_.received_lines += client.lines();
  report_.received_bytes += client.bytes();
  report_.sent_bytes += client.sent_bytes();
  report_.events += client.listener().events();
  report_.longest_wait =
      std::max(report_.longest_wait, std::chrono::ceil<std::chrono::milliseconds>(client.longest_wait()));
}

// What was acknowledged is in the rooms' histories once, under its number; what is there was said.
void Streams::compare_with_history() {
  Verdict& verdict = common_->verdict;
  auto due = common_->book.acknowledged();
  const auto is_kept = [](const std::string& place) { return place.starts_with("#room-") || place == "#quiet"; };
  // A room that is empty, and in which nothing was ever said, is none.
  std::set<std::string> rooms{"#old"};
  for (const auto& [seq, entry] : due)
    if (is_kept(entry.place)) rooms.insert(entry.place);
  for (const HistoryItem& item : whole_history(port_, std::vector<std::string>(rooms.begin(), rooms.end()))) {
    const auto found = due.find(item.seq);
    if (found == due.end()) continue;  // of whom was cut off, or from before
    if (found->second.place != item.place || found->second.text != item.text)
      verdict.problem(verdict.wrong_lines, "the history has another text under seq " + std::to_string(item.seq));
    due.erase(found);
  }
  for (const auto& [seq, entry] : due)
    if (entry.place == "*" || is_kept(entry.place))
      verdict.problem(verdict.lost, "acknowledged and not in the history: " + entry.place + " " + std::to_string(seq) +
                                        " " + entry.text.substr(0, 60));
}

std::string doubts_in(const std::string& log) {
  std::istringstream lines(log);
  std::string found;
  for (std::string line; std::getline(lines, line);)
    if (line.find("cannot be carried on") != std::string::npos) found += "\n  " + line;
  return found;
}

std::ostream& operator<<(std::ostream& out, const StreamsReport& report) {
  out << "connections=" << report.connections << " cut=" << report.cut << " hinted=" << report.hinted
      << " too-early=" << report.too_early << " received-lines=" << report.received_lines
      << " received-bytes=" << report.received_bytes << " sent-bytes=" << report.sent_bytes << " posts=" << report.posts
      << " events=" << report.events << " lost=" << report.verdict.lost << " doubled=" << report.verdict.doubled
      << " out-of-order=" << report.verdict.out_of_order << " wrong-lines=" << report.verdict.wrong_lines
      << " longest-wait-ms=" << report.longest_wait.count();
  for (const std::string& problem : report.verdict.problems) out << "\n  " << problem;
  return out;
}

}  // namespace rookery::system_test
